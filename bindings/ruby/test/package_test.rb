# frozen_string_literal: true

require "engine"
require "open3"
require "tmpdir"

# The gem as it is built and installed, and its documentation.
class PackageTest < Minitest::Test
  FOLDER = File.expand_path("..", __dir__)

  def run_program(*command, folder: FOLDER, **environment)
    output, status = Open3.capture2e(environment.transform_keys(&:to_s), *command, chdir: folder)
    assert status.success?, output
    output
  end

  def test_a_gem_of_this_platform_holds_the_library
    Dir.mktmpdir do |folder|
      built = run_program("rake", "package", LD_DYNAMO_STORE_BUILD_LIBRARY: ENV.fetch("LD_DYNAMO_STORE_LIBRARY"))
      gem = File.join(FOLDER, built.lines.last.strip)
      assert_includes gem, Gem::Platform.local.to_s
      gems = File.join(folder, "gems")
      run_program("gem", "install", "--quiet", "--local", "--ignore-dependencies", "--no-document", "--install-dir", gems, gem)
      program = "require 'ld_dynamo_store'; puts LdDynamoStore::Native.load.ffi_libraries.first.name, LdDynamoStore::VERSION"
      printed = run_program(RbConfig.ruby, "-e", program, folder: folder, LD_DYNAMO_STORE_LIBRARY: nil, GEM_PATH: "#{gems}:", RUBYLIB: nil)
      assert_match(%r{\A#{gems}/gems/ld_dynamo_store-.*/lib/ld_dynamo_store/libld_dynamo_store.so\n#{LdDynamoStore::VERSION}\n\z}, printed)
      assert_path_exists Dir["#{gems}/gems/*/sig/ld_dynamo_store.rbs"].first.to_s
    end
    refute_path_exists LdDynamoStore::Native::PACKAGED
  end

  def test_without_the_library_it_is_for_every_platform
    assert_equal "ruby", Gem::Specification.load(File.join(FOLDER, "ld_dynamo_store.gemspec")).platform
  end

  def test_everything_public_is_documented
    assert_includes run_program("yard", "stats", "--list-undoc", "--no-cache", "--no-save"), "100.00% documented"
  end

  def test_without_the_sdk_the_adapter_says_what_is_missing
    program = "require 'ld_dynamo_store'; begin; LdDynamoStore::LaunchDarkly; rescue LoadError => e; puts e.message; end"
    assert_includes run_program(RbConfig.ruby, "-I", "lib", "-e", program, RUBYLIB: nil), "add the gem launchdarkly-server-sdk"
  end
end
