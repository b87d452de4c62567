# frozen_string_literal: true

require "delegate"
require "pathname"
require "sdk"

# Options of the official store and what becomes of them.
class DynamoDBOptionsTest < Minitest::Test
  include AdapterTest

  OPTIONS = LdDynamoStore::LaunchDarkly.const_get(:DynamoDBOptions)
  UNSUPPORTED = LdDynamoStore::LaunchDarkly::UnsupportedOptionError
  # As Aws::Credentials.
  PROVIDER = Struct.new(:access_key_id, :secret_access_key, :session_token) { def credentials = self }.new("of-provider", "secret", nil)

  [
    [{}, {}],
    [{ region: "eu-west-1" }, { region: "eu-west-1" }],
    [{ endpoint: "http://127.0.0.1:1" }, { endpoint: "http://127.0.0.1:1" }],
    [{ endpoint: URI("http://127.0.0.1:1") }, { endpoint: "http://127.0.0.1:1" }],
    [{ profile: "p" }, { profile: "p" }],
    [{ access_key_id: "a", secret_access_key: "b" }, { credentials: { access_key_id: "a", secret_access_key: "b" } }],
    [{ access_key_id: "a", secret_access_key: "b", session_token: "c" },
     { credentials: { access_key_id: "a", secret_access_key: "b", session_token: "c" } }],
    [{ credentials: PROVIDER }, { credentials: PROVIDER }],
    [{ credentials: PROVIDER, access_key_id: "a", secret_access_key: "b" }, { credentials: PROVIDER }],
    [{ region: nil, access_key_id: nil, logger: nil }, {}],
    [{ ssl_ca_bundle: "/ca.pem", ssl_verify_peer: true }, { ca_bundle: "/ca.pem" }],
    [{ http_proxy: "http://proxy:1" }, { proxy: "http://proxy:1" }],
    [{ http_open_timeout: 0.25, http_read_timeout: 0.5 }, { connect_timeout_ms: 250, attempt_timeout_ms: 750 }],
    [{ http_read_timeout: 0.5 }, { attempt_timeout_ms: 1500 }],
    [{ http_open_timeout: 0 }, { connect_timeout_ms: 1, attempt_timeout_ms: 2001, operation_timeout_ms: 6003 }],
    [{ http_open_timeout: 2, http_read_timeout: 10 }, { connect_timeout_ms: 2000, attempt_timeout_ms: 12_000, operation_timeout_ms: 36_000 }],
    [{ retry_limit: 0 }, { max_attempts: 1 }],
    [{ retry_limit: 4 }, { max_attempts: 5, operation_timeout_ms: 10_000 }],
    [{ max_attempts: 2, retry_limit: 8 }, { max_attempts: 2 }],
    [{ max_attempts: 2.0 }, { max_attempts: 2 }],
    [{ max_attempts: "2", http_open_timeout: "0.5" }, { max_attempts: 2, connect_timeout_ms: 500, attempt_timeout_ms: 2500 }],
    [{ region: :"eu-west-1", ssl_ca_bundle: Pathname("/ca.pem") }, { region: "eu-west-1", ca_bundle: "/ca.pem" }],
    [{ retry_mode: "standard" }, { retry_mode: "standard" }],
    [{ retry_mode: "adaptive" }, { retry_mode: "adaptive" }],
    [{ validate_params: true, convert_params: true, compute_checksums: true, use_fips_endpoint: false, api_version: "2012-08-10" }, {}]
  ].each_with_index do |(options, settings), number|
    define_method("test_translation_#{number}") { assert_equal settings, OPTIONS.new(options).settings }
  end

  [
    [{ ssl_verify_peer: false }, "ssl_verify_peer", "ssl_ca_bundle"],
    [{ ssl_ca_directory: "/" }, "ssl_ca_directory", "ssl_ca_bundle"],
    [{ ssl_cert: 1 }, "ssl_cert", "proxy"],
    [{ api_version: "2011-12-05" }, "api_version", "2012-08-10"],
    [{ logger: 1 }, "logger", "of its own, as logger"],
    [{ stub_responses: true }, "stub_responses", "endpoint"],
    [{ use_dualstack_endpoint: true }, "use_dualstack_endpoint", "endpoint"],
    [{ retry_mode: "legacy" }, 'retry_mode "legacy"', '"standard"'],
    [{ credentials: "abc" }, "an object of String as credentials", "access_key_id"],
    [{ profile: "p", access_key_id: "abc", secret_access_key: "abc" }, "profile beside access_key_id", "leave out access_key_id of dynamodb_opts"],
    [{ profile: "p", credentials: PROVIDER }, "profile beside credentials", "leave out profile, or"],
    [{ ("x" * 500).to_sym => 1 }, "x" * 60, "leave it out"],
    [{ telemetry_provider: 1 }, "telemetry_provider", "leave it out"],
    [{ no_such_thing: 1 }, "no_such_thing", "leave it out"],
    [{ regoin: 1 }, "regoin", "did you mean region?"],
    [{ endpoint_url: 1 }, "endpoint_url", "did you mean endpoint?"],
    [{ aws_access_key_id: 1 }, "aws_access_key_id", "did you mean access_key_id?"],
    [{ http_timeout: 1 }, "http_timeout", "did you mean http_"],
    [{ prefix: "p" }, "prefix", "beside dynamodb_opts"],
    [{ "region" => "eu-west-1" }, "region", "symbols: :region"]
  ].each do |options, named, advice|
    define_method("test_refusal_of_#{named}") do
      [:new_feature_store, :new_big_segment_store].each do |make|
        error = assert_raises(UNSUPPORTED) { LdDynamoStore::LaunchDarkly.public_send(make, "table", { dynamodb_opts: options }) }
        assert_includes error.message, "dynamodb_opts: #{named} is not supported; "
        assert_includes error.message, advice
        refute_includes error.message, "abc"
      end
    end
  end

  # Options that may be given as they are by default.
  {
    api_version: "2012-08-10", compute_checksums: true, convert_params: true, correct_clock_skew: true, endpoint_discovery: false,
    http_wire_trace: false, raise_response_errors: true, simple_attributes: true, ssl_verify_peer: true, stub_responses: false,
    use_dualstack_endpoint: false, use_fips_endpoint: false, validate_params: true
  }.each do |name, usual|
    define_method("test_#{name}_may_only_be_#{usual}") do
      assert_empty OPTIONS.new({ name => usual }).settings
      assert_raises(UNSUPPORTED) { OPTIONS.new({ name => usual == true ? false : true }).settings }
    end
  end

  def test_half_of_the_credentials
    assert_includes assert_raises(ArgumentError) { OPTIONS.new({ access_key_id: "a" }).settings }.message, "secret_access_key is missing"
    assert_includes assert_raises(ArgumentError) { OPTIONS.new({ session_token: "a" }).settings }.message, "access_key_id is missing"
  end

  {
    http_read_timeout: ["a number of seconds from 0", "abc", -1, -0.001, false, Float::NAN, Float::INFINITY],
    http_open_timeout: ["a number of seconds from 0", [], -5],
    max_attempts: ["a whole number from 1", "many", "2.9", 2.9, 0, -1, true, 5r / 2],
    retry_limit: ["a whole number from 0", {}, 0.5, -1, Float::NAN],
    region: ["text", false, 7, [], {}], endpoint: ["text", true], profile: ["text", false], http_proxy: ["text", false, { password: "abc" }],
    ssl_ca_bundle: ["text", 1]
  }.each do |name, (what, *values)|
    define_method("test_a_wrong_value_of_#{name}") do
      values.each do |value|
        error = assert_raises(ArgumentError, value.inspect) { OPTIONS.new({ name => value }).settings }
        assert_equal "dynamodb_opts: #{name} must be #{what}, not #{what == "text" ? "of class #{value.class}" : value.inspect}", error.message
      end
    end
  end

  %i[http_read_timeout http_open_timeout max_attempts retry_limit].each do |name|
    define_method("test_a_wrong_text_of_#{name}") do
      long = assert_raises(ArgumentError) { OPTIONS.new({ name => "x" * 1000 }, global: [name]).settings }.message
      assert_includes long, "Aws.config: #{name} must be"
      assert_operator long.size, :<, 300
    end
  end

  def test_options_of_the_factories
    { read_only: "options", region: "give it in dynamodb_opts", expiry: "expiration", "prefix" => "symbols: :prefix" }.each do |name, advice|
      error = assert_raises(UNSUPPORTED) { LdDynamoStore::LaunchDarkly.new_feature_store("table", { name => "x" }) }
      assert_includes error.message, advice
    end
    {
      cache_ttl_ms: "expiration", stale_on_error: "the SDK caches", logger: "option of its own, beside options", library: "option of its own", prefix: "option of its own",
      table: "first argument", "prefix" => "symbols, not strings", "cache_ttl_ms" => "symbols, not strings"
    }.each do |name, advice|
      [:new_feature_store, :new_big_segment_store].each do |make|
        error = assert_raises(UNSUPPORTED) { LdDynamoStore::LaunchDarkly.public_send(make, "table", opts(options: { name => "x" })) }
        assert_includes error.message, "options: #{name} is not supported; "
        assert_includes error.message, advice
      end
    end
    error = assert_raises(UNSUPPORTED) { feature_store(options: { "wrong \xff\n" * 100 => 1 }) }
    assert_match(/\Aoptions: wrong .* symbols, not strings\z/, error.message)
    assert_operator error.message.size, :<, 300
    assert_raises(UNSUPPORTED) { feature_store(options: { stale_on_error: true }) }
    assert_nil feature_store(options: { cache_ttl_ms: 0, stale_on_error: false }).get(FEATURES, "a")
    assert_raises(LdDynamoStore::ConfigurationError) { feature_store(options: { tabel: 1 }) }
    assert_raises(LdDynamoStore::ReadOnlyError) { feature_store(options: { read_only: true }).upsert(FEATURES, flag("a", 1)) }
    assert_raises(LdDynamoStore::LibraryNotFoundError) { feature_store(library: "/nowhere.so") }
  end

  # What a store under the SDK is made with; the rest has the library's defaults, such as 300 seconds for an init.
  def test_the_store_under_the_sdk_is_told_no_more
    given = { prefix: "p", dynamodb_opts: { region: "eu-west-1" }, options: { region: "us-east-1", consistent_reads: false }, library: "/l.so" }
    { given => { prefix: "p", region: "us-east-1", consistent_reads: false, cache_ttl_ms: 0, library: "/l.so" },
      {} => { prefix: nil, cache_ttl_ms: 0, library: nil } }.each do |options, expected|
      %i[new_feature_store new_big_segment_store].each do |make|
        told = nil
        LdDynamoStore::Store.stub(:new, ->(*table, **settings) { told = [table, settings.except(:logger)] }) do
          LdDynamoStore::LaunchDarkly.public_send(make, "table", options)
        end
        assert_equal [["table"], expected], told
      end
    end
  end

  # What the AWS SDK for Ruby has: Aws.config.
  def with_global(config)
    own = Object.send(:remove_const, :Aws) if defined?(::Aws)
    aws = Object.const_set(:Aws, Module.new)
    aws.define_singleton_method(:config) { config }
    yield
  ensure
    Object.send(:remove_const, :Aws)
    Object.const_set(:Aws, own) if own
  end

  def test_options_that_the_program_has_set_for_all_clients
    with_global({ region: "eu-west-1", credentials: PROVIDER, logger: 1, s3: { force_path_style: true } }) do
      assert_equal({ region: "eu-west-1", credentials: PROVIDER }, OPTIONS.with_global_options({}).settings)
      assert_equal "us-east-1", OPTIONS.with_global_options({ region: "us-east-1" }).settings.fetch(:region)
    end
    with_global({ region: "eu-west-1", dynamodb: { endpoint: "http://h:1", region: "eu-west-2" } }) do
      assert_equal({ region: "eu-west-2", endpoint: "http://h:1" }, OPTIONS.with_global_options({}).settings)
    end
    with_global({ dynamodb: { stub_responses: true, logger: 1 } }) do
      assert_raises(UNSUPPORTED) { OPTIONS.with_global_options({}).settings }
    end
    with_global({ profile: "p" }) do
      message = assert_raises(UNSUPPORTED) { OPTIONS.with_global_options(KEYS).settings }.message
      assert_includes message, "Aws.config: profile beside access_key_id"
      assert_includes message, "set profile: nil in dynamodb_opts, or leave out access_key_id of dynamodb_opts"
      assert_equal({ credentials: KEYS }, OPTIONS.with_global_options({ profile: nil, **KEYS }).settings)
    end
  end

  { use_fips_endpoint: true, use_dualstack_endpoint: true, stub_responses: true, ssl_verify_peer: false, endpoint_provider: Object.new,
    ssl_ca_directory: "/", ssl_ca_store: 1, ssl_cert: 1, ssl_key: 1 }.each do |name, value|
    define_method("test_refusal_of_#{name}_that_is_set_for_all_services") do
      with_global({ name => value }) do
        error = assert_raises(UNSUPPORTED) { OPTIONS.with_global_options(KEYS).settings }
        assert_includes error.message, "Aws.config: #{name} is not supported; "
        assert_equal({ credentials: KEYS }, OPTIONS.with_global_options({ name => nil, **KEYS }).settings)
      end
    end
  end

  # As Aws::DynamoDB::Client: every client has a configuration of all options, some of them objects of its own.
  class Client
    BACKOFF = ->(_) {}
    attr_reader :config

    def initialize(**options)
      given = { region: nil, endpoint: URI("https://dynamodb.#{options[:region]}.amazonaws.com"), regional_endpoint: true, credentials: nil,
                http_open_timeout: 15, http_read_timeout: 60, retry_limit: 10, retry_mode: "legacy", logger: nil, log_level: :info, profile: nil,
                ssl_verify_peer: true, use_fips_endpoint: false, retry_quota: Object.new, user_agent_suffix: nil, retry_backoff: BACKOFF,
                http_proxy: nil, ssl_ca_bundle: nil, max_attempts: nil, plugins: [] }
      given.update(::Aws.config.except(:dynamodb, :s3), ::Aws.config[:dynamodb] || {}) if defined?(::Aws)
      given.update(options)
      @config = Struct.new(*given.keys).new(*given.values)
    end
  end

  EXISTING = LdDynamoStore::LaunchDarkly.const_get(:ExistingClient)

  def test_an_existing_client
    taken = { region: "eu-west-1", endpoint: "https://dynamodb.eu-west-1.amazonaws.com", credentials: PROVIDER }
    assert_equal taken, EXISTING.new(Client.new(region: "eu-west-1", credentials: PROVIDER)).settings
    more = Client.new(region: "eu-west-1", credentials: PROVIDER, http_open_timeout: 1, retry_limit: 1, profile: "p", use_fips_endpoint: true)
    assert_equal taken.merge(connect_timeout_ms: 1000, attempt_timeout_ms: 3000, operation_timeout_ms: 6000, max_attempts: 2), EXISTING.new(more).settings
  end

  def test_what_an_existing_client_has_besides
    {
      logger: Logger.new(log), ssl_verify_peer: false, user_agent_suffix: "x", log_level: :debug, retry_backoff: ->(_) {}, plugins: [Object]
    }.each do |name, value|
      client = Client.new(region: "eu-west-1", credentials: PROVIDER, name => value)
      error = assert_raises(UNSUPPORTED) { LdDynamoStore::LaunchDarkly.new_feature_store("table", { existing_client: client }) }
      assert_includes error.message, "existing_client: #{name} is not supported; "
    end
    error = assert_raises(UNSUPPORTED) { LdDynamoStore::LaunchDarkly.new_feature_store("table", { existing_client: "client" }) }
    assert_includes error.message, "Aws::DynamoDB::Client"
  end

  def test_an_existing_client_that_is_wrapped
    taken = { region: "eu-west-1", endpoint: "https://dynamodb.eu-west-1.amazonaws.com", credentials: PROVIDER, max_attempts: 2 }
    client = Client.new(region: "eu-west-1", credentials: PROVIDER, max_attempts: 2)
    assert_equal taken, EXISTING.new(SimpleDelegator.new(SimpleDelegator.new(client))).settings
  end

  # As Aws::DynamoDB::Client, but made in another way.
  class OtherwiseMade < Client
    def initialize(options)
      super(**options)
    end
  end

  # Passes everything on, and is made of what it passes to.
  Proxy = Struct.new(:client) { def config = client.config }

  def test_an_existing_client_that_cannot_be_made_again
    client = Client.new(region: "eu-west-1", credentials: PROVIDER)
    nameless = Class.new(Proxy) { def initialize(client) = super }
    [nameless.new(client), Struct.new(:config).new("text"), Struct.new(:config).new(Object.new)].each do |wrong|
      error = assert_raises(UNSUPPORTED) { EXISTING.new(wrong).settings }
      assert_equal "existing_client: #{wrong.class} is not supported; give an Aws::DynamoDB::Client", error.message
    end
    with_global({}) do
      Aws.const_set(:DynamoDB, Module.new).const_set(:Client, Client)
      other = OtherwiseMade.new({ region: "eu-west-1", credentials: PROVIDER, max_attempts: 2 })
      assert_equal 2, EXISTING.new(other).settings.fetch(:max_attempts)
    end
  end

  def test_an_existing_client_that_has_more_by_way_of_aws_config
    taken = { region: "eu-west-1", endpoint: "https://dynamodb.eu-west-1.amazonaws.com", credentials: PROVIDER }
    global = { http_proxy: "http://h:1", ssl_ca_bundle: "/ca.pem", max_attempts: 2, http_read_timeout: 2, retry_mode: "standard", ssl_verify_peer: true,
               region: "elsewhere" }
    expected = { proxy: "http://h:1", ca_bundle: "/ca.pem", max_attempts: 2, attempt_timeout_ms: 3000, operation_timeout_ms: 6000, retry_mode: "standard" }
    [{ s3: { force_path_style: true }, **global }, { dynamodb: global }].each do |config|
      with_global(config) do
        assert_equal taken.merge(expected), EXISTING.new(Client.new(region: "eu-west-1", credentials: PROVIDER)).settings
        own = Client.new(region: "eu-west-1", credentials: PROVIDER, http_proxy: "http://own:1", ssl_ca_bundle: nil)
        assert_equal taken.merge(expected, { proxy: "http://own:1" }).except(:ca_bundle), EXISTING.new(own).settings
      end
    end
    earlier = Client.new(region: "eu-west-1", credentials: PROVIDER)
    with_global({ http_proxy: "http://h:1" }) { assert_equal taken, EXISTING.new(earlier).settings }
  end

  { ssl_verify_peer: false, user_agent_suffix: "x", retry_backoff: ->(_) {}, retry_mode: "legacy", logger: 1 }.each do |name, value|
    define_method("test_refusal_of_#{name}_that_a_client_has_by_way_of_aws_config") do
      with_global({ name => value }) do
        error = assert_raises(UNSUPPORTED) { EXISTING.new(Client.new(region: "eu-west-1", credentials: PROVIDER)).settings }
        assert_match(/\AAws\.config: #{name}.* is not supported; /, error.message)
      end
    end
  end

  def test_requests_are_signed_with_the_clients_credentials_of_the_moment
    fake = LocalEngine.new("fake-dynamodb", "--create-table", Engine::TABLE)
    ids = %w[first second]
    provider = Object.new
    provider.define_singleton_method(:credentials) { Struct.new(:access_key_id, :secret_access_key, :session_token).new(ids.shift, "secret", nil) }
    client = Client.new(region: "us-east-1", endpoint: URI(fake.endpoint), credentials: provider)
    # Ignored, as in the official store.
    store = feature_store(existing_client: client, dynamodb_opts: { region: "elsewhere" })
    assert_equal 2, ids.size
    assert_nil store.get(FEATURES, "a")
    assert_equal "first", fake.control("headers/last").fetch("access_key_id")
    native = store.instance_variable_get(:@core).instance_variable_get(:@store)
    native.instance_variable_get(:@renewal).instance_variable_set(:@next_look, 0)
    assert_nil store.get(FEATURES, "a")
    assert_equal "second", fake.control("headers/last").fetch("access_key_id")
  ensure
    fake&.stop
  end
end
