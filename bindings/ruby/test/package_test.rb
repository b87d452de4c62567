# frozen_string_literal: true

require "engine"
require "open3"
require "rubygems/package"
require "tmpdir"

# The gem as it is built and installed, and its documentation.
class PackageTest < Minitest::Test
  FOLDER = File.expand_path("..", __dir__)

  def run_program(*command, folder: FOLDER, **environment)
    output, status = Open3.capture2e(environment.transform_keys(&:to_s), *command, chdir: folder)
    assert status.success?, output
    output
  end

  # Yields the gem that is built, and removes it.
  def package(library, platform:, umask: "022")
    environment = { LD_DYNAMO_STORE_BUILD_LIBRARY: library, LD_DYNAMO_STORE_BUILD_PLATFORM: platform, SOURCE_DATE_EPOCH: "1700000000" }
    built = run_program("sh", "-c", "umask #{umask} && exec rake package", **environment)
    gem = File.join(FOLDER, built.lines.last.strip)
    yield gem
  ensure
    File.delete(gem) if gem
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

  # Whatever the modes of the sources and of the library are.
  def test_gems_of_one_library_are_equal
    Dir.mktmpdir do |folder|
      gems = { "022" => 0o755, "077" => 0o600 }.map do |umask, mode|
        library = File.join(folder, "library.so")
        File.binwrite(library, File.binread(ENV.fetch("LD_DYNAMO_STORE_LIBRARY")))
        File.chmod(mode, library)
        package(library, platform: "aarch64-linux-musl", umask: umask) { |gem| File.binread(gem) }
      end
      assert gems.uniq.one?, "the gems differ"
      file = File.join(folder, "one.gem")
      File.binwrite(file, gems.first)
      files = run_program("sh", "-c", "tar -xOf #{file} data.tar.gz | tar -tvz").lines
      assert_equal ["-rw-r--r--"], files.map { |line| line.split.first }.uniq, files.join
      assert(files.any? { |line| line.include?("libld_dynamo_store.so") }, files.join)
    end
  end

  # Those before 3.3.22 do not tell musl from glibc.
  def test_gems_for_musl_need_a_rubygems_that_knows_it
    needed = Dir.mktmpdir do |folder|
      library = File.join(folder, "library.so")
      File.write(library, "what is packaged is not looked at")
      %w[x86_64-linux aarch64-linux x86_64-linux-musl aarch64-linux-musl].to_h do |platform|
        package(library, platform: platform) do |gem|
          assert_equal "ld_dynamo_store-#{LdDynamoStore::VERSION}-#{platform}.gem", File.basename(gem)
          specification = Gem::Package.new(gem).spec
          [specification.platform.to_s, specification.required_rubygems_version.to_s]
        end
      end
    end
    every = ">= 0"
    musl = ">= 3.3.22"
    assert_equal({ "x86_64-linux" => every, "aarch64-linux" => every, "x86_64-linux-musl" => musl, "aarch64-linux-musl" => musl }, needed)
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
