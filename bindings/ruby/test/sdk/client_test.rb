# frozen_string_literal: true

require "sdk"
require "ldclient-rb/integrations/test_data_v2"

# The adapter in LaunchDarkly's client, out of the checkout that LAUNCHDARKLY_RUBY_SDK names: rake test runs it where there is one.
class ClientTest < Minitest::Test
  include AdapterTest

  DATA_SET = JSON.parse(File.read(File.join(ROOT, "examples/flags.json")), symbolize_names: true)

  # Contexts that take different ways through the targets, rules, segments and rollouts of the example.
  CONTEXTS = [
    *Array.new(20) { |number| { key: "user-#{number}", kind: "user" } },
    { key: "anonymous", kind: "user", anonymous: true },
    { key: "beta", kind: "user", email: "someone@example.com", country: "de", beta: true },
    { key: "vip", kind: "user", plan: "enterprise", groups: %w[employees vip], name: "Zoë" },
    { key: "organization-1", kind: "organization" },
    { key: "device-7", kind: "device" },
    { kind: "multi", user: { key: "user-1" }, organization: { key: "organization-1" } }
  ].map { |context| LaunchDarkly::LDContext.create(context) }.freeze

  # A data source that writes one data set and is ready.
  class FileData
    def initialize(store)
      @store = store
    end

    def start
      @store.init(LaunchDarkly::Impl::Model.make_all_store_data(DATA_SET))
      Concurrent::Event.new.tap(&:set)
    end

    def initialized?
      true
    end

    def stop; end
  end

  # A client that talks to nothing but its store.
  def client(**settings)
    made = LaunchDarkly::LDClient.new(
      "sdk-key", LaunchDarkly::Config.new(send_events: false, diagnostic_opt_out: true, logger: Logger.new(log), **settings), 2
    )
    (@clients ||= []) << made
    made
  end

  def teardown
    @clients&.each(&:close)
  end

  def wait_for(seconds = 10)
    deadline = Time.now + seconds
    until yield
      assert_operator Time.now, :<, deadline
      sleep 0.02
    end
  end

  def test_daemon_mode_evaluates_like_data_in_memory
    Engine.store(prefix).init({ flags: DATA_SET[:flags], segments: DATA_SET[:segments] })
    daemon = client(feature_store: feature_store(expiration: 15, options: { read_only: true }), use_ldd: true)
    memory = client(data_source: ->(_key, config) { FileData.new(config.feature_store) })
    assert_predicate daemon, :initialized?
    values = Set.new
    CONTEXTS.each do |context|
      DATA_SET[:flags].each_key do |key|
        expected = memory.variation_detail(key.to_s, context, "default")
        assert_equal expected, daemon.variation_detail(key.to_s, context, "default")
        values << [key, expected.value]
      end
      state = daemon.all_flags_state(context)
      assert_predicate state, :valid?
      assert_equal memory.all_flags_state(context).as_json, state.as_json
    end
    assert_operator values.size, :>, DATA_SET[:flags].size
  end

  def test_a_second_client_has_the_store_of_one_that_was_closed
    Engine.store(prefix).init({ features: { a: flag_data("a", 1) }, segments: {} })
    store = feature_store
    2.times do
      reader = client(feature_store: store, use_ldd: true)
      assert_equal true, reader.variation("a", CONTEXTS.first, nil)
      reader.close
      assert_equal true, reader.variation("a", CONTEXTS.first, nil)
    end
  end

  def test_a_data_source_writes_through_the_store
    source = LaunchDarkly::Integrations::TestData.data_source
    source.update(source.flag("written").variation_for_all(true))
    writer = client(feature_store: feature_store, data_source: source)
    reader = client(feature_store: feature_store, use_ldd: true)
    context = CONTEXTS.first
    assert_equal true, writer.variation("written", context, nil)
    assert_equal true, reader.variation("written", context, nil)
    source.update(source.flag("written").variation_for_all(false))
    assert_equal false, reader.variation("written", context, nil)
    assert_equal 2, JSON.parse(Engine.store(prefix).get("features", "written")).fetch("version")
  end

  def test_a_data_system_of_the_second_version_writes_through_the_store
    source = LaunchDarkly::Integrations::TestDataV2.data_source
    source.update(source.flag("written").variation_for_all(true))
    mode = LaunchDarkly::Interfaces::DataSystem::DataStoreMode::READ_WRITE
    system = LaunchDarkly::DataSystem.custom.synchronizers([source.test_data_ds_builder]).data_store(feature_store(expiration: 15), mode).build
    writer = client(data_system_config: system)
    assert_equal true, writer.variation("written", CONTEXTS.first, nil)
    table = Engine.store(prefix)
    wait_for { table.initialized? }
    source.update(source.flag("written").variation_for_all(false))
    wait_for { JSON.parse(table.get("features", "written")).fetch("version") == 2 }
    assert_equal false, writer.variation("written", CONTEXTS.first, nil)
    refute_match(/ERROR/, log.string)
  end

  def test_a_data_system_of_the_second_version_in_daemon_mode
    Engine.store(prefix).init({ flags: DATA_SET[:flags], segments: DATA_SET[:segments] })
    system = LaunchDarkly::DataSystem.daemon(feature_store(expiration: 15)).build
    daemon = client(data_system_config: system)
    key = DATA_SET[:flags].keys.find { |name| DATA_SET[:flags][name][:on] }.to_s
    refute_equal "default", daemon.variation(key, CONTEXTS.first, "default")
  end

  def test_a_damaged_row_is_no_outage
    put("features", "broken", version: { N: "1" }, item: { S: '{"key":"broken","version":1,"rules":7}' })
    Engine.store(prefix).upsert("features", "a", flag_data("a", 1))
    reader = client(feature_store: feature_store, use_ldd: true)
    assert_equal "default", reader.variation("broken", CONTEXTS.first, "default")
    assert_equal true, reader.variation("a", CONTEXTS.first, "default")
    assert_predicate reader.all_flags_state(CONTEXTS.first), :valid?
    assert_equal true, reader.data_store_status_provider.status.available
    assert_includes log.string, 'item "broken" of kind "features" is corrupt'
  end

  def test_recovery_after_an_outage
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE)
    port = fake.port
    fast = { max_attempts: 1, connect_timeout_ms: 200, attempt_timeout_ms: 200, operation_timeout_ms: 500 }
    store = feature_store(fake, options: fast)
    reader = client(feature_store: store, use_ldd: true)
    statuses = []
    listener = Object.new.tap { |made| made.define_singleton_method(:update) { |status| statuses << status.available } }
    reader.data_store_status_provider.add_listener(listener)
    store.init({ FEATURES => { a: flag("a", 1) }, SEGMENTS => {} })
    assert_equal true, reader.variation("a", CONTEXTS.first, nil)
    fake.stop
    begun = Time.now
    assert_equal "default", reader.variation("a", CONTEXTS.first, "default")
    assert_operator Time.now - begun, :<, 3
    wait_for { statuses == [false] }
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE, "--port", port.to_s)
    put("features", "a", fake, version: { N: "2" }, item: { S: JSON.generate(flag_data("a", 2)) })
    wait_for { statuses == [false, true] }
    assert_equal true, reader.variation("a", CONTEXTS.first, "default")
  ensure
    fake&.stop
  end

  def test_big_segments
    writer = Engine.store(prefix)
    name, unbounded = DATA_SET[:segments].find { |_, each| each[:unbounded] }
    writer.init({ flags: DATA_SET[:flags], segments: DATA_SET[:segments] })
    rule = { id: "rule", variation: 0, clauses: [{ attribute: "", op: "segmentMatch", values: [name.to_s], negate: false }] }
    writer.upsert("features", "members", flag_data("members", 1).merge(fallthrough: { variation: 1 }, rules: [rule]))
    put("big_segments_metadata", "#{prefix}:big_segments_metadata", synchronizedOn: { N: (Time.now.to_f * 1000).to_i.to_s })
    hash = Digest::SHA256.base64digest("member")
    put("big_segments_user", hash, included: { SS: ["#{name}.g#{unbounded[:generation]}"] })
    segments = LaunchDarkly::BigSegmentsConfig.new(store: LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts))
    reader = client(feature_store: feature_store, use_ldd: true, big_segments: segments)
    assert_equal true, reader.big_segment_store_status_provider.status.available
    { "member" => true, "other" => false }.each do |key, expected|
      detail = reader.variation_detail("members", LaunchDarkly::LDContext.create({ key: key, kind: "user" }), nil)
      assert_equal [expected, :HEALTHY], [detail.value, detail.reason.big_segments_status]
    end
  end
end
