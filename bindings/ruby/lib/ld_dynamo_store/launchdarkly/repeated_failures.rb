# frozen_string_literal: true

module LdDynamoStore
  module LaunchDarkly
    # Logs failures that come again with every call, each once a minute. As a store's logger, it does so with the library's errors, such as a row that
    # is damaged, and passes on the rest.
    #
    # @private
    class RepeatedFailures
      SECONDS_OF_SILENCE = 60
      MOST_REMEMBERED = 1000

      def initialize(logger)
        @logger = logger
        @logged = {}
      end

      def add(severity, message, _program = nil)
        severity == ::Logger::ERROR ? log(severity, message) : Log.write(@logger, severity, message)
      end

      # @param severity [Integer] one of ::Logger's
      # @param message [String]
      # @param failure [Object] what makes a failure the same as an earlier one
      def log(severity, message, failure = message)
        now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        return if now - @logged.fetch(failure, -SECONDS_OF_SILENCE) < SECONDS_OF_SILENCE

        @logged.clear if @logged.size >= MOST_REMEMBERED
        @logged[failure] = now
        Log.write(@logger, severity, message)
      end
    end
    private_constant :RepeatedFailures
  end
end
