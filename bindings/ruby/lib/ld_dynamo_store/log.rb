# frozen_string_literal: true

require "ffi"
require "logger"

module LdDynamoStore
  # Carries the library's log messages to Ruby loggers.
  #
  # The native callback only keeps a message: what leaves it by +throw+ or by the end of its thread would jump over the library's frames. So the
  # user's logger runs when the native call is over, and until then the thread is not interrupted.
  #
  # @private
  module Log
    # What is delivered for one call, together with those that the logger makes meanwhile; the rest is counted.
    MAXIMUM_MESSAGES = 256
    WARN_LEVEL = 2
    SEVERITY_OF_LEVEL = {
      1 => ::Logger::ERROR,
      WARN_LEVEL => ::Logger::WARN,
      3 => ::Logger::INFO,
      4 => ::Logger::DEBUG,
      5 => ::Logger::DEBUG
    }.freeze

    # By severity.
    METHODS = %i[debug info warn error].freeze

    # In this form, Ruby makes no copy of it for each call.
    UNINTERRUPTED = { Object => :never }.compare_by_identity.freeze

    CALLBACK = FFI::Function.new(:void, %i[pointer int32 string]) do |_userdata, level, message|
      Thread.current[:ld_dynamo_store_messages]&.push([level, message])
    end

    # The messages that one logger has yet to get.
    #
    # @private
    class Delivery
      def initialize(logger)
        @logger = logger
        @waiting = []
        @taken = 0
        @dropped = 0
        @process = Process.pid
      end

      def add(messages)
        kept = messages.first(MAXIMUM_MESSAGES - @taken)
        @taken += kept.size
        @dropped += messages.size - kept.size
        @waiting.concat(kept)
      end

      def run
        while may_go_on? && (message = @waiting.shift)
          log(*message)
        end
        log(WARN_LEVEL, +"#{@dropped} more log messages of this call were dropped") if @dropped.positive? && may_go_on?
      end

      private

      # A child that the logger forked leaves the rest to its parent.
      def may_go_on?
        @process == Process.pid
      end

      def log(level, message)
        Log.write(@logger, SEVERITY_OF_LEVEL.fetch(level, ::Logger::DEBUG), message.force_encoding(Encoding::UTF_8))
      end
    end
    private_constant :Delivery

    class << self
      # Returns a logger.
      #
      # @raise [TypeError] the object is none
      def checked(logger)
        return logger if logger.respond_to?(:add) || METHODS.all? { |name| logger.respond_to?(name) }

        raise TypeError, "logger must be a Logger, or have its method add, or its debug, info, warn and error; #{logger.class} has not"
      end

      # Hands a logger one message. What LaunchDarkly's SDK takes for a logger may have no more than a method for each severity.
      def write(logger, severity, message)
        return logger.add(severity, message, "ld_dynamo_store") if logger.respond_to?(:add)

        logger.public_send(METHODS.fetch(severity), message)
      rescue StandardError
        # A broken logger must not fail the call that had something to say.
        nil
      end

      # Yields for a native call, in which the thread is not interrupted, so that what the call gave is freed as well. Then hands the logger, if
      # there is one, what the library had to say.
      def around(logger)
        return Thread.handle_interrupt(UNINTERRUPTED) { yield } unless logger

        messages = []
        begin
          Thread.current[:ld_dynamo_store_messages] = messages
          Thread.handle_interrupt(UNINTERRUPTED) { yield }
        ensure
          Thread.current[:ld_dynamo_store_messages] = nil
          deliver(logger, messages)
        end
      end

      private

      # A logger that calls the library is not called from within itself: it gets these messages when it has returned.
      def deliver(logger, messages)
        return if messages.empty?

        under_way = Thread.current[:ld_dynamo_store_deliveries] ||= {}.compare_by_identity
        return under_way[logger].add(messages) if under_way.key?(logger)

        begin
          under_way[logger] = Delivery.new(logger)
          under_way[logger].add(messages)
          under_way[logger].run
        ensure
          under_way.delete(logger)
        end
      end
    end
  end
  private_constant :Log
end
