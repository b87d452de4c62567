# frozen_string_literal: true

require "sdk"

# Calls leave nothing behind.
class MemoryTest < Minitest::Test
  include AdapterTest

  CALLS = 100_000

  def resident_kilobytes
    File.read("/proc/self/status")[/^VmRSS:\s+(\d+)/, 1].to_i
  end

  # How much a round of calls adds when earlier ones have grown the heap to its size.
  def growth(calls)
    round = lambda do
      calls.times { |number| yield number }
      GC.start
      resident_kilobytes
    end
    4.times.map { round.call }.each_cons(2).map { |before, after| after - before }.min
  end

  def test_a_hundred_thousand_calls
    store = Engine.store(prefix, cache_ttl_ms: -1, logger: Logger.new(log))
    store.upsert("features", "flag", flag_data("flag", 1).merge(filler: "x" * 1000))
    absent = 0
    grown = growth(CALLS / 4) do |number|
      case number % 4
      when 0 then store.get("features", "flag")
      when 1 then absent += 1 if store.get("features", "absent").nil?
      when 2 then store.all("features")
      else store.stats
      end
    end
    assert_equal CALLS / 4, absent
    assert_operator grown, :<, 512
  end

  def test_calls_of_the_adapter_that_ask_the_table
    store = feature_store
    store.upsert(FEATURES, flag("flag", 1))
    put("features", "deep", item: { S: "[]" })
    grown = growth(1500) do |number|
      store.get(FEATURES, "flag")
      store.get(FEATURES, "deep")
      store.upsert(FEATURES, flag("flag", 1)) if (number % 4).zero?
    end
    assert_operator grown, :<, 512
  end

  def test_calls_that_write_big_segments
    store = Engine.store(prefix)
    patch = { segmentId: "members.g1", version: "v1", changes: { included: { add: [LdDynamoStore.context_hash("a")] } } }
    store.big_segments_apply_patch(patch)
    late = refused = 0
    grown = growth(1500) do |number|
      late += 1 if store.big_segments_apply_patch(patch).out_of_order?
      store.big_segments_set_synchronized(number)
      10.times { refused += 1 if refused?(store, { "x" * 1000 => 1 }) }
    end
    assert_equal [4 * 1500, 4 * 15_000], [late, refused]
    assert_operator grown, :<, 512
  end

  # Whether a patch was, not counted as an assertion each time.
  def refused?(store, patch)
    store.big_segments_apply_patch(patch)
    false
  rescue LdDynamoStore::InvalidBigSegmentsError
    true
  end

  def test_hashes_of_contexts
    refused = 0
    grown = growth(20_000) do
      LdDynamoStore.context_hash("a")
      LdDynamoStore.context_hash("wrong \xff")
    rescue LdDynamoStore::InvalidUtf8Error
      refused += 1
    end
    assert_equal 4 * 20_000, refused
    assert_operator grown, :<, 512
  end

  def test_stores_that_come_and_go
    grown = growth(200) do
      Engine.store(prefix).tap { |store| store.get("features", "absent") }.close
    end
    assert_operator grown, :<, 512
  end

  def test_failures
    store = Engine.store(prefix)
    refused = 0
    grown = growth(10_000) do
      store.upsert("features", "a", "{")
    rescue LdDynamoStore::InvalidJsonError
      refused += 1
    end
    assert_equal 4 * 10_000, refused
    assert_operator grown, :<, 512
  end
end
