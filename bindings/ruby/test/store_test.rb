# frozen_string_literal: true

require "engine"
require "logger"
require "socket"
require "stringio"

class StoreTest < Minitest::Test
  FLAG = '{"key":"flag","version":2,"on":true,"name":"Grüße"}'

  def test_writes_and_reads
    LdDynamoStore::Store.open(Engine::TABLE, **Engine.options(__method__)) do |store|
      assert_predicate store, :available?
      refute_predicate store, :initialized?
      assert_nil store.init({ features: { flag: JSON.parse(FLAG) }, segments: {} })
      assert_predicate store, :initialized?
      assert_equal FLAG, store.get("features", "flag")
      assert_equal Encoding::UTF_8, store.get(:flags, "flag").encoding
      assert_nil store.get("features", "absent")
      assert_equal({ "flag" => JSON.parse(FLAG) }, JSON.parse(store.all("features")))
      assert_equal "{}", store.all("segments")
      assert_kind_of Hash, JSON.parse(store.stats)
    end
  end

  def test_upsert_tells_what_became_of_the_item
    Engine.store(__method__).then do |store|
      assert_predicate store.upsert("features", "flag", FLAG), :written?
      older = store.upsert("features", "flag", { version: 1 })
      assert_predicate older, :not_newer?
      assert_equal FLAG, older.stored
      large = store.upsert("features", "flag", { version: 3, filler: "x" * 401_000 })
      assert_predicate large, :too_large?
      assert_nil large.stored
      assert_equal FLAG, store.get("features", "flag")
    end
  end

  def test_big_segments_of_an_empty_table_are_nil
    store = Engine.store(__method__)
    assert_nil store.big_segments_metadata
    assert_nil store.big_segments_membership("hash")
  end

  def test_a_failure_has_its_class_status_and_service_code
    store = LdDynamoStore::Store.new("no-such-table", **Engine.options(__method__))
    error = assert_raises(LdDynamoStore::TableNotFoundError) { store.get("features", "flag") }
    assert_equal LdDynamoStore::Status::TABLE_NOT_FOUND, error.status
    assert_equal "ResourceNotFoundException", error.service_code
    assert_includes error.message, "no-such-table"
    refute_predicate error, :retriable?
    refute_predicate store, :available?
    assert_raises(LdDynamoStore::ServiceError) { store.check_available }
  end

  def test_an_unreachable_endpoint_is_retriable
    store = Engine.store(__method__, endpoint: "http://127.0.0.1:1", operation_timeout_ms: 1500)
    error = assert_raises(LdDynamoStore::UnreachableError) { store.all("features") }
    assert_predicate error, :retriable?
    assert_nil error.service_code
    refute_predicate store, :available?
  end

  def test_a_wrong_configuration_names_the_key
    error = assert_raises(LdDynamoStore::ConfigurationError) { LdDynamoStore::Store.new("table", tabel: 1) }
    assert_includes error.message, "tabel"
    assert_raises(LdDynamoStore::InvalidJsonError) { LdDynamoStore::Store.from_json("{") }
  end

  def test_arguments_that_cannot_be_sent_are_refused
    store = Engine.store(__method__)
    assert_includes assert_raises(LdDynamoStore::InvalidArgumentError) { store.get(nil, "flag") }.message, "kind"
    error = assert_raises(LdDynamoStore::InvalidUtf8Error) { store.get("features", "flag\xff") }
    assert_includes error.message, "4"
    assert_raises(LdDynamoStore::InvalidKindError) { store.all("a\0b") }
    assert_raises(LdDynamoStore::InvalidKeyError) { store.upsert("features", "a\0b", FLAG) }
    assert_nil store.get("features", "a\0b")
    assert_raises(TypeError) { store.get("features", 7) }
    assert_raises(LdDynamoStore::InvalidItemError) { store.upsert("features", "flag", {}) }
  end

  def test_a_nul_is_told_with_the_name_of_its_argument
    store = Engine.store(__method__)
    {
      "kind" => -> { store.upsert("\0", "\0", "{}") }, "key" => -> { store.upsert("features", "\0", "\0") },
      "item" => -> { store.upsert("features", "a", "\0") }, "data" => -> { store.init("\0") },
      "patch" => -> { store.big_segments_apply_patch("\0") }, "credentials" => -> { store.set_credentials("\0") },
      "configuration" => -> { LdDynamoStore::Store.from_json("\0") }
    }.each do |name, call|
      error = assert_raises(LdDynamoStore::InvalidArgumentError, name, &call)
      assert_equal "#{name} has a NUL character at byte 0", error.message
    end
  end

  def test_text_of_another_encoding_is_sent_as_utf8
    store = Engine.store(__method__)
    store.upsert("features", "Gr\u00fc\u00dfe".encode("ISO-8859-1"), FLAG)
    assert_equal FLAG, store.get("features", "Grüße")
  end

  def test_a_hash_that_is_no_json_is_refused
    store = Engine.store(__method__)
    circle = { version: 1 }
    circle[:circle] = circle
    [circle, { version: 1, text: "\xff" }, { version: 1, text: "\xff".b }, { version: 1, number: Float::NAN }].each do |item|
      assert_includes assert_raises(LdDynamoStore::InvalidJsonError) { store.upsert("features", "flag", item) }.message, 'argument "item" is not JSON'
    end
    assert_raises(LdDynamoStore::InvalidJsonError) { store.init({ features: { flag: circle } }) }
    error = assert_raises(LdDynamoStore::InvalidUtf8Error) { store.get("features", "\x81".dup.force_encoding("Windows-1252")) }
    assert_includes error.message, "key is not text in Windows-1252"
  end

  def test_options_that_json_cannot_have
    { region: Float::NAN, prefix: "wrong \xff", credentials: { access_key_id: "a", secret_access_key: "hidden\xff" } }.each do |name, value|
      error = assert_raises(LdDynamoStore::ConfigurationError) { LdDynamoStore::Store.new("table", name => value) }
      assert_includes error.message, "option #{name} cannot be written as JSON: text must be UTF-8"
      assert_nil error.cause
    end
    store = LdDynamoStore::Store.new("table", region: "us-east-1", credentials: "pushed")
    error = assert_raises(LdDynamoStore::InvalidJsonError) { store.set_credentials({ access_key_id: "a", secret_access_key: "hidden\xff" }) }
    refute_includes error.message, "hidden"
    assert_nil error.cause
  end

  def test_the_table_may_be_an_option
    options = Engine.options(__method__, table: Engine::TABLE)
    assert_nil(LdDynamoStore::Store.open(**options) { |store| store.get("features", "flag") })
    assert_includes assert_raises(LdDynamoStore::ConfigurationError) { LdDynamoStore::Store.new }.message, "table"
    [Engine::TABLE, nil].each { |table| assert_nil LdDynamoStore::Store.new(Engine::TABLE, **options, table: table).get("features", "flag") }
    error = assert_raises(LdDynamoStore::ConfigurationError) { LdDynamoStore::Store.new("first", **options, table: "second") }
    assert_equal 'table is given twice, as "first" and as the option table: "second"', error.message
  end

  # A copy would call a native store that the finalizer of the other one has freed.
  def test_a_store_cannot_be_copied
    store = Engine.store(__method__)
    { dup: {}, clone: {}, "clone frozen": { freeze: true } }.each do |call, how|
      error = assert_raises(TypeError) { store.public_send(call[/\w+/], **how) }
      assert_includes error.message, "a store cannot be copied"
    end
    assert_raises(TypeError) { LdDynamoStore::Store.allocate.dup }
    assert_nil store.get("features", "flag")
  end

  def test_what_is_no_logger_is_refused
    store = Engine.store(__method__)
    ["log", true, false, $stdout, Object.new, Class.new { def debug(_) = nil }.new].each do |wrong|
      error = assert_raises(TypeError) { store.logger = wrong }
      assert_match(/\Alogger must be a Logger, .*#{wrong.class}/, error.message)
      assert_raises(TypeError) { Engine.store(__method__, logger: wrong) }
    end
    assert_nil store.get("features", "flag")
  end

  def test_a_closed_store_refuses_calls
    store = Engine.store(__method__)
    refute_predicate store, :closed?
    store.close
    store.close
    assert_predicate store, :closed?
    assert_raises(LdDynamoStore::StoreClosedError) { store.get("features", "flag") }
    assert_raises(LdDynamoStore::StoreClosedError) { store.available? }
    assert_raises(LdDynamoStore::StoreClosedError) { store.logger = Logger.new(StringIO.new) }
    refute_includes store.inspect, "secret"
  end

  def test_open_closes_and_returns_what_the_block_returned
    kept = nil
    assert_equal 7, LdDynamoStore::Store.open(Engine::TABLE, **Engine.options(__method__)) { |store| kept = store; 7 }
    assert_predicate kept, :closed?
    assert_raises(RuntimeError) { LdDynamoStore::Store.open(Engine::TABLE, **Engine.options(__method__)) { |store| kept = store; raise "stop" } }
    assert_predicate kept, :closed?
  end

  def test_close_while_other_threads_call_ends_well
    20.times do
      store = Engine.store(__method__)
      threads = Array.new(4) do
        Thread.new do
          loop { store.get("features", "absent") }
        rescue LdDynamoStore::StoreClosedError
          :closed
        end
      end
      sleep 0.005
      store.close
      assert_equal [:closed] * 4, threads.map(&:value)
    end
  end

  def test_other_threads_run_while_one_waits
    # An endpoint that takes connections and never answers.
    silent = TCPServer.new("127.0.0.1", 0)
    store = Engine.store(__method__, endpoint: "http://127.0.0.1:#{silent.addr[1]}", operation_timeout_ms: 400)
    ticks = 0
    waiting = Thread.new { assert_raises(LdDynamoStore::TimedOutError) { store.get("features", "flag") } }
    while waiting.alive?
      ticks += 1
      sleep 0.002
    end
    waiting.join
    assert_operator ticks, :>, 50
  ensure
    silent&.close
  end

  def test_a_logger_gets_messages_until_it_is_replaced
    output = StringIO.new
    store = Engine.store(__method__, logger: Logger.new(output))
    write_too_large(store)
    assert_match(/ERROR.*"large".*too large/, output.string)
    length = output.string.length
    store.logger = Logger.new(File::NULL)
    write_too_large(store)
    store.logger = nil
    write_too_large(store)
    assert_equal length, output.string.length
  end

  def test_messages_are_delivered_before_the_call_raises
    order = []
    store = Engine.store(__method__, endpoint: "http://127.0.0.1:1", log_level: "trace", logger: logger { order << :message })
    assert_raises(LdDynamoStore::UnreachableError) do
      store.get("features", "flag")
    rescue LdDynamoStore::UnreachableError
      order << :error
      raise
    end
    assert_equal %i[message error], order.uniq
    assert_equal :error, order.last
  end

  def test_a_logger_that_raises_does_not_fail_the_call
    broken = Object.new
    def broken.add(*) = raise("broken")
    store = Engine.store(__method__, logger: broken)
    assert_predicate write_too_large(store), :too_large?
  end

  def test_messages_of_a_loggers_own_calls_come_after_its_return_and_have_an_end
    messages = []
    is_inside = false
    store = nil
    own_calls = logger do |_severity, message|
      refute is_inside
      is_inside = true
      messages << message
      write_too_large(store)
      is_inside = false
    end
    store = Engine.store(__method__, logger: own_calls)
    write_too_large(store)
    assert_equal 257, messages.size
    assert_equal "1 more log messages of this call were dropped", messages.pop
    assert_equal 1, messages.uniq.size
  end

  # Each of these leaves a native callback by jumping over the library's frames.
  {
    "Timeout" => ->(call) { assert_raises(Timeout::Error) { Timeout.timeout(0.2) { call.call(-> { sleep }) } } },
    "throw" => ->(call) { assert_equal :thrown, catch(:out) { call.call(-> { throw :out, :thrown }) } },
    "exit" => ->(call) { assert_raises(SystemExit) { call.call(-> { exit }) } },
    "Thread#raise" => lambda do |call|
      main = Thread.current
      assert_raises(NotImplementedError) { call.call(-> { Thread.new { main.raise(NotImplementedError) }; sleep }) }
    end
  }.each do |ending, test|
    define_method("test_a_logger_that_ends_by_#{ending}_ends_the_call_and_nothing_else") do
      end_by = nil
      messages = 0
      store = Engine.store(__method__, logger: logger { messages += 1; end_by&.call })
      instance_exec(->(block) { end_by = block; write_too_large(store) }, &test)
      end_by = nil
      assert_equal 1, messages
      assert_predicate write_too_large(store), :too_large?
      assert_equal 2, messages
    end
  end

  def test_a_thread_that_is_killed_within_a_logger_ends
    begun = Queue.new
    store = Engine.store(__method__, logger: logger { begun << true; sleep })
    thread = Thread.new { write_too_large(store) }
    begun.pop
    thread.kill
    assert thread.join(10)
    store.close
  end

  def test_an_interrupt_during_a_call_comes_when_it_is_over
    silent = TCPServer.new("127.0.0.1", 0)
    messages = 0
    store = Engine.store(__method__, endpoint: "http://127.0.0.1:#{silent.addr[1]}", operation_timeout_ms: 500, log_level: "trace",
                                     logger: logger { messages += 1 })
    main = Thread.current
    Thread.new { sleep 0.1; main.raise(NotImplementedError, "the interrupt") }
    before = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    assert_equal "the interrupt", assert_raises(NotImplementedError) { store.get("features", "flag") }.message
    assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC) - before, :>, 0.4
    assert_operator messages, :>, 0
  ensure
    silent&.close
  end

  def test_a_trap_block_has_to_leave_calls_to_a_thread
    store = Engine.store(__method__)
    results = Queue.new
    attempts = [-> { store.get("features", "flag") }, -> { store.close }, -> { Engine.store("trap") }]
    previous = trap(:USR1) do
      attempts.each { |attempt| results << (attempt.call rescue $!) }
      Thread.new { results << store.get("features", "flag") }
    end
    Process.kill(:USR1, Process.pid)
    attempts.each { assert_kind_of ThreadError, Timeout.timeout(10) { results.pop } }
    assert_nil Timeout.timeout(10) { results.pop }
  ensure
    trap(:USR1, previous || "DEFAULT")
  end

  def test_a_ractor_cannot_have_a_store
    experimental = Warning[:experimental]
    Warning[:experimental] = false
    store = Engine.store(__method__)
    error = assert_raises(Ractor::RemoteError) do
      Ractor.new do
        Thread.current.report_on_exception = false
        LdDynamoStore::Store.new("table")
      end.take
    end
    assert_kind_of Ractor::IsolationError, error.cause
    # A copy would be a second owner of the native store.
    assert_raises(StandardError) { Ractor.new(store) { |given| given }.take }
    assert_nil store.get("features", "flag")
  ensure
    Warning[:experimental] = experimental
  end

  def test_the_finalizer_frees_what_was_never_closed
    before = descriptors
    20.times { Engine.store(__method__).get("features", "absent") }
    GC.start
    # A conservative stack may keep one or two alive.
    assert_operator descriptors, :<, before + 20
  end

  private

  # What is larger than DynamoDB allows is dropped with a message.
  def write_too_large(store)
    store.upsert("features", "large", { version: 1, filler: "x" * 401_000 })
  end

  # A logger that runs a block with severity and message.
  def logger(&block)
    Object.new.tap { |made| made.define_singleton_method(:add) { |severity, message, *| block.call(severity, message) } }
  end

  # How many descriptors this process has open; each store that has made a call has four.
  def descriptors
    Dir.children("/proc/self/fd").size
  end
end
