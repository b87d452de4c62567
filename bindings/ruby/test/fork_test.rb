# frozen_string_literal: true

require "sdk"
require "socket"
require "tempfile"

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
        answers = Hash.new(0)
        answers[store.get("features", "flag-#{number}")] += 1 until stopping
        answers
      end
    end
    statuses = Array.new(FORKS) do |number|
      sleep 0.01
      wait_for(fork { run_child(store, number) })
    end
    stopping = true
    answers = threads.map(&:value)
    # Once, for all calls: how many there are says nothing.
    assert_equal Array.new(THREADS) { |number| [flag(number)] }, answers.map(&:keys)
    assert_operator answers.sum { |counts| counts.values.sum }, :>, FORKS
    assert statuses.all?(&:success?), statuses.join("\n")
    FORKS.times { |number| assert_equal '{"version":1}', store.get("features", "child-#{number}") }
  end

  def test_a_child_that_never_uses_the_store_exits_in_time
    store = Engine.store(__method__)
    store.get("features", "absent")
    assert_predicate wait_for(fork { exit(0) }), :success?
    assert_nil store.get("features", "absent")
  end

  # As Resque does: a parent that never ends forks a child for each job, and each job ends by exit!.
  def test_a_child_for_each_job_while_the_parent_goes_on
    store = adapter
    store.upsert(KIND, { key: "job", version: 1 })
    before = descriptors
    60.times do |number|
      child = Process.fork do
        good = store.get(KIND, "job")[:version] == number + 1
        store.upsert(KIND, { key: "job", version: number + 2 })
        exit!(good && store.initialized? == false)
      end
      assert_predicate wait_for(child), :success?
      assert_equal number + 2, store.get(KIND, "job")[:version]
    end
    # Fewer where stores of other tests were collected.
    assert_operator descriptors, :<=, before
  end

  # With --preload, puma forks its workers from a process that has made the store and used it.
  def test_workers_of_a_puma_cluster
    adapter("cluster").upsert(KIND, { key: "flag", version: 1 })
    port = TCPServer.open("127.0.0.1", 0) { |free| free.addr[1] }
    command = ["puma", "--preload", "--workers", "3", "--threads", "2:2", "--quiet", "--bind", "tcp://127.0.0.1:#{port}",
               File.join(__dir__, "cluster_app.ru")]
    output = Tempfile.new("puma")
    puma = Process.detach(Process.spawn({ "ENDPOINT" => Engine.running.endpoint, "TABLE" => Engine::TABLE }, *command, %i[out err] => output.path))
    answers = Hash.new(0)
    Timeout.timeout(60) do
      until answers.size == 3 && answers.values.sum > 200
        body = get("http://127.0.0.1:#{port}/")
        answers[body] += 1 if body
      end
    end
    pids = answers.keys.map { |body| body.split.first }.uniq
    assert_equal 3, pids.size, answers.inspect
    assert(answers.keys.all? { |body| body.end_with?(" 1") }, answers.inspect)
    Process.kill(:TERM, puma.pid)
    assert puma.join(CHILD_SECONDS), "puma did not end"
    refute_match(/error|killed|ld_dynamo_store/i, File.read(output.path))
  rescue Timeout::Error
    flunk File.read(output.path)
  ensure
    Process.kill(:KILL, puma.pid) if puma&.alive?
  end

  private

  KIND = { namespace: "things" }.freeze

  def adapter(prefix = "jobs")
    LdDynamoStore::LaunchDarkly.new_feature_store(
      Engine::TABLE, { prefix: prefix, expiration: 0, options: Engine.options(nil).slice(:endpoint, :region, :credentials), logger: Logger.new(nil) }
    )
  end

  # A connection each, so that every worker gets its share.
  def get(address)
    answer = Net::HTTP.get_response(URI(address))
    assert_equal "200", answer.code, answer.body
    answer.body
  rescue SystemCallError
    sleep 0.05
    nil
  end

  def descriptors
    Dir.children("/proc/self/fd").size
  end

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
