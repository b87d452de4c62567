# frozen_string_literal: true

require "engine"

# Children go on with the store they inherited while the parent's threads are inside it.
class ForkTest < Minitest::Test
  THREADS = 8
  FORKS = 12
  CHILD_SECONDS = 20

  def test_children_answer_and_the_parent_is_unharmed
    store = Engine.store(__method__, attempt_timeout_ms: 10_000, operation_timeout_ms: 15_000)
    THREADS.times { |number| store.upsert("features", "flag-#{number}", flag(number)) }
    stopping = false
    threads = Array.new(THREADS) do |number|
      Thread.new do
        calls = 0
        until stopping
          assert_equal flag(number), store.get("features", "flag-#{number}")
          calls += 1
        end
        calls
      end
    end
    statuses = Array.new(FORKS) do |number|
      sleep 0.01
      wait_for(fork { run_child(store, number) })
    end
    stopping = true
    assert_operator threads.sum(&:value), :>, FORKS
    assert statuses.all?(&:success?), statuses.join("\n")
    FORKS.times { |number| assert_equal '{"version":1}', store.get("features", "child-#{number}") }
  end

  def test_a_child_that_never_uses_the_store_exits_in_time
    store = Engine.store(__method__)
    store.get("features", "absent")
    assert_predicate wait_for(fork { exit(0) }), :success?
    assert_nil store.get("features", "absent")
  end

  private

  def flag(number)
    %({"key":"flag-#{number}","version":1})
  end

  # Ends by `exit`, so that the finalizer of the inherited store runs in the child as well.
  def run_child(store, number)
    good = THREADS.times.all? { |other| store.get("features", "flag-#{other}") == flag(other) }
    good &&= store.upsert("features", "child-#{number}", '{"version":1}').written?
    store.close if number.even?
    good &&= LdDynamoStore::Store.open(Engine::TABLE, **Engine.options("test_children_answer_and_the_parent_is_unharmed")) do |own|
      own.get("features", "flag-0") == flag(0)
    end
    exit(good)
  end

  def fork
    Process.fork do
      yield
    rescue StandardError => e
      warn "child: #{e.full_message}"
      exit(false)
    end
  end

  # The child's status; one that hangs is killed, and so fails.
  def wait_for(child)
    waiter = Process.detach(child)
    unless waiter.join(CHILD_SECONDS)
      warn "child #{child} hung"
      Process.kill(:KILL, child)
    end
    waiter.value
  end
end
