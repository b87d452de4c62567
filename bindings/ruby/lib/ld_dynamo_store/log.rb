# frozen_string_literal: true

require "ffi"
require "logger"

module LdDynamoStore
  # Carries the library's log messages to Ruby loggers.
  #
  # One native callback serves every store of the process; its user data is a number under which the logger is found here. So no callback is ever
  # freed while the library may still call it.
  module Log
    SEVERITY_OF_LEVEL = {
      1 => ::Logger::ERROR,
      2 => ::Logger::WARN,
      3 => ::Logger::INFO,
      4 => ::Logger::DEBUG,
      5 => ::Logger::DEBUG
    }.freeze

    # No mutex: RELEASE may run in a finalizer, in the middle of anything, and a hash with integer keys is changed in one step.
    @loggers = {}

    class << self
      # Keeps a logger until the library releases it. Returns the user data for the library.
      def register(logger)
        entry = [logger]
        @loggers[entry.object_id] = entry
        FFI::Pointer.new(entry.object_id)
      end

      # Drops a logger.
      def release(userdata)
        @loggers.delete(userdata.address)
      end

      # How many loggers the library holds.
      def count
        @loggers.size
      end

      def deliver(userdata, level, message)
        logger, = @loggers[userdata.address]
        logger&.add(SEVERITY_OF_LEVEL.fetch(level, ::Logger::DEBUG), message.force_encoding(Encoding::UTF_8), "ld_dynamo_store")
      rescue StandardError
        # A broken logger must not fail the call that had something to say.
        nil
      end
    end

    CALLBACK = FFI::Function.new(:void, %i[pointer int32 string]) { |userdata, level, message| deliver(userdata, level, message) }
    RELEASE = FFI::Function.new(:void, %i[pointer]) { |userdata| release(userdata) }
  end
  private_constant :Log
end
