# frozen_string_literal: true

require "sdk"
require "ldclient-rb/integrations"

# Big Segments that a store writes, as LaunchDarkly's client and its own store for DynamoDB read them.
class SdkBigSegmentsTest < Minitest::Test
  include AdapterTest

  SEGMENT = { key: "members", version: 1, unbounded: true, generation: 1, included: [], excluded: [], rules: [], salt: "salt" }.freeze
  CLAUSE = { attribute: "", op: "segmentMatch", values: %w[members], negate: false }.freeze

  def teardown
    @client&.close
  end

  def writer
    @writer ||= Engine.store(prefix)
  end

  def patch(version, previous = "", reference: "members.g1", **changes)
    { environmentId: "environment", segmentId: reference, version: version, previousVersion: previous, changes: changes }
  end

  def big_segment_store
    LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts)
  end

  # In daemon mode; polls often, and keeps memberships for no time.
  def client
    @client ||= begin
      segments = LaunchDarkly::BigSegmentsConfig.new(store: big_segment_store, context_cache_time: 0, status_poll_interval: 0.05)
      settings = { use_ldd: true, send_events: false, diagnostic_opt_out: true, logger: Logger.new(log) }
      LaunchDarkly::LDClient.new("sdk-key", LaunchDarkly::Config.new(feature_store: feature_store, big_segments: segments, **settings), 2)
    end
  end

  def evaluated(key)
    detail = client.variation_detail("members-only", LaunchDarkly::LDContext.create({ key: key, kind: "user" }), nil)
    [detail.value, detail.reason.big_segments_status]
  end

  def wait_for(seconds = 10)
    deadline = Time.now + seconds
    until yield
      assert_operator Time.now, :<, deadline
      sleep 0.02
    end
  end

  def test_staleness_is_the_sdks
    rules = [{ id: "rule", variation: 0, clauses: [CLAUSE] }]
    flag = flag_data("members-only", 1).merge(fallthrough: { variation: 1 }, rules: rules)
    writer.init({ features: { "members-only" => flag }, segments: { members: SEGMENT } })
    provider = client.big_segment_store_status_provider
    assert_equal [true, true], [provider.status.available, provider.status.stale]
    writer.big_segments_apply_patch(patch("v1", included: { add: [LdDynamoStore.context_hash("member")] }))
    assert_equal [true, :STALE], evaluated("member")
    writer.big_segments_set_synchronized(Time.now)
    wait_for { !provider.status.stale }
    assert_equal [[true, :HEALTHY], [false, :HEALTHY]], [evaluated("member"), evaluated("other")]
    writer.big_segments_apply_patch(patch("v2", "v1", included: { remove: [LdDynamoStore.context_hash("member")] }))
    assert_equal [false, :HEALTHY], evaluated("member")
    writer.big_segments_set_synchronized(Time.now - 121)
    wait_for { provider.status.stale }
    assert_equal [false, :STALE], evaluated("member")
  end

  def test_launchdarklys_own_store_reads_the_same
    skip "aws-sdk-dynamodb is not in RUBYLIB" unless defined?(Aws::DynamoDB::Client)
    official = LaunchDarkly::Integrations::DynamoDB.new_big_segment_store(Engine::TABLE, opts)
    included, excluded, both, unknown = %w[included excluded both unknown].map { |key| LdDynamoStore.context_hash(key) }
    [official, big_segment_store].each { |store| assert_equal [nil, nil], [store.get_membership(included), store.get_metadata.last_up_to_date] }
    writer.big_segments_apply_patch(patch("v1", included: { add: [included, both] }, excluded: { add: [excluded, both] }))
    writer.big_segments_apply_patch(patch("v2", "v1", reference: "other.g7", excluded: { add: [included] }))
    writer.big_segments_set_synchronized(1_700_000_000_000)
    [official, big_segment_store].each do |store|
      expected = [{ "members.g1" => true, "other.g7" => false }, { "members.g1" => false }, { "members.g1" => true }, nil]
      assert_equal expected, [included, excluded, both, unknown].map { |context| store.get_membership(context) }
      assert_equal 1_700_000_000_000, store.get_metadata.last_up_to_date
    end
  end
end
