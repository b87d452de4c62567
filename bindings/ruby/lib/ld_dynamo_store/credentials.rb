# frozen_string_literal: true

require "json"
require "logger"
require "time"

module LdDynamoStore
  # Keeps a native store in AWS credentials that an object finds, on the threads that call the store.
  #
  # The object has the interface of the AWS SDK for Ruby: +credentials+ answers with one that has +access_key_id+, +secret_access_key+ and
  # +session_token+, and +expiration+ tells when they expire, where the object has that method: a Time, a DateTime, seconds since 1970, or a
  # String in ISO 8601.
  #
  # @private
  class CredentialsRenewal
    # What expires within this time is asked for again, and what tells no expiration after the other.
    SECONDS_BEFORE_EXPIRY = 5 * 60
    SECONDS_WITHOUT_EXPIRY = 15 * 60
    # The object is never asked more often.
    SECONDS_BETWEEN_LOOKS = 1
    SECONDS_BETWEEN_WARNINGS = 60
    MEMBERS = %i[access_key_id secret_access_key session_token].freeze
    private_constant :MEMBERS

    # Whether an object finds credentials, rather than being some.
    def self.finds?(object)
      object.respond_to?(:credentials)
    end

    def initialize(source)
      @source = source
      @renewing = Mutex.new
      @pushed = nil
      @failure = nil
      @next_look = 0
      @next_warning = 0
    end

    # Yields the JSON text of what is new, to be pushed. Does nothing most of the time. Raises NoCredentialsError if none were ever found; later
    # failures go to +logger+, and what was pushed is used until it expires, which the native library sees to.
    def renew(logger, &push)
      return unless due?

      # Where the object calls the store that asks it, the lock is that of the call around this one.
      nested = @renewing.owned?
      begin
        # Only the first credentials are worth waiting for.
        @pushed ? @renewing.try_lock || return : @renewing.lock
        # Who was about to know may be a thread that was killed, or the process this one was forked from.
        look(logger, &push) if now >= @next_look || (@pushed.nil? && @failure.nil?)
        # Those who waited for the first credentials fail with whoever asked for them.
        raise_failure if @pushed.nil? && @failure
      ensure
        # Timeout, Thread#raise and Thread#kill may come at any moment, also with the lock just taken.
        Thread.handle_interrupt(Log::UNINTERRUPTED) { @renewing.unlock if @renewing.owned? && !nested }
      end
    end

    private

    def due?
      @pushed.nil? || now >= @next_look
    end

    def look(logger)
      @next_look = now + SECONDS_BETWEEN_LOOKS
      found, expiration = find
      unless found == @pushed
        yield found
        @pushed = found
      end
      @next_look = now + seconds_until_look(expiration)
    rescue StandardError => e
      @failure = e
      @next_look = now + SECONDS_BETWEEN_LOOKS
      warn_of(e, logger) if @pushed
    end

    def raise_failure
      cause = ForeignError.as_cause(@failure)
      raise cause if cause.is_a?(StoreError)

      message = "no AWS credentials came from the object given as credentials: #{said(@failure)}"
      raise NoCredentialsError.new(message, Status::NO_CREDENTIALS, retriable: true), cause: cause
    end

    def find
      chain = chain_of_sources
      expiration = time(chain.filter_map { |object| object.expiration if object.respond_to?(:expiration) }.last)
      members = MEMBERS.to_h { |name| [name, chain.last.public_send(name)] }
      # The AWS SDK's providers that have found nothing answer with such ones.
      raise ArgumentError, "the #{@source.class} has none", cause: nil if members.except(:session_token).any? { |_, value| [nil, ""].include?(value) }

      [JSON.generate(members.merge(expires_ms: expiration && (expiration.to_r * 1000).floor)), expiration]
    rescue JSON::GeneratorError
      # Without the cause, which may hold the secret.
      raise ArgumentError, "an access_key_id, secret_access_key or session_token is not text in UTF-8", cause: nil
    end

    # The object, what it answers with, and so on to the credentials: a client's configuration has a provider, which has credentials. Whatever else
    # an object answers with is told by its class alone, because it may show a secret.
    def chain_of_sources
      chain = [@source]
      loop do
        chain << chain.last.credentials
        raise ArgumentError, "the #{chain[-2].class} has none", cause: nil if chain.last.nil?

        missing = MEMBERS.find { |name| !chain.last.respond_to?(name) }
        return chain unless missing
        next if chain.size < 3 && chain.last.respond_to?(:credentials)

        raise ArgumentError, "credentials of the #{chain[-2].class} answered with a #{chain.last.class}, which has no #{missing}", cause: nil
      end
    end

    # Without the value in the error: what stands in the wrong place may be a secret.
    def time(expiration)
      case expiration
      when nil, Time then expiration
      when Integer, Float, Rational then Time.at(expiration)
      when String then Time.iso8601(expiration)
      when DateTime then expiration.to_time
      else raise ArgumentError
      end
    rescue ArgumentError, RangeError
      raise ArgumentError, "the expiration, of class #{expiration.class}, is no Time, DateTime, number of seconds since 1970 or text in ISO 8601", cause: nil
    end

    def seconds_until_look(expiration)
      return SECONDS_WITHOUT_EXPIRY unless expiration

      (expiration - Time.now - SECONDS_BEFORE_EXPIRY).clamp(SECONDS_BETWEEN_LOOKS, SECONDS_WITHOUT_EXPIRY)
    end

    def warn_of(failure, logger)
      return if logger.nil? || now < @next_warning

      @next_warning = now + SECONDS_BETWEEN_WARNINGS
      Log.write(logger, ::Logger::WARN, "the AWS credentials were not renewed, and those that are known are used: #{said(failure)}")
    end

    def said(failure)
      ForeignError.text(failure, 200)
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
  private_constant :CredentialsRenewal
end
