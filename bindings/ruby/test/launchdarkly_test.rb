# frozen_string_literal: true

require "sdk"

# The adapter under the SDK's caching wrapper.
class LaunchDarklyTest < Minitest::Test
  include AdapterTest

  { "cached" => 60, "uncached" => 0 }.each do |name, expiration|
    define_method("test_the_whole_interface_#{name}") do
      store = feature_store(expiration: expiration)
      assert_equal false, store.initialized?
      store.init({ FEATURES => { a: flag("a", 2) }, SEGMENTS => { s: segment("s", 1) } })
      assert_equal true, store.initialized?
      assert_equal flag("a", 2), store.get(FEATURES, "a")
      assert_equal segment("s", 1), store.get(SEGMENTS, :s)
      assert_nil store.get(FEATURES, "s")
      assert_equal({ a: flag("a", 2) }, store.all(FEATURES))
      store.upsert(FEATURES, flag("a", 1))
      assert_equal flag("a", 2), store.get(FEATURES, "a")
      store.upsert(FEATURES, flag("a", 3))
      assert_equal 3, store.get(FEATURES, "a").version
      store.upsert(FEATURES, flag("b", 1))
      assert_equal %i[a b], store.all(FEATURES).keys.sort
      store.delete(FEATURES, "a", 2)
      assert_equal 3, store.get(FEATURES, "a").version
      store.delete(FEATURES, "a", 4)
      assert_nil store.get(FEATURES, "a")
      assert_equal [:b], store.all(FEATURES).keys
      store.upsert(FEATURES, flag("a", 3))
      assert_nil store.get(FEATURES, "a")
      store.delete(FEATURES, "unknown", 9)
      assert_nil store.get(FEATURES, "unknown")
      store.init({ FEATURES => { c: flag("c", 1) }, SEGMENTS => {} })
      assert_equal [:c], store.all(FEATURES).keys
      assert_empty store.all(SEGMENTS)
      assert_empty log.string[/ERROR.*/].to_s
      store.stop
    end
  end

  def test_items_are_the_models_of_the_sdk
    store = feature_store
    store.init({ FEATURES => { a: flag("a", 1) }, SEGMENTS => { s: segment("s", 1) }, { namespace: "things" } => { t: { key: "t", version: 1 } } })
    assert_instance_of LaunchDarkly::Impl::Model::FeatureFlag, store.get(FEATURES, "a")
    assert_instance_of LaunchDarkly::Impl::Model::Segment, store.all(SEGMENTS).fetch(:s)
    assert_equal({ t: { key: "t", version: 1 } }, store.all({ namespace: "things" }))
  end

  def test_another_reader_sees_what_was_written
    feature_store.init({ FEATURES => { a: flag("a", 1) } })
    Engine.store(prefix).then do |reader|
      assert_predicate reader, :initialized?
      assert_equal JSON.generate(flag_data("a", 1)), reader.get("features", "a")
    end
    assert_equal true, feature_store.initialized?
    other = feature_store(prefix: "#{prefix}-2")
    assert_nil other.get(FEATURES, "a")
    assert_equal false, other.initialized?
  end

  def test_an_empty_prefix_is_none
    feature_store(prefix: "").upsert(FEATURES, flag("of-no-prefix", 1))
    assert_equal 1, feature_store(prefix: nil).get(FEATURES, "of-no-prefix").version
  end

  TOMBSTONES = {
    "go" => '{"key":"$deleted","on":false,"variations":[],"fallthrough":{},"version":7,"deleted":true}',
    "node, python and ruby" => '{"key": "dead", "version": 7, "deleted": true}',
    "java and .net" => "null",
    "rust" => '{"version":7,"key":"$deleted","deleted":true}',
    "haskell" => '{"deleted":true,"version":7}'
  }.freeze

  TOMBSTONES.each do |writer, tombstone|
    define_method("test_tombstones_of_#{writer}") do
      store = feature_store(expiration: 60)
      put_item("dead", tombstone, 7)
      put_item("alive", JSON.generate(flag_data("alive", 1)))
      assert_nil store.get(FEATURES, "dead")
      assert_equal [:alive], store.all(FEATURES).keys
      store.upsert(FEATURES, flag("dead", 7))
      assert_nil store.get(FEATURES, "dead")
      store.upsert(FEATURES, flag("dead", 8))
      assert_equal 8, store.get(FEATURES, "dead").version
    end
  end

  def test_the_core_returns_what_is_stored
    core = LdDynamoStore::LaunchDarkly::FeatureStoreCore.new(Engine.store(prefix), Logger.new(log))
    newer = flag("a", 2)
    assert_same newer, core.upsert_internal(FEATURES, newer)
    assert_equal newer, core.upsert_internal(FEATURES, flag("a", 1))
    deletion = { key: "a", version: 3, deleted: true }
    assert_same deletion, core.upsert_internal(FEATURES, deletion)
    assert_equal true, core.get_internal(FEATURES, "a")[:deleted]
    assert_equal [:a], core.get_all_internal(FEATURES).keys
  end

  def nested(levels)
    %({"key":"deep","version":1,"deep":#{"[" * levels}#{"]" * levels}})
  end

  {
    "is no JSON" => { S: "not json" }, "is no object" => { S: "[]" }, "is a number" => { N: "1" },
    "has 101 levels" => { S: %({"key":"k","version":1,"deep":#{"[" * 100}#{"]" * 100}}) },
    "has 100000 levels" => { S: %({"key":"k","version":1,"s":"\\"}","deep":#{"[{\"a\":" * 50_000}1#{"}]" * 50_000}}) },
    "has half a surrogate pair" => { S: '{"key":"k","version":1,"a":"\ud800"}' },
    "has a name that is half a surrogate pair" => { S: '{"key":"k","version":1,"\udc00":1}' },
    "has half a surrogate pair for a name within" => { S: '{"key":"k","version":1,"a":{"\ud800":1}}' },
    "has rules that are none" => { S: '{"key":"k","version":1,"rules":7}' }
  }.each do |name, item|
    define_method("test_an_item_that_#{name}_counts_as_absent") do
      store = feature_store
      put("features", "dam \"]aged", version: { N: "1" }, item: item)
      put_item("before", JSON.generate(flag_data("before", 1)))
      put_item("good }", JSON.generate(flag_data("good }", 1).merge(name: "{\\\"[")))
      5.times { assert_nil store.get(FEATURES, "dam \"]aged") }
      5.times { assert_equal({ before: "before", "good }": "good }" }, store.all(FEATURES).transform_values(&:key)) }
      assert_equal "{\\\"[", store.all(FEATURES).fetch(:"good }")[:name]
      assert_equal 1, log.string.scan(/ERROR.*corrupt/).size, log.string
      assert_includes log.string, "dam"
      log.string.lines.each { |line| assert_operator line.size, :<, 400 }
      store.upsert(FEATURES, flag("dam \"]aged", 2))
      assert_equal 2, store.get(FEATURES, "dam \"]aged").version
    end
  end

  def test_a_damaged_item_is_told_without_its_values
    put_item("rules", '{"key":"rules","version":1,"rules":"hidden-value"}')
    put_item("half", '{"key":"half","version":1,"hidden-value":"\ud800"}')
    store = feature_store
    %w[rules half].each { |key| assert_nil store.get(FEATURES, key) }
    assert_empty store.all(FEATURES)
    lines = log.string.lines
    assert_equal 2, lines.size, log.string
    lines.each { |line| assert_match(/ERROR.*is corrupt: [\w:]+\S*( \S+)?$/, line) }
    refute_match(/hidden-value|\^\^/, log.string)
    decoder = LdDynamoStore::LaunchDarkly.const_get(:ItemDecoder)
    error = assert_raises(LdDynamoStore::CorruptItemError) { decoder.item(FEATURES, "rules", '{"version":1,"rules":"hidden-value"}') }
    refute_includes error.full_message(highlight: false), "hidden-value"
  end

  def test_messages_of_the_library_that_are_no_errors_come_every_time
    failures = LdDynamoStore::LaunchDarkly.const_get(:RepeatedFailures).new(Logger.new(log))
    2.times { %i[INFO WARN ERROR].each { |severity| failures.add(Logger.const_get(severity), "a message", "ld_dynamo_store") } }
    assert_equal %w[INFO WARN ERROR INFO WARN], log.string.scan(/^.*\] +(\w+) --/).flatten
  end

  def test_an_error_of_who_takes_the_items_is_not_the_decoders
    calls = 0
    decoder = LdDynamoStore::LaunchDarkly.const_get(:ItemDecoder)
    assert_raises(JSON::ParserError) { decoder.each('{"a":{},"b":{}}') { (calls += 1) && raise(JSON::ParserError, "of the block") } }
    assert_equal 1, calls
  end

  def test_an_item_of_100_levels_is_taken
    text = %({"key":"deep","version":1,"deep":#{"[" * 99}#{"]" * 99}})
    put_item("deep", text)
    assert_equal 1, feature_store.get(FEATURES, "deep").version
    assert_equal [:deep], feature_store.all(FEATURES).keys
    assert_empty log.string
  end

  def test_a_stored_winner_that_cannot_be_read
    put_item("deep", %({"key":"deep","version":9,"deep":#{"[" * 200}#{"]" * 200}}), 9)
    store = feature_store(expiration: 60)
    store.upsert(FEATURES, flag("deep", 1))
    assert_nil store.get(FEATURES, "deep")
    assert_match(/ERROR.*"deep" of kind "features" is corrupt/, log.string)
  end

  def test_a_key_that_no_row_can_have
    store = feature_store
    ["", "a\0b", "wrong \xff", "x" * 1025, "\xff".b].each { |key| assert_nil store.get(FEATURES, key), key.inspect }
    assert_nil store.get(FEATURES, nil)
    assert_nil store.get(FEATURES, 7)
  end

  def test_an_item_over_the_size_limit
    [nil, 1].each do |stored|
      store = feature_store(prefix: "#{prefix}-#{stored}", expiration: 60)
      store.upsert(FEATURES, flag("large", stored)) if stored
      store.upsert(FEATURES, model(FEATURES, flag_data("large", 2).merge(filler: "x" * 400_000)))
      found = store.get(FEATURES, "large")
      assert_equal [stored], [found&.version]
    end
    assert_match(/ERROR.*too large/, log.string)
  end

  def test_only_the_sdk_caches
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE)
    cached = feature_store(fake, expiration: 0.5)
    fake.control("reset", {})
    20.times { cached.get(FEATURES, "absent") }
    assert_equal 1, fake.requests("GetItem")
    put("features", "absent", fake, version: { N: "1" }, item: { S: JSON.generate(flag_data("absent", 1)) })
    sleep 0.6
    assert_equal 1, cached.get(FEATURES, "absent").version
    uncached = feature_store(fake)
    fake.control("reset", {})
    5.times { uncached.get(FEATURES, "absent") }
    assert_equal 5, fake.requests("GetItem")
  ensure
    fake&.stop
  end

  FAST = { max_attempts: 1, connect_timeout_ms: 200, attempt_timeout_ms: 200, operation_timeout_ms: 500 }.freeze

  def test_an_outage_raises_and_passes
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE)
    port = fake.port
    store = feature_store(fake, options: FAST)
    assert_equal true, store.monitoring_enabled?
    assert_equal true, store.available?
    fake.control("rules", { times: 2, action: { throttle: true } })
    assert_raises(LdDynamoStore::ThrottledError) { store.get(FEATURES, "a") }
    assert_raises(LdDynamoStore::ThrottledError) { store.all(FEATURES) }
    fake.stop
    assert_raises(LdDynamoStore::ConnectivityError) { store.get(FEATURES, "a") }
    # An exception from here would leave +variation+.
    5.times { assert_equal false, store.initialized? }
    5.times { assert_equal false, store.available? }
    assert_equal 1, log.string.scan("is initialized is unknown").size
    assert_equal 1, log.string.scan("the table is not available").size
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE, "--port", port.to_s)
    assert_equal true, store.available?
    assert_nil store.get(FEATURES, "a")
  ensure
    fake&.stop
  end

  def test_a_missing_table_is_not_available
    store = LdDynamoStore::LaunchDarkly.new_feature_store("no-such-table", opts)
    assert_equal false, store.available?
    assert_match(/WARN.*no-such-table/, log.string)
  end

  def test_a_failure_is_logged_again_after_a_minute
    failures = LdDynamoStore::LaunchDarkly.const_get(:RepeatedFailures).new(Logger.new(log))
    now = 1000.0
    Process.stub(:clock_gettime, ->(*) { now }) do
      [0, 59, 2, 30, 31].each do |seconds|
        now += seconds
        failures.log(Logger::WARN, "the failure")
      end
      5000.times { |number| failures.log(Logger::WARN, number.to_s) }
    end
    assert_equal 3, log.string.scan("the failure").size
    assert_operator failures.instance_variable_get(:@logged).size, :<=, 1000
  end

  def test_a_logger_that_raises_harms_nobody
    broken = Object.new.tap { |made| made.define_singleton_method(:add) { |*| raise "broken" } }
    put("features", "a", item: { S: "[]" })
    assert_nil feature_store(logger: broken).get(FEATURES, "a")
  end

  def test_what_is_no_logger_is_refused
    ["log", true, $stdout].each do |wrong|
      assert_raises(TypeError) { feature_store(logger: wrong) }
      assert_raises(TypeError) { LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts(logger: wrong)) }
    end
  end

  def test_a_logger_without_add
    messages = []
    plain = Class.new { %i[debug info warn error].each { |level| define_method(level) { |message| messages << [level, message] } } }.new
    put("features", "a", item: { S: "[]" })
    store = feature_store(logger: plain)
    assert_nil store.get(FEATURES, "a")
    assert_empty store.all(FEATURES)
    assert_equal %i[error], messages.map(&:first)
  end

  def test_stop_leaves_the_store_to_others
    store = feature_store
    store.upsert(FEATURES, flag("a", 1))
    2.times { store.stop }
    assert_equal 1, store.get(FEATURES, "a").version
    assert_equal true, store.available?
  end

  def test_what_nobody_refers_to_is_freed
    handles = ObjectSpace::WeakMap.new
    made = Array.new(20) { feature_store.tap(&:stop) }
    made.each { |store| handles[store.instance_variable_get(:@core).instance_variable_get(:@store)] = true }
    assert_equal 20, handles.size
    made.clear
    Thread.new { GC.start }.join
    assert_operator handles.size, :<, 10
  end

  def test_children_go_on_with_a_store
    store = feature_store
    store.upsert(FEATURES, flag("a", 1))
    children = Array.new(4) do |number|
      Process.fork do
        good = store.get(FEATURES, "a").version == 1
        store.upsert(FEATURES, flag("child-#{number}", 1))
        store.stop if number.even?
        exit(good)
      end
    end
    children.each { |child| assert_predicate Process.detach(child).value, :success? }
    assert_equal 5, store.all(FEATURES).size
  end

  def test_big_segments
    store = LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts)
    assert_kind_of LaunchDarkly::Interfaces::BigSegmentStore, store
    assert_nil store.get_metadata.last_up_to_date
    assert_nil store.get_membership("hash")
    put("big_segments_metadata", "#{prefix}:big_segments_metadata", synchronizedOn: { N: "1234567890" })
    put("big_segments_user", "hash", included: { SS: %w[a.g1] }, excluded: { SS: %w[a.g1 b.g2] })
    assert_equal 1_234_567_890, store.get_metadata.last_up_to_date
    assert_equal({ "a.g1" => true, "b.g2" => false }, store.get_membership("hash"))
    store.stop
    assert_equal 1_234_567_890, store.get_metadata.last_up_to_date
  end

  def test_a_damaged_row_of_big_segments_counts_as_absent
    put("big_segments_metadata", "#{prefix}:big_segments_metadata", synchronizedOn: { S: "yesterday" })
    put("big_segments_user", "hash", included: { S: "a.g1" })
    store = LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts)
    assert_nil store.get_metadata.last_up_to_date
    2.times { assert_nil store.get_membership("hash") }
    assert_equal 2, log.string.scan(/ERROR.*corrupt/).size
  end

  def test_big_segments_of_a_table_that_is_not_there
    store = LdDynamoStore::LaunchDarkly.new_big_segment_store("no-such-table", opts)
    assert_raises(LdDynamoStore::TableNotFoundError) { store.get_metadata }
  end
end
