# frozen_string_literal: true

require "engine"
require "fileutils"
require "open3"
require "rbconfig"
require "tmpdir"

# Where the native library is looked for, each in a process of its own.
class LibraryTest < Minitest::Test
  LIBRARY = ENV.fetch("LD_DYNAMO_STORE_LIBRARY")
  GEM_SOURCES = File.join(ROOT, "bindings/ruby/lib")

  def setup
    @folder = Dir.mktmpdir
  end

  def teardown
    FileUtils.remove_entry(@folder)
  end

  # Loads the library in a new process and returns its path, or the class and message of the error.
  def load_library(argument: nil, sources: GEM_SOURCES, **environment)
    script = <<~RUBY
      require "ld_dynamo_store"
      begin
        puts LdDynamoStore::Native.load(#{argument.inspect}).ffi_libraries.first.name
      rescue LdDynamoStore::LibraryError => e
        puts e.class, e.message
      end
    RUBY
    environment = { "LD_DYNAMO_STORE_LIBRARY" => nil, "LD_LIBRARY_PATH" => nil }.merge(environment.transform_keys(&:to_s))
    output, status = Open3.capture2e(environment, RbConfig.ruby, "-I", sources, "-e", script)
    assert status.success?, output
    output
  end

  def copy_of_the_library(path)
    FileUtils.mkdir_p(File.dirname(path))
    FileUtils.cp(LIBRARY, path)
    path
  end

  # A library of another ABI version, made by the C compiler.
  def library_of_abi(major, minor)
    path = File.join(@folder, "abi_#{major}_#{minor}.so")
    source = "unsigned ld_dynamo_abi_version(void) { return #{major << 16 | minor}u; }"
    output, status = Open3.capture2e("cc", "-shared", "-fPIC", "-x", "c", "-o", path, "-", stdin_data: source)
    assert status.success?, output
    path
  end

  def test_the_argument_comes_before_the_environment
    argument = copy_of_the_library(File.join(@folder, "argument.so"))
    assert_equal argument, load_library(argument: argument, LD_DYNAMO_STORE_LIBRARY: "/nowhere.so").strip
  end

  def test_the_environment_comes_before_the_packaged_file
    sources = File.join(@folder, "lib")
    FileUtils.cp_r(GEM_SOURCES, sources)
    copy_of_the_library(File.join(sources, "ld_dynamo_store/libld_dynamo_store.so"))
    named = copy_of_the_library(File.join(@folder, "named.so"))
    assert_equal named, load_library(sources: sources, LD_DYNAMO_STORE_LIBRARY: named).strip
  end

  def test_the_packaged_file_comes_before_the_system
    sources = File.join(@folder, "lib")
    FileUtils.cp_r(GEM_SOURCES, sources)
    packaged = copy_of_the_library(File.join(sources, "ld_dynamo_store/libld_dynamo_store.so"))
    system = copy_of_the_library(File.join(@folder, "system/libld_dynamo_store.so.1"))
    assert_equal packaged, load_library(sources: sources, LD_LIBRARY_PATH: File.dirname(system)).strip
  end

  def test_the_system_is_asked_for_the_name_with_the_abi_major
    system = copy_of_the_library(File.join(@folder, "libld_dynamo_store.so.1"))
    assert_includes load_library(LD_LIBRARY_PATH: File.dirname(system)), "libld_dynamo_store.so"
  end

  def test_nothing_found_lists_the_places
    output = load_library
    assert_includes output, "LibraryNotFoundError"
    assert_includes output, "LD_DYNAMO_STORE_LIBRARY is not set"
    assert_includes output, GEM_SOURCES
  end

  def test_a_named_file_that_is_absent_is_not_replaced_by_another
    output = load_library(LD_DYNAMO_STORE_LIBRARY: "/nowhere.so", LD_LIBRARY_PATH: File.dirname(LIBRARY))
    assert_includes output, "LibraryNotFoundError"
    assert_includes output, "LD_DYNAMO_STORE_LIBRARY names /nowhere.so"
  end

  def test_a_file_that_is_no_library
    path = File.join(@folder, "text.so")
    File.write(path, "no library\n")
    assert_includes load_library(argument: path), "LibraryNotFoundError"
  end

  def test_a_library_for_another_processor
    library = File.binread(LIBRARY)
    library[18, 2] = [243].pack("v") # e_machine: RISC-V
    path = File.join(@folder, "riscv.so")
    File.binwrite(path, library)
    output = load_library(argument: path)
    assert_includes output, "LibraryNotFoundError"
    assert_includes output, "cannot be loaded: "
    assert_includes output, "this Ruby needs the gem for #{Gem::Platform.local}, not for another processor or C library"
  end

  # As a library for musl, it needs a file of which there is none, or which is a script of the linker's where glibc can be built with.
  def test_a_library_for_another_c_library
    %w[libc.musl-x86_64.so.1 libc.so].each do |musl|
      [[musl], ["needs_musl.so", "-Wl,--no-as-needed", "./#{musl}"]].each do |name, *needed|
        command = ["cc", "-shared", "-fPIC", "-Wl,-soname,#{name}", "-o", name, "-x", "c", "/dev/null", "-x", "none", *needed]
        output, status = Open3.capture2e(*command, chdir: @folder)
        assert status.success?, output
      end
      File.delete(File.join(@folder, musl))
      output = load_library(argument: File.join(@folder, "needs_musl.so"))
      assert_match(/LibraryNotFoundError.*needs_musl.so cannot be loaded.*; this Ruby needs the gem for/m, output)
    end
  end

  def test_an_old_glibc_is_told_from_another_platform
    advice = LdDynamoStore::Native.send(:advice, "version `GLIBC_2.34' not found")
    assert_includes advice, "glibc is older"
    refute_includes advice, Gem::Platform.local.to_s
  end

  def test_another_library
    path = Dir["/lib/*/libm.so.6", "/lib*/libm.so.6"].first
    assert_includes load_library(argument: path), "LibraryMismatchError"
  end

  def test_another_abi_version_says_what_to_upgrade
    newer = load_library(argument: library_of_abi(2, 0))
    assert_includes newer, "LibraryMismatchError"
    assert_includes newer, "has ABI version 2.0, but this gem needs 1.2 or a later 1.x: upgrade the gem"
    assert_includes load_library(argument: library_of_abi(0, 9)), "upgrade the native library"
  end

  def test_a_damaged_library_of_the_right_version
    assert_includes load_library(argument: library_of_abi(1, 2)), "LibraryMismatchError"
  end
end
