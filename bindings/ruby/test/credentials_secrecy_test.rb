# frozen_string_literal: true

require "engine"
require "json"
require "logger"
require "stringio"

# Whatever an object that finds credentials answers with or raises, a secret in it is told nobody.
class CredentialsSecrecyTest < Minitest::Test
  SECRET = "hidden-secret"
  MEMBERS = { access_key_id: "id", secret_access_key: SECRET, session_token: SECRET }.freeze

  # What credentials answers with, by the block.
  Provider = Struct.new(:find) { def credentials = find.call }

  # Ruby shows the object itself in its messages.
  Holder = Struct.new(:secret_access_key)

  def store(provider, **more)
    Engine.store(name, credentials: provider, **more)
  end

  def good
    Struct.new(*MEMBERS.keys).new(*MEMBERS.values)
  end

  # What a first failure and a later one tell.
  def told(find)
    error = assert_raises(LdDynamoStore::NoCredentialsError) { store(Provider.new(find)).check_available }
    output = StringIO.new
    provider = Provider.new(-> { good })
    later = store(provider, logger: Logger.new(output))
    later.check_available
    provider.find = find
    later.instance_variable_get(:@renewal).instance_variable_set(:@next_look, 0)
    later.check_available
    assert_includes output.string, "were not renewed, and those that are known are used: "
    [error, error.message, error.full_message(highlight: false), output.string]
  end

  {
    "a hash" => MEMBERS, "a hash of text" => MEMBERS.transform_keys(&:to_s), "a text" => SECRET, "text within a list" => [SECRET], "a symbol" => SECRET.to_sym,
    "a struct without a session token" => Struct.new(:access_key_id, :secret_access_key).new("id", SECRET),
    "a struct without a secret" => Struct.new(:access_key_id, :session_token).new("id", SECRET),
    "a struct of other names" => Struct.new(:key, :secret).new("id", SECRET)
  }.each do |shape, answer|
    define_method("test_#{shape}_is_told_by_its_class") do
      error, *texts = told(-> { answer })
      texts.each do |text|
        refute_includes text, SECRET
        assert_match(/credentials of the CredentialsSecrecyTest::Provider answered with a #{Regexp.escape(answer.class.to_s)}, which has no \w+_/, text)
      end
      assert_nil error.cause.cause
    end
  end

  {
    "no method" => [-> { Holder.new(SECRET).token }, "NoMethodError: token"],
    "no name" => [-> { Holder.new(SECRET).instance_eval { no_such_token } }, "NameError: no_such_token"],
    "what is frozen" => [-> { [SECRET].freeze << 1 }, "FrozenError"],
    "no pattern" => [-> { MEMBERS => { token: String } }, "NoMatchingPatternKeyError"],
    "no JSON" => [-> { JSON.parse("{\"secret\": #{SECRET}}") }, "JSON::ParserError"]
  }.each do |what, (find, said)|
    define_method("test_an_error_of_#{what}_is_told_without_its_value") do
      error, *texts = told(find)
      texts.each do |text|
        refute_includes text, SECRET
        assert_match(/: #{said}( \(|$)/, text)
      end
      assert_nil error.cause
      behind = lambda do
        find.call
      rescue StandardError
        raise IOError, "not now"
      end
      error, *texts = told(behind)
      texts.each do |text|
        refute_includes text, SECRET
        assert_includes text, ": IOError: not now"
      end
      assert_nil error.cause
    end
  end

  def test_an_error_is_told_without_the_suggestions_of_ruby
    assert_includes assert_raises(KeyError) { MEMBERS.fetch(:session_tokem) }.message, "Did you mean?"
    assert_match(/: KeyError: key not found: :session_tokem$/, told(-> { MEMBERS.fetch(:session_tokem) })[1])
  end

  def test_of_an_error_of_the_gem_the_cause_is_told_no_more
    find = lambda do
      Holder.new(SECRET).token
    rescue NoMethodError
      raise LdDynamoStore::NoCredentialsError.new("the reason", LdDynamoStore::Status::NO_CREDENTIALS)
    end
    told(find).drop(1).each do |text|
      refute_includes text, SECRET
      assert_includes text, "the reason"
    end
  end
end
