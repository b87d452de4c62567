# frozen_string_literal: true

require "engine"
require "rubygems/user_interaction"

# The gem's constants are those of the C header.
class StatusTest < Minitest::Test
  HEADER = File.read(File.join(ROOT, "include/ld_dynamo_store.h"))
  DEFINITIONS = HEADER.scan(/^#define LD_DYNAMO_(\w+) \(?(-?\d+)\)?$/).to_h { |name, number| [name, Integer(number)] }.freeze
  STATUSES = DEFINITIONS.reject { |name, _| name.match?(/\A(LOG|ABI|VERSION)_/) }.freeze

  def statuses_of_the_gem
    LdDynamoStore::Status.constants.to_h { |name| [name.to_s, LdDynamoStore::Status.const_get(name)] }
  end

  def test_every_status_of_the_header_is_a_constant_and_no_other
    refute_empty STATUSES
    assert_equal STATUSES, statuses_of_the_gem
  end

  def test_every_failure_has_a_class_of_its_own
    classes = STATUSES.values.select(&:negative?).map { |status| LdDynamoStore::StoreError.class_for(status) }
    refute_includes classes, LdDynamoStore::StoreError
    assert_equal classes.uniq, classes
  end

  # Every class has the name of its status, but for these.
  OTHER_NAMES = { "NULL_ARGUMENT" => "InvalidArgument", "INVALID_CONFIGURATION" => "Configuration", "SERVICE_ERROR" => "Service" }.freeze

  def test_the_class_of_a_failure_has_the_name_of_its_status
    STATUSES.select { |_, status| status.negative? }.each do |name, status|
      words = OTHER_NAMES.fetch(name) { name.split("_").map(&:capitalize).join }
      assert_equal "LdDynamoStore::#{words}Error", LdDynamoStore::StoreError.class_for(status).name
    end
  end

  def test_a_status_of_a_newer_library_has_the_class_of_its_group
    groups = %i[InvalidArgumentError ConfigurationError ServiceError ThrottledError ConnectivityError CorruptItemError ReadOnlyError StoreError
                StoreError InternalError StoreError]
    found = groups.each_index.map { |group| LdDynamoStore::StoreError.class_for(-100 * group - 99) }
    assert_equal groups.map { |name| LdDynamoStore.const_get(name) }, found
    assert_equal LdDynamoStore::StoreError, LdDynamoStore::StoreError.class_for(-12_345)
  end

  def test_versions_are_those_of_the_header
    assert_equal DEFINITIONS.fetch("ABI_MAJOR"), LdDynamoStore::Native::ABI_MAJOR
    assert_operator DEFINITIONS.fetch("ABI_MINOR"), :>=, LdDynamoStore::Native::ABI_MINOR
    assert_equal HEADER[/^#define LD_DYNAMO_VERSION "(.+)"$/, 1], LdDynamoStore::VERSION
    assert_equal LdDynamoStore::VERSION, LdDynamoStore::Native.load.ld_dynamo_version
  end

  def test_every_log_level_of_the_header_has_a_severity
    names = DEFINITIONS.select { |name, _| name.start_with?("LOG_") }.invert
    severities = LdDynamoStore.const_get(:Log)::SEVERITY_OF_LEVEL.to_h { |level, severity| [names.fetch(level), severity] }
    # Ruby's loggers have nothing below DEBUG.
    expected = { "LOG_ERROR" => Logger::ERROR, "LOG_WARN" => Logger::WARN, "LOG_INFO" => Logger::INFO, "LOG_DEBUG" => Logger::DEBUG,
                 "LOG_TRACE" => Logger::DEBUG }
    assert_equal expected.keys.sort, names.values.sort
    assert_equal expected, severities
  end

  def test_every_function_of_the_header_is_attached
    native = LdDynamoStore::Native.load
    functions = HEADER.scan(/\b(ld_dynamo_\w+)\(/).flatten.uniq
    refute_empty functions
    # For languages without a JSON parser.
    functions.delete("ld_dynamo_json_members")
    functions.each { |name| assert_respond_to native, name }
  end

  def test_the_gem_specification_is_valid
    specification = Gem::Specification.load(File.join(ROOT, "bindings/ruby/ld_dynamo_store.gemspec"))
    Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { assert specification.validate }
    assert_includes specification.files, "lib/ld_dynamo_store/store.rb"
  end
end
