# frozen_string_literal: true

require "sdk"
require "socket"
require_relative "stand_in"

# All that the library hands out is given back. A leak of a few bytes would not be seen in the size of the process.
class StandInTest < Minitest::Test
  include AdapterTest

  NOTHING = { strings: 0, errors: 0, stores: 0 }.freeze
  OPEN = { strings: 0, errors: 0, stores: 1 }.freeze

  def store(**more)
    Engine.store(prefix, library: StandIn.library, **more)
  end

  # What is kept after each of these calls.
  def kept_after(calls)
    calls.transform_values do |call|
      call.call
      StandIn.kept
    end
  end

  def test_every_call_gives_back
    made = store
    patch = { segmentId: "s.g1", version: "v1" }
    calls = {
      "init" => -> { made.init({ features: { a: { version: 2 } }, segments: {} }) },
      "get" => -> { made.get("features", "a") },
      "get, none" => -> { made.get("features", "b") },
      "all" => -> { made.all("features") },
      "upsert" => -> { made.upsert("features", "a", { version: 3 }) },
      "upsert, not newer" => -> { made.upsert("features", "a", { version: 1 }) },
      "initialized?" => -> { made.initialized? },
      "available?" => -> { made.available? },
      "check_available" => -> { made.check_available },
      "stats" => -> { made.stats },
      "logger=" => -> { made.logger = Logger.new(log) },
      "logger=, none" => -> { made.logger = nil },
      "big_segments_metadata, none" => -> { made.big_segments_metadata },
      "big_segments_cursor, none" => -> { made.big_segments_cursor },
      "big_segments_membership, none" => -> { made.big_segments_membership("hash") },
      "big_segments_apply_patch" => -> { made.big_segments_apply_patch({ **patch, changes: { included: { add: ["hash"] } } }) },
      "big_segments_apply_patch, out of order" => -> { made.big_segments_apply_patch(patch) },
      "big_segments_set_synchronized" => -> { made.big_segments_set_synchronized(1) },
      "big_segments_metadata" => -> { made.big_segments_metadata },
      "big_segments_cursor" => -> { made.big_segments_cursor },
      "big_segments_membership" => -> { made.big_segments_membership("hash") },
      "context_hash" => -> { LdDynamoStore.context_hash("key", library: StandIn.library) }
    }
    assert_equal calls.transform_values { OPEN }, kept_after(calls)
    2.times { made.close }
    assert_equal NOTHING, StandIn.kept
  end

  def test_every_failure_gives_back
    made = store(endpoint: "http://127.0.0.1:1", max_attempts: 1)
    calls = {
      "init" => -> { made.init("{") },
      "get" => -> { made.get("features", "a") },
      "all" => -> { made.all("features") },
      "upsert" => -> { made.upsert("features", "a", {}) },
      "initialized?" => -> { made.initialized? },
      "check_available" => -> { made.check_available },
      "set_credentials" => -> { made.set_credentials({ access_key_id: "a", secret_access_key: "b" }) },
      "big_segments_metadata" => -> { made.big_segments_metadata },
      "big_segments_cursor" => -> { made.big_segments_cursor },
      "big_segments_membership" => -> { made.big_segments_membership("hash") },
      "big_segments_apply_patch" => -> { made.big_segments_apply_patch({}) },
      "big_segments_set_synchronized" => -> { made.big_segments_set_synchronized(-1) },
      "context_hash" => -> { LdDynamoStore.context_hash("\xff", library: StandIn.library) }
    }
    failing = calls.transform_values { |call| -> { assert_raises(LdDynamoStore::StoreError, &call) } }
    assert_equal calls.transform_values { OPEN }, kept_after(failing)
    made.close
    assert_equal NOTHING, StandIn.kept
  end

  def test_a_store_that_is_not_made_leaves_nothing
    assert_raises(LdDynamoStore::ConfigurationError) { store(no_such_option: 1) }
    assert_equal NOTHING, StandIn.kept
  end

  def test_a_store_that_is_closed_during_a_call_is_freed_after_it
    # It takes connections, and answers nobody.
    silent = TCPServer.new("127.0.0.1", 0)
    made = store(endpoint: "http://127.0.0.1:#{silent.addr[1]}", operation_timeout_ms: 500)
    calls = Array.new(2) { Thread.new { assert_raises(LdDynamoStore::TimedOutError) { made.get("features", "a") } } }
    sleep 0.1
    made.close
    assert_equal OPEN, StandIn.kept
    calls.each(&:join)
    assert_equal NOTHING, StandIn.kept
  ensure
    silent&.close
  end

  def test_what_nobody_refers_to_is_freed
    made = ObjectSpace::WeakMap.new
    Thread.new do
      20.times { made[store] = true }
      assert_equal 20, StandIn.kept.fetch(:stores)
    end.join
    GC.start
    # A conservative stack may keep one or two alive.
    assert_operator StandIn.kept.fetch(:stores), :<, 10
  ensure
    made.each_key(&:close)
  end
end
