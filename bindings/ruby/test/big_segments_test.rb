# frozen_string_literal: true

require "sdk"
require "digest"

# Big Segments as the store writes them, and as it and the adapter read them.
class BigSegmentsTest < Minitest::Test
  include AdapterTest

  REFERENCE = "members.g1"
  A_DAY = 86_400_000

  # A patch of LaunchDarkly's.
  def patch(version, previous = "", reference: REFERENCE, **changes)
    { environmentId: "environment", segmentId: reference, version: version, previousVersion: previous, changes: changes }
  end

  def membership(store, context)
    text = store.big_segments_membership(context)
    text && JSON.parse(text)
  end

  def adapter(engine = Engine.running, **more)
    LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts(engine, **more))
  end

  # Yields a scriptable engine, and the options of a store on it that caches.
  def with_fake
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE)
    fake.control("reset", {})
    yield fake, Engine.options(prefix, endpoint: fake.endpoint, cache_ttl_ms: A_DAY, context_cache_ttl_ms: A_DAY)
  ensure
    fake&.stop
  end

  def requests(store)
    JSON.parse(store.stats).fetch("requests")
  end

  def test_the_hash_of_a_context
    assert_equal "+ZGrrKe80pGIxpVmWm1E63Q8mDeFzw8sjc0pwd/XU/M=", LdDynamoStore.context_hash("user-5150")
    ["", " ", "ä€😀", "x" * 100_000].each do |key|
      assert_equal Digest::SHA256.base64digest(key), LdDynamoStore.context_hash(key)
    end
    assert_equal LdDynamoStore.context_hash("Grüße"), LdDynamoStore.context_hash("Grüße".encode("ISO-8859-1"))
    assert_equal LdDynamoStore.context_hash("a"), LdDynamoStore.context_hash(:a, library: ENV.fetch("LD_DYNAMO_STORE_LIBRARY"))
    assert_equal Encoding::UTF_8, LdDynamoStore.context_hash("a").encoding
  end

  def test_keys_that_have_no_hash
    assert_includes assert_raises(LdDynamoStore::InvalidKeyError) { LdDynamoStore.context_hash("a\0b") }.message, "byte 1"
    assert_includes assert_raises(LdDynamoStore::InvalidUtf8Error) { LdDynamoStore.context_hash("ab\xff") }.message, "2"
    error = assert_raises(LdDynamoStore::InvalidArgumentError) { LdDynamoStore.context_hash(nil) }
    assert_equal LdDynamoStore::Status::NULL_ARGUMENT, error.status
    assert_raises(TypeError) { LdDynamoStore.context_hash(7) }
    assert_raises(LdDynamoStore::LibraryNotFoundError) { LdDynamoStore.context_hash("a", library: "/nowhere.so") }
  end

  { "a_prefix" => "big-segments-in-order", "no_prefix" => nil }.each do |name, of_rows|
    define_method("test_patches_in_order_with_#{name}") do
      store = Engine.store(of_rows)
      assert_nil membership(store, "a")
      assert_nil store.big_segments_metadata
      first = patch("v1", included: { add: %w[a b] }, excluded: { add: %w[c] })
      assert_predicate store.big_segments_apply_patch(first), :applied?
      [first, JSON.generate(first), patch("v3", "v2", included: { remove: %w[a] })].each do |late|
        result = store.big_segments_apply_patch(late)
        assert_equal [true, false, LdDynamoStore::Status::OUT_OF_ORDER], [result.out_of_order?, result.applied?, result.status]
      end
      assert_equal({ REFERENCE => true }, membership(store, "a"))
      assert_equal({ REFERENCE => false }, membership(store, "c"))
      second = store.big_segments_apply_patch(JSON.generate(patch("v2", "v1", included: { remove: %w[a] }, excluded: { add: %w[b] })))
      assert_equal [true, false, LdDynamoStore::Status::OK], [second.applied?, second.out_of_order?, second.status]
      # The row stays, and has no set any more.
      assert_equal [{}, { REFERENCE => true }, nil], %w[a b unknown].map { |context| membership(store, context) }
      assert_nil store.big_segments_set_synchronized(5)
      assert_equal '{"synchronizedOn":5}', store.big_segments_metadata
      key = { S: [of_rows, "big_segments_metadata"].compact.join(":") }
      row = Engine.running.request("GetItem", { TableName: Engine::TABLE, Key: { namespace: key, key: key } }).fetch("Item")
      assert_equal [{ "N" => "5" }, { "S" => "v2" }], row.values_at("synchronizedOn", "lastVersion")
    end
  end

  def test_a_patch_of_many_contexts
    contexts = Array.new(250) { |number| LdDynamoStore.context_hash(number.to_s) }
    store = Engine.store(prefix)
    assert_predicate store.big_segments_apply_patch(patch("v1", included: { add: contexts })), :applied?
    contexts.each { |context| assert_equal({ REFERENCE => true }, membership(store, context)) }
  end

  def test_wrong_patches_are_refused_before_any_request
    store = Engine.store(prefix)
    {
      { segmentId: REFERENCE } => "version", patch("v1").merge(unknown: 1) => "unknown", "[]" => "object",
      patch("v1", included: { add: [""] }) => "changes.included.add[0]"
    }.each do |wrong, reason|
      error = assert_raises(LdDynamoStore::InvalidBigSegmentsError) { store.big_segments_apply_patch(wrong) }
      assert_includes error.message, reason
      assert_equal LdDynamoStore::Status::INVALID_BIG_SEGMENTS, error.status
      refute_predicate error, :retriable?
    end
    assert_raises(LdDynamoStore::InvalidJsonError) { store.big_segments_apply_patch("{") }
    assert_raises(LdDynamoStore::InvalidJsonError) { store.big_segments_apply_patch("{}\0") }
    assert_includes assert_raises(LdDynamoStore::InvalidJsonError) { store.big_segments_apply_patch({ version: Float::NAN }) }.message, "patch"
    assert_includes assert_raises(TypeError) { store.big_segments_apply_patch([]) }.message, "patch must be a String, not Array"
    assert_raises(LdDynamoStore::InvalidArgumentError) { store.big_segments_apply_patch(nil) }
    assert_equal 0, requests(store)
  end

  {
    0 => 0, 2**63 - 1 => 2**63 - 1, 1_700_000_000_123 => 1_700_000_000_123, Time.at(0) => 0,
    Time.at(1_700_000_000, 123_999, :usec) => 1_700_000_000_123, Time.at(1_700_000_000, in: "+05:00") => 1_700_000_000_000,
    Time.at(1_700_000_000.5) => 1_700_000_000_500
  }.each do |time, milliseconds|
    define_method("test_the_time_#{time.inspect}") do
      store = Engine.store(prefix)
      store.big_segments_set_synchronized(time)
      assert_equal({ "synchronizedOn" => milliseconds }, JSON.parse(store.big_segments_metadata))
    end
  end

  def test_wrong_times_are_refused_before_any_request
    store = Engine.store(prefix)
    [2**63, -2**63 - 1, 10**30, Time.at(10**20)].each do |time|
      error = assert_raises(LdDynamoStore::InvalidBigSegmentsError) { store.big_segments_set_synchronized(time) }
      assert_includes error.message, "time must be in milliseconds since 1970 and fit into 64 bits"
      assert_equal LdDynamoStore::Status::INVALID_BIG_SEGMENTS, error.status
    end
    [-1, -2**63, Time.at(-1), Time.at(0, -1, :nsec)].each do |time|
      assert_includes assert_raises(LdDynamoStore::InvalidBigSegmentsError) { store.big_segments_set_synchronized(time) }.message, "1970"
    end
    [1.5, "5", nil, true, Float::INFINITY].each do |time|
      error = assert_raises(TypeError) { store.big_segments_set_synchronized(time) }
      assert_equal "time must be an Integer or a Time, not #{time.class}", error.message
    end
    assert_equal 0, requests(store)
  end

  def test_a_store_that_may_not_write
    store = Engine.store(prefix, read_only: true)
    assert_raises(LdDynamoStore::ReadOnlyError) { store.big_segments_apply_patch(patch("v1")) }
    assert_raises(LdDynamoStore::ReadOnlyError) { store.big_segments_set_synchronized(1) }
    assert_equal 0, requests(store)
    store.close
    assert_raises(LdDynamoStore::StoreClosedError) { store.big_segments_apply_patch(patch("v1")) }
    assert_raises(LdDynamoStore::StoreClosedError) { store.big_segments_set_synchronized(1) }
  end

  def test_a_missing_table
    store = LdDynamoStore::Store.new("no-such-table", **Engine.options(prefix))
    assert_includes assert_raises(LdDynamoStore::TableNotFoundError) { store.big_segments_apply_patch(patch("v1")) }.message, REFERENCE
    assert_raises(LdDynamoStore::TableNotFoundError) { store.big_segments_set_synchronized(1) }
  end

  def test_memberships_are_cached_for_direct_users
    with_fake do |fake, options|
      store = LdDynamoStore::Store.new(Engine::TABLE, **options)
      3.times { assert_equal [nil] * 3, [store.big_segments_membership("a"), store.big_segments_membership("b"), store.big_segments_metadata] }
      assert_equal 2 + 3, fake.requests("GetItem")
      # What the store itself writes is seen.
      assert_predicate store.big_segments_apply_patch(patch("v1", included: { add: %w[a] })), :applied?
      assert_equal({ REFERENCE => true }, membership(store, "a"))
    end
  end

  %i[cache_ttl_ms context_cache_ttl_ms context_cache_size].each do |name|
    define_method("test_memberships_are_not_cached_where_#{name}_is_0") do
      with_fake do |fake, options|
        store = LdDynamoStore::Store.new(Engine::TABLE, **options, name => 0)
        3.times { assert_nil store.big_segments_membership("a") }
        assert_equal 3, fake.requests("GetItem")
      end
    end
  end

  [{}, { context_cache_ttl_ms: 0, context_cache_size: nil }, { context_cache_ttl_ms: nil, context_cache_size: 0 }].each do |options|
    define_method("test_the_adapter_never_caches_with_#{options}") do
      with_fake do |fake|
        store = adapter(fake, options: options)
        3.times { assert_equal [nil, nil], [store.get_membership("a"), store.get_metadata.last_up_to_date] }
        assert_equal 6, fake.requests("GetItem")
      end
    end
  end

  { context_cache_ttl_ms: "context_cache_time", context_cache_size: "context_cache_size" }.each do |name, of_the_sdk|
    define_method("test_the_adapters_refuse_#{name}") do
      [-> { adapter(options: { name => 1 }) }, -> { feature_store(options: { name => 1 }) }].each do |make|
        error = assert_raises(LdDynamoStore::LaunchDarkly::UnsupportedOptionError) { make.call }
        assert_includes error.message, "options: #{name} is not supported; the SDK caches: use #{of_the_sdk} of LaunchDarkly::BigSegmentsConfig"
      end
    end
  end

  def test_the_adapter_raises_only_where_the_table_cannot_be_asked
    with_fake do |fake|
      store = adapter(fake, options: { max_attempts: 1 })
      ["unknown", "", "x" * 2000, "a\0b", "wrong \xff"].each { |context| assert_nil store.get_membership(context), context.inspect }
      put("big_segments_user", "corrupt", fake, included: { S: REFERENCE })
      assert_nil store.get_membership("corrupt")
      fake.control("rules", { times: 2, action: { throttle: true } })
      assert_raises(LdDynamoStore::ThrottledError) { store.get_membership("unknown") }
      assert_raises(LdDynamoStore::ThrottledError) { store.get_metadata }
      assert_nil store.get_membership("unknown")
    end
  end

  { "a_prefix" => ["p", "p:"], "an_empty_prefix" => ["", ""], "no_prefix" => [nil, ""] }.each do |name, (of_rows, before)|
    define_method("test_the_adapter_reads_memberships_with_#{name}") do
      with_fake do |fake|
        store = adapter(fake, prefix: of_rows)
        {
          included: { included: { SS: %w[a.g1 b.g2] } }, excluded: { excluded: { SS: %w[a.g1] } },
          both: { included: { SS: %w[a.g1] }, excluded: { SS: %w[a.g1 b.g2] } }, neither: {}
        }.each { |hash, sets| fake.put(Engine::TABLE, "#{before}big_segments_user", hash.to_s, **sets) }
        fake.put(Engine::TABLE, "other:big_segments_user", "of another", included: { SS: %w[a.g1] })
        assert_equal({ "a.g1" => true, "b.g2" => true }, store.get_membership("included"))
        assert_equal({ "a.g1" => false }, store.get_membership("excluded"))
        # An inclusion wins over an exclusion.
        assert_equal({ "a.g1" => true, "b.g2" => false }, store.get_membership("both"))
        assert_equal({}, store.get_membership("neither"))
        assert_nil store.get_membership("unknown")
        assert_nil store.get_membership("of another")
      end
    end

    define_method("test_the_adapter_reads_metadata_with_#{name}") do
      with_fake do |fake|
        store = adapter(fake, prefix: of_rows)
        assert_instance_of LaunchDarkly::Interfaces::BigSegmentStoreMetadata, store.get_metadata
        assert_nil store.get_metadata.last_up_to_date
        # The Relay Proxy writes its cursor before it has been in step for the first time.
        { { lastVersion: { S: "v1" } } => nil, { synchronizedOn: { N: "0" } } => 0,
          { synchronizedOn: { N: "1700000000123" }, lastVersion: { S: "v1" } } => 1_700_000_000_123 }.each do |attributes, milliseconds|
          fake.put(Engine::TABLE, "#{before}big_segments_metadata", "#{before}big_segments_metadata", **attributes)
          assert_equal [milliseconds], [store.get_metadata.last_up_to_date]
        end
      end
    end
  end

  def test_the_adapter_reads_what_a_store_writes
    store = adapter
    writer = Engine.store(prefix)
    writer.init({ features: { a: { version: 1 } }, segments: {} })
    included, excluded, both, unknown = %w[included excluded both unknown].map { |key| LdDynamoStore.context_hash(key) }
    assert_equal [nil, nil], [store.get_membership(included), store.get_metadata.last_up_to_date]
    writer.big_segments_apply_patch(patch("v1", included: { add: [included, both] }, excluded: { add: [excluded, both] }))
    writer.big_segments_apply_patch(patch("v2", "v1", reference: "other.g7", excluded: { add: [included] }))
    writer.big_segments_set_synchronized(Time.at(1_700_000_000))
    # Big Segments and flags share the table.
    writer.init({ features: {}, segments: {} })
    assert_equal({ REFERENCE => true, "other.g7" => false }, store.get_membership(included))
    assert_equal({ REFERENCE => false }, store.get_membership(excluded))
    assert_equal({ REFERENCE => true }, store.get_membership(both))
    assert_nil store.get_membership(unknown)
    assert_equal 1_700_000_000_000, store.get_metadata.last_up_to_date
  end
end
