# frozen_string_literal: true

require "engine"
require "json"
require "logger"
require "net/http"
require "stringio"
require "time"

# Credentials that an object finds: doubles of the AWS SDK's interface, whose requests are signed for the scripted endpoint.
class CredentialsTest < Minitest::Test
  TABLE = "flags"

  # As Aws::Credentials: its own provider.
  Static = Struct.new(:access_key_id, :secret_access_key, :session_token) do
    def credentials
      self
    end
  end

  # As a provider that renews: each answer is an id and how many seconds it lasts, or an exception.
  class Renewing
    attr_reader :asked, :expiration

    def initialize(*answers)
      @answers = answers
      @asked = 0
    end

    def credentials
      @asked += 1
      id, seconds = @answers.size > 1 ? @answers.shift : @answers.first
      raise id if id.is_a?(Exception)

      @expiration = Time.now + seconds
      Static.new(id, "secret of #{id}", "token")
    end
  end

  class << self
    def endpoint
      @endpoint ||= begin
        @pipe = IO.popen([File.join(ROOT, "target/release/fake-dynamodb"), "--exit-with-stdin", "--create-table", TABLE], "r+")
        Timeout.timeout(20) { @pipe.gets }.strip
      end
    end
  end

  def store(credentials, **more)
    LdDynamoStore::Store.new(TABLE, endpoint: self.class.endpoint, region: "us-east-1", cache_ttl_ms: 0, credentials: credentials, **more)
  end

  def last_request
    JSON.parse(Net::HTTP.get(URI("#{self.class.endpoint}/_control/headers/last")))
  end

  def signed_by(store)
    store.check_available
    last_request.fetch("access_key_id")
  end

  # Has the store ask again, as if the time had passed.
  def let_time_pass(store)
    store.instance_variable_get(:@renewal).instance_variable_set(:@next_look, 0)
  end

  def test_credentials_of_the_sdk
    assert_equal "static", signed_by(store(Static.new("static", "secret", nil)))
    refute_includes last_request.fetch("names"), "x-amz-security-token"
    provider = Renewing.new(["of-a-client", 3600])
    client = Struct.new(:config).new(Struct.new(:credentials).new(provider))
    assert_equal "of-a-client", signed_by(store(client.config))
    expired = Struct.new(:credentials).new(Renewing.new(["of-a-client", -1]))
    assert_raises(LdDynamoStore::NoCredentialsError) { store(expired).check_available }
    assert_includes last_request.fetch("names"), "x-amz-security-token"
  end

  def test_they_are_renewed_before_they_expire
    provider = Renewing.new(["first", 3600], ["second", 299], ["third", 299])
    store = store(provider)
    assert_equal 0, provider.asked
    3.times { assert_equal "first", signed_by(store) }
    assert_equal 1, provider.asked
    let_time_pass(store)
    assert_equal "second", signed_by(store)
    sleep 1.1
    assert_equal "third", signed_by(store)
    store.stats
    assert_equal 3, provider.asked
  end

  def test_what_tells_no_expiration_or_a_late_one_is_asked_for_every_fifteen_minutes
    [Static.new("static", "secret", nil), Renewing.new(["late", 1300]), Renewing.new(["later", 7200])].each do |provider|
      store = store(provider)
      signed_by(store)
      due = store.instance_variable_get(:@renewal).instance_variable_get(:@next_look)
      assert_in_delta 900, due - Process.clock_gettime(Process::CLOCK_MONOTONIC), 10
    end
  end

  def test_a_first_failure_is_raised
    provider = Renewing.new([IOError.new("the sign-on\nhas ended")], ["later", 3600])
    store = store(provider)
    error = assert_raises(LdDynamoStore::NoCredentialsError) { store.get("features", "flag") }
    assert_includes error.message, "IOError: the sign-on has ended"
    assert_kind_of IOError, error.cause
    assert_predicate error, :retriable?
    let_time_pass(store)
    assert_equal "later", signed_by(store)
    provider = Struct.new(:credentials).new(nil)
    nobody = assert_raises(LdDynamoStore::NoCredentialsError) { store(provider).get("features", "flag") }
    assert_includes nobody.message, "the #{provider.class} has none"
    wrong = store(Static.new("line\n", "secret", nil))
    assert_includes assert_raises(LdDynamoStore::ConfigurationError) { wrong.get("features", "flag") }.message, "access_key_id"
  end

  def test_those_who_wait_for_the_first_ones_fail_together
    asked = 0
    provider = Object.new
    provider.define_singleton_method(:credentials) { asked += 1; sleep 1.2; raise IOError, "not now" }
    store = store(provider)
    threads = Array.new(4) { Thread.new { assert_raises(LdDynamoStore::NoCredentialsError) { store.get("features", "flag") } } }
    threads.each(&:join)
    assert_equal 1, asked
  end

  def test_a_later_failure_is_logged_once_a_minute
    output = StringIO.new
    store = store(Renewing.new(["first", 3600], [IOError.new("not now")]), logger: Logger.new(output))
    3.times do
      assert_equal "first", signed_by(store)
      let_time_pass(store)
    end
    assert_equal 1, output.string.scan("were not renewed, and those that are known are used: IOError: not now").size, output.string
    renewal = store.instance_variable_get(:@renewal)
    assert_in_delta 60, renewal.instance_variable_get(:@next_warning) - Process.clock_gettime(Process::CLOCK_MONOTONIC), 10
    renewal.instance_variable_set(:@next_warning, 0)
    let_time_pass(store)
    signed_by(store)
    assert_equal 2, output.string.scan("were not renewed").size, output.string
  end

  def test_who_fails_is_asked_again_after_a_second
    provider = Renewing.new(["first", 3600], [IOError.new("not now")])
    store = store(provider, logger: Logger.new(nil))
    signed_by(store)
    let_time_pass(store)
    3.times { signed_by(store) }
    assert_equal 2, provider.asked
    due = store.instance_variable_get(:@renewal).instance_variable_get(:@next_look)
    assert_in_delta 0.5, due - Process.clock_gettime(Process::CLOCK_MONOTONIC), 0.5
  end

  def test_expired_ones_are_not_sent
    store = store(Renewing.new(["old", -1]))
    error = assert_raises(LdDynamoStore::NoCredentialsError) { store.check_available }
    assert_includes error.message, "expired at"
    assert_predicate error, :retriable?
  end

  # A provider that tells what it is given.
  Telling = Struct.new(:expiration) do
    def credentials
      Static.new("telling", "secret", nil)
    end
  end

  def test_forms_of_an_expiration
    time = Time.at(Time.now.to_i + 600)
    [
      time, time.to_i, time.to_f, time.to_r, time.to_datetime, time.utc.iso8601, time.getlocal("+02:00").iso8601(3)
    ].each do |expiration|
      store = store(Telling.new(expiration))
      assert_equal "telling", signed_by(store), expiration.inspect
      due = store.instance_variable_get(:@renewal).instance_variable_get(:@next_look)
      assert_in_delta 300, due - Process.clock_gettime(Process::CLOCK_MONOTONIC), 20, expiration.inspect
      expired = time - 3600
      expired = { Integer => expired.to_i, Float => expired.to_f, Rational => expired.to_r, DateTime => expired.to_datetime,
                  String => expired.utc.iso8601 }.fetch(expiration.class, expired)
      error = assert_raises(LdDynamoStore::NoCredentialsError) { store(Telling.new(expired)).check_available }
      assert_includes error.message, "expired at #{(time - 3600).utc.iso8601}"
    end
  end

  def test_an_expiration_that_is_no_time
    ["hidden", "", "2040", "2040-13-01T00:00:00Z", Float::NAN, Float::INFINITY, :hidden, ["hidden"], Date.today, true].each do |wrong|
      provider = Telling.new(wrong)
      error = assert_raises(LdDynamoStore::NoCredentialsError, wrong.inspect) { store(provider).check_available }
      assert_includes error.message, "the expiration, of class #{wrong.class}, is no Time"
      refute_match(/hidden|1970-/, error.message)
      provider.expiration = Time.now + 3600
      output = StringIO.new
      store = store(provider, logger: Logger.new(output))
      signed_by(store)
      provider.expiration = wrong
      let_time_pass(store)
      assert_equal "telling", signed_by(store)
      assert_includes output.string, "were not renewed, and those that are known are used: ArgumentError: the expiration, of class #{wrong.class}"
    end
    milliseconds = store(Telling.new((Time.now.to_i + 3600) * 1000))
    assert_includes assert_raises(LdDynamoStore::ConfigurationError) { milliseconds.check_available }.message, "expires_ms"
  end

  def test_a_thread_that_renews_holds_up_no_other
    entered = Queue.new
    go_on = Queue.new
    provider = Static.new("static", "secret", nil)
    store = store(provider)
    signed_by(store)
    provider.define_singleton_method(:credentials) { entered << true; go_on.pop; self }
    let_time_pass(store)
    thread = Thread.new { store.check_available }
    entered.pop
    assert_equal "static", signed_by(store)
    go_on << true
    assert thread.join(10)
  end

  def test_children_have_them_while_a_thread_renews
    parent = Process.pid
    given = Static.new("inherited", "secret", nil)
    provider = Struct.new(:find) { def credentials = find.call }.new(-> { given })
    store = store(provider)
    signed_by(store)
    entered = Queue.new
    provider.find = -> { Process.pid == parent ? (entered << true; sleep) : Static.new("child", "secret", nil) }
    let_time_pass(store)
    thread = Thread.new { store.check_available }
    entered.pop
    child = Process.fork do
      inherited = signed_by(store)
      let_time_pass(store)
      exit!(inherited == "inherited" && signed_by(store) == "child")
    end
    assert_predicate Process.detach(child).value, :success?
    assert_equal "inherited", signed_by(store)
  ensure
    thread&.kill
  end

  # A store whose first look for credentials waits in a thread, while later looks find some.
  def store_with_a_look_under_way
    entered = Queue.new
    answers = [-> { entered << true; sleep }]
    provider = Object.new
    provider.define_singleton_method(:credentials) { answers.shift&.call || Static.new("found", "secret", nil) }
    store = store(provider)
    thread = Thread.new { store.check_available }
    entered.pop
    [store, thread]
  end

  def test_a_child_forked_during_the_first_look_looks_itself
    store, thread = store_with_a_look_under_way
    child = Process.fork { exit!(signed_by(store) == "found") }
    assert_predicate Process.detach(child).value, :success?
  ensure
    thread&.kill
  end

  def test_who_waited_for_a_thread_that_was_killed_looks_itself
    store, thread = store_with_a_look_under_way
    waiter = Thread.new { signed_by(store) }
    Thread.pass until waiter.stop?
    thread.kill
    assert_equal "found", waiter.value
  end

  def test_credentials_that_are_no_text
    ["secret\xff", "secret\xff".b].each do |secret|
      error = assert_raises(LdDynamoStore::NoCredentialsError) { store(Static.new("a", secret, nil)).check_available }
      assert_includes error.message, "is not text in UTF-8"
      refute_includes error.message, "secret\xff".scrub
      assert_nil error.cause.cause
    end
    long = store(Renewing.new([IOError.new("wrong \xff".b * 100)]))
    message = assert_raises(LdDynamoStore::NoCredentialsError) { long.check_available }.message
    assert_predicate message, :valid_encoding?
    assert_operator message.size, :<=, 300
  end

  # An interrupt at the end of the call that takes the lock, from where the lock was left taken for ever.
  %i[lock try_lock].each do |call|
    define_method("test_an_interrupt_at_the_end_of_#{call}_leaves_the_lock_free") do
      provider = Renewing.new(["first", 3600])
      store = store(provider)
      signed_by(store) if call == :try_lock
      let_time_pass(store)
      renewing = store.instance_variable_get(:@renewal).instance_variable_get(:@renewing)
      main = Thread.current
      interrupts = 1
      interrupt = TracePoint.new(:c_return) do |event|
        next unless event.method_id == call && event.self.equal?(renewing) && (interrupts -= 1) == 0

        Thread.new { main.raise(NotImplementedError, "the interrupt") }.join
      end
      assert_raises(NotImplementedError) { interrupt.enable(target_thread: main) { store.check_available } }
      refute_predicate renewing, :locked?
      let_time_pass(store)
      assert_equal "first", Timeout.timeout(10) { signed_by(store) }
      assert_equal call == :lock ? 1 : 2, provider.asked
    end
  end

  def test_who_waits_for_the_first_ones_may_be_interrupted
    store, thread = store_with_a_look_under_way
    assert_raises(Timeout::Error) { Timeout.timeout(0.2) { store.check_available } }
    thread.kill.join
    assert_equal "found", signed_by(store)
  ensure
    thread&.kill
  end

  def test_an_object_that_calls_the_store_it_is_asked_by
    store = nil
    provider = Struct.new(:find) { def credentials = find.call }.new(-> { store.check_available })
    store = store(provider)
    assert_includes assert_raises(LdDynamoStore::NoCredentialsError) { store.check_available }.message, "ThreadError"
    provider.find = -> { Static.new("first", "secret", nil) }
    let_time_pass(store)
    assert_equal "first", signed_by(store)
    renewing = store.instance_variable_get(:@renewal).instance_variable_get(:@renewing)
    provider.find = lambda do
      let_time_pass(store)
      store.check_available
      Static.new(renewing.owned?.to_s, "secret", nil)
    end
    let_time_pass(store)
    assert_equal "true", signed_by(store)
  end

  # As a provider of the AWS SDK that has found nothing.
  [[nil, nil], ["", ""], ["id", nil], [nil, "secret"], ["id", ""]].each do |id, secret|
    define_method("test_credentials_of_#{id.inspect}_and_#{secret.inspect}_are_none") do
      store = store(Struct.new(:credentials).new(Static.new(id, secret, nil)))
      error = assert_raises(LdDynamoStore::NoCredentialsError) { store.get("features", "flag") }
      assert_match(/has none\z/, error.message)
      assert_predicate error, :retriable?
      assert_equal false, store.available?
    end
  end

  def test_a_provider_that_finds_nothing_any_more
    output = StringIO.new
    provider = Static.new("first", "secret", nil)
    store = store(provider, logger: Logger.new(output))
    signed_by(store)
    provider.access_key_id = provider.secret_access_key = nil
    let_time_pass(store)
    assert_equal "first", signed_by(store)
    assert_match(/those that are known are used: ArgumentError: .* has none$/, output.string)
  end

  def test_pushed_by_hand
    store = store("pushed")
    assert_includes assert_raises(LdDynamoStore::NoCredentialsError) { store.check_available }.message, "pushed"
    assert_nil store.set_credentials({ access_key_id: "by-hand", secret_access_key: "secret", session_token: nil })
    assert_equal "by-hand", signed_by(store)
    store.set_credentials('{"access_key_id":"old","secret_access_key":"secret","expires_ms":1000}')
    assert_predicate assert_raises(LdDynamoStore::NoCredentialsError) { store.check_available }, :retriable?
    error = assert_raises(LdDynamoStore::ConfigurationError) { store.set_credentials({ secret: "hidden" }) }
    refute_includes error.message, "hidden"
    store.close
    assert_raises(LdDynamoStore::StoreClosedError) { store.set_credentials({}) }
    other = store({ access_key_id: "local", secret_access_key: "local" })
    assert_raises(LdDynamoStore::ConfigurationError) { other.set_credentials({ access_key_id: "a", secret_access_key: "b" }) }
    assert_raises(LdDynamoStore::ConfigurationError) { store(Static.new("a", "b", nil), share: true) }
  end

  def test_a_closed_store_asks_nobody
    provider = Renewing.new(["first", 3600])
    store = store(provider)
    store.close
    assert_raises(LdDynamoStore::StoreClosedError) { store.get("features", "flag") }
    assert_equal 0, provider.asked
  end
end
