# frozen_string_literal: true

require "ffi"

module LdDynamoStore
  # Finds the native library, checks that it fits, and declares its functions.
  #
  # Functions that may wait are attached with +blocking: true+, so that other threads run meanwhile; those that only free memory or read an error
  # take less time than giving the interpreter's lock away.
  module Native
    # The ABI's major version that this gem was written for: the library must have the same.
    ABI_MAJOR = 1
    # The minor version that the library must have at least.
    ABI_MINOR = 2

    # The environment variable that names the library.
    LIBRARY_VARIABLE = "LD_DYNAMO_STORE_LIBRARY"
    # The library's file without the version of its ABI.
    FILE_NAME = "libld_dynamo_store.#{FFI::Platform::LIBSUFFIX}"
    # What the system's loader is asked for.
    SYSTEM_NAMES =
      if FFI::Platform.mac?
        ["libld_dynamo_store.#{ABI_MAJOR}.dylib", FILE_NAME].freeze
      else
        ["#{FILE_NAME}.#{ABI_MAJOR}", FILE_NAME].freeze
      end
    # Where a gem that holds the library has it.
    PACKAGED = File.join(__dir__, FILE_NAME)

    # Name => argument types; each answers with a status and has an error out-parameter last.
    BLOCKING_FUNCTIONS = {
      ld_dynamo_store_new: %i[string pointer pointer],
      ld_dynamo_store_init: %i[pointer string pointer],
      ld_dynamo_store_get: %i[pointer string string pointer pointer],
      ld_dynamo_store_all: %i[pointer string pointer pointer],
      ld_dynamo_store_upsert: %i[pointer string string string pointer pointer],
      ld_dynamo_store_initialized: %i[pointer pointer],
      ld_dynamo_store_get_cached: %i[pointer string string pointer pointer],
      ld_dynamo_store_all_cached: %i[pointer string pointer pointer],
      ld_dynamo_store_initialized_cached: %i[pointer pointer],
      ld_dynamo_store_available: %i[pointer pointer],
      ld_dynamo_store_big_segments_metadata: %i[pointer pointer pointer],
      ld_dynamo_store_big_segments_cursor: %i[pointer pointer pointer],
      ld_dynamo_store_big_segments_membership: %i[pointer string pointer pointer],
      ld_dynamo_store_big_segments_apply_patch: %i[pointer string pointer],
      ld_dynamo_store_big_segments_set_synchronized: %i[pointer int64 pointer],
      ld_dynamo_store_stats: %i[pointer pointer pointer],
      ld_dynamo_store_set_logger: %i[pointer pointer pointer pointer pointer],
      ld_dynamo_store_set_credentials: %i[pointer string pointer],
      ld_dynamo_context_hash: %i[string pointer pointer]
    }.freeze

    # Name => argument types and result type.
    QUICK_FUNCTIONS = {
      ld_dynamo_store_free: [%i[pointer], :void],
      ld_dynamo_string_free: [%i[pointer], :void],
      ld_dynamo_error_status: [%i[pointer], :int32],
      ld_dynamo_error_is_retriable: [%i[pointer], :int32],
      ld_dynamo_error_message: [%i[pointer], :string],
      ld_dynamo_error_service_code: [%i[pointer], :string],
      ld_dynamo_error_free: [%i[pointer], :void],
      ld_dynamo_version: [[], :string]
    }.freeze
    private_constant :BLOCKING_FUNCTIONS, :QUICK_FUNCTIONS

    @loaded = {}
    @loading = Mutex.new

    class << self
      # Loads the native library, once for each path, and returns a module with its functions.
      #
      # The first of these that is given or exists is used, and an error in it is not covered up by the next one: the argument, the environment
      # variable LD_DYNAMO_STORE_LIBRARY, the file packaged with this gem, the system's loader. Raises LibraryNotFoundError or
      # LibraryMismatchError.
      def load(library = nil)
        named = ENV.fetch(LIBRARY_VARIABLE, "")
        if library
          load_file(library.to_s, "the argument library")
        elsif !named.empty?
          load_file(named, "the environment variable #{LIBRARY_VARIABLE}")
        elsif File.file?(PACKAGED)
          load_file(PACKAGED, "this gem")
        else
          load_from_system
        end
      end

      private

      def load_file(path, source)
        path = File.expand_path(path)
        unless File.file?(path)
          raise LibraryNotFoundError, "#{source} names #{path} as the native library, but there is no such file"
        end

        load_names([path])
      rescue ::LoadError => e
        raise LibraryNotFoundError, "the native library #{path} cannot be loaded: #{e.message.strip}; #{advice(e.message)}"
      end

      # What to do about a library that is there and does not load. The loader's words seldom say that it is another platform's.
      def advice(message)
        if message.include?("GLIBC_")
          return "this glibc is older than the library needs: take a packaged gem, for glibc 2.17, or build the library here"
        end

        # Without RubyGems (--disable-gems) there is no Gem.
        return "this user may not read it" if message.include?("Permission denied")

        "this Ruby needs the gem for #{defined?(Gem::Platform) ? Gem::Platform.local : RUBY_PLATFORM}, not for another processor or C library"
      end

      def load_from_system
        load_names(SYSTEM_NAMES)
      rescue ::LoadError => e
        raise LibraryNotFoundError,
              "the native library was not found: no argument library, #{LIBRARY_VARIABLE} is not set, there is no #{PACKAGED}, " \
              "and the system's loader says: #{e.message}"
      end

      def load_names(names)
        @loading.synchronize { @loaded[names] ||= declare(names) }
      end

      # A module of its own for each library, so that two paths do not share functions.
      def declare(names)
        native = Module.new { extend FFI::Library }
        native.ffi_lib(names)
        path = native.ffi_libraries.first.name
        # The gem ffi takes a library for musl for a script of the linker's, and opens glibc, which that one seems to name.
        raise ::LoadError, "the loader opens #{path} in its place" if names.first.start_with?("/") && path != names.first

        check_abi(native, path)
        BLOCKING_FUNCTIONS.each { |name, arguments| native.attach_function(name, arguments, :int32, blocking: true) }
        QUICK_FUNCTIONS.each { |name, (arguments, result)| native.attach_function(name, arguments, result) }
        native
      rescue FFI::NotFoundError => e
        raise LibraryMismatchError, "#{path} is not the ld-dynamo-store library, or is damaged: #{e.message}"
      end

      def check_abi(native, path)
        native.attach_function(:ld_dynamo_abi_version, [], :uint32)
        packed = native.ld_dynamo_abi_version
        major = packed >> 16
        minor = packed & 0xFFFF
        return if major == ABI_MAJOR && minor >= ABI_MINOR

        advice = major > ABI_MAJOR ? "upgrade the gem" : "upgrade the native library"
        raise LibraryMismatchError,
              "#{path} has ABI version #{major}.#{minor}, but this gem needs #{ABI_MAJOR}.#{ABI_MINOR} or a later #{ABI_MAJOR}.x: #{advice}"
      end
    end
  end
end
