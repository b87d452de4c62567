# frozen_string_literal: true

require "pathname"
require "uri"

module LdDynamoStore
  module LaunchDarkly
    # Translates the options of Aws::DynamoDB::Client, which LaunchDarkly's own store takes, into those of Store. One without a counterpart is an
    # error that names it, never a silent difference.
    #
    # @private
    class DynamoDBOptions
      # The native library's own defaults.
      CONNECT_TIMEOUT_MS = 1000
      ATTEMPT_TIMEOUT_MS = 2000
      OPERATION_TIMEOUT_MS = 5000
      ATTEMPTS = 3

      SAME_NAMES = { region: :region, endpoint: :endpoint, profile: :profile, http_proxy: :proxy, ssl_ca_bundle: :ca_bundle }.freeze
      CREDENTIAL_NAMES = %i[access_key_id secret_access_key session_token].freeze
      OTHER_TRANSLATED = %i[credentials http_open_timeout http_read_timeout max_attempts retry_limit retry_mode].freeze
      TRANSLATED = [*SAME_NAMES.keys, *CREDENTIAL_NAMES, *OTHER_TRANSLATED].freeze

      # With this value, an option asks for what happens anyway.
      NO_DIFFERENCE = {
        api_version: "2012-08-10", compute_checksums: true, convert_params: true, correct_clock_skew: true, endpoint_discovery: false,
        http_wire_trace: false, raise_response_errors: true, simple_attributes: true, ssl_verify_peer: true, stub_responses: false,
        use_dualstack_endpoint: false, use_fips_endpoint: false, validate_params: true
      }.freeze

      # Where the work of an option is done that has no counterpart.
      REPLACEMENTS = {
        adaptive_retry_wait_to_fill: "leave it out: in the mode \"adaptive\" calls wait",
        api_version: "leave it out: the version is \"2012-08-10\"",
        compute_checksums: "leave it out: checksums of answers are always compared",
        correct_clock_skew: "leave it out: a wrong clock is always allowed for",
        endpoint_provider: "give the address as endpoint",
        http_idle_timeout: "leave it out: a connection rests for 50 seconds at most, and one that was closed meanwhile is not used",
        http_wire_trace: "set options: { log_level: \"trace\" }",
        log_formatter: "give the store a logger of its own, as logger",
        log_level: "set options: { log_level: … }",
        logger: "give the store a logger of its own, as logger",
        plugins: "leave it out: requests do not go through the AWS SDK for Ruby",
        retry_backoff: "leave it out: retry_mode says how a retry waits",
        retry_base_delay: "leave it out: retry_mode says how a retry waits",
        retry_jitter: "leave it out: retry_mode says how a retry waits",
        retry_max_delay: "leave it out: retry_mode says how a retry waits",
        sdk_ua_app_id: "leave it out: the library names itself",
        ssl_ca_directory: "give a file that holds the certificates as ssl_ca_bundle",
        ssl_ca_store: "give a file that holds the certificates as ssl_ca_bundle",
        ssl_cert: "client certificates are not supported; use a proxy that presents one",
        ssl_key: "client certificates are not supported; use a proxy that presents one",
        ssl_timeout: "use http_open_timeout, which is for the handshake as well",
        ssl_verify_peer: "give the file of root certificates as ssl_ca_bundle",
        stub_responses: "give the address of a local engine as endpoint",
        use_dualstack_endpoint: "give the dual-stack address as endpoint",
        use_fips_endpoint: "give the FIPS address as endpoint",
        validate_params: "leave it out: arguments are always validated"
      }.freeze
      NO_REPLACEMENT = "leave it out: this store has no counterpart"

      # What people write for an option of the AWS SDK for Ruby that is not spelt alike.
      OTHER_NAMES = {
        aws_region: :region, endpoint_url: :endpoint, url: :endpoint, aws_access_key_id: :access_key_id, aws_profile: :profile,
        aws_secret_access_key: :secret_access_key, aws_session_token: :session_token, timeout: :http_read_timeout,
        retries: :max_attempts, proxy: :http_proxy, ca_bundle: :ssl_ca_bundle, ca_file: :ssl_ca_bundle
      }.freeze

      class << self
        # Whether this is an option of the AWS SDK's client.
        def knows?(name)
          [TRANSLATED, NO_DIFFERENCE, REPLACEMENTS].any? { |names| names.include?(name) }
        end

        # The options, over those that the program has set for all clients with Aws.config, as the AWS SDK has them.
        def with_global_options(options)
          global = GlobalOptions.for_dynamodb
          new(global.merge(options), global: global.keys - options.keys)
        end
      end

      # @param options [Hash]
      # @param place [String] where they stand, for messages
      # @param global [Array<Symbol>] the names of those that stand in Aws.config instead
      def initialize(options, place = "dynamodb_opts", global: [])
        @options = options.compact
        @place = place
        @global = global
      end

      # The options of Store that mean the same.
      #
      # @raise [UnsupportedOptionError] an option has no counterpart
      def settings
        @options.each { |name, value| refuse(name) unless TRANSLATED.include?(name) || NO_DIFFERENCE[name] == value }
        settings = @options.slice(*SAME_NAMES.keys).to_h { |name, value| [SAME_NAMES.fetch(name), text(name, value)] }
        { credentials: credentials, retry_mode: retry_mode, max_attempts: max_attempts }.compact.merge(settings, timeouts)
      end

      private

      def refuse(name, advice = nil, said: name)
        raise UnsupportedOptionError.new(place(name), said, advice || REPLACEMENTS[name] || meant(name) || NO_REPLACEMENT)
      end

      def place(name)
        @global.include?(name) ? "Aws.config" : @place
      end

      # Advice for a name that is like one of the AWS SDK's, or belongs elsewhere.
      def meant(name)
        return "its names are symbols: #{name.to_sym.inspect}" if name.is_a?(String) && TRANSLATED.include?(name.to_sym)
        return "it is an option of its own, beside dynamodb_opts" if STORE_OPTIONS.include?(name)
        return if @place == "existing_client"

        like = OTHER_NAMES[name] || (defined?(DidYouMean::SpellChecker) && DidYouMean::SpellChecker.new(dictionary: TRANSLATED).correct(name).first)
        like ? "did you mean #{like}?" : nil
      end

      # As with the AWS SDK, an object goes before keys.
      def credentials
        found = provider || keys
        refuse_profile_beside(provider ? :credentials : keys.keys.first) if found && @options.key?(:profile)
        found
      end

      def provider
        given = @options[:credentials]
        return given if given.nil? || CredentialsRenewal.finds?(given)

        refuse(:credentials, "give an object of the AWS SDK, or access_key_id and secret_access_key", said: "an object of #{given.class} as credentials")
      end

      def keys
        keys = @options.slice(*CREDENTIAL_NAMES)
        return if keys.empty?

        missing = %i[access_key_id secret_access_key].find { |name| !keys.key?(name) }
        raise ArgumentError, "#{place(keys.keys.first)}: #{missing} is missing beside the other credentials" if missing

        keys
      end

      # The AWS SDK would take these credentials and whatever else the profile has; the native library takes one or the other.
      def refuse_profile_beside(name)
        without = place(:profile) == "Aws.config" ? "set profile: nil in #{@place}" : "leave out profile"
        refuse(:profile, "#{without}, or leave out #{name} of #{place(name)} for the profile's credentials", said: "profile beside #{name}")
      end

      def retry_mode
        mode = @options[:retry_mode]
        unless [nil, "standard", "adaptive"].include?(mode)
          refuse(:retry_mode, 'use "standard" or "adaptive"', said: "retry_mode #{mode.inspect}")
        end
        mode
      end

      # +retry_limit+ counts the tries after the first one.
      def max_attempts
        retries = number(:retry_limit, "a whole number from 0") { |value| whole(value, 0) }
        number(:max_attempts, "a whole number from 1") { |value| whole(value, 1) } || (retries && retries + 1)
      end

      # Lets an attempt, and a whole call, last as long as the AWS SDK would with these timeouts and attempts.
      def timeouts
        connect = milliseconds(:http_open_timeout)
        read = milliseconds(:http_read_timeout)
        attempt = (connect || CONNECT_TIMEOUT_MS) + (read || ATTEMPT_TIMEOUT_MS) if connect || read
        needed = (attempt || ATTEMPT_TIMEOUT_MS) * (max_attempts || ATTEMPTS)
        operation = needed if needed > OPERATION_TIMEOUT_MS && (attempt || max_attempts)
        { connect_timeout_ms: connect, attempt_timeout_ms: attempt, operation_timeout_ms: operation }.compact
      end

      # 0 would mean no timeout at all.
      def milliseconds(name)
        number(name, "a number of seconds from 0") do |value|
          seconds = Float(value)
          raise RangeError if seconds.negative?

          [1, (seconds * 1000).round].max
        end
      end

      def number(name, what)
        value = @options[name]
        value.nil? ? nil : yield(value)
      rescue ArgumentError, TypeError, RangeError
        wrong(name, what, value.inspect)
      end

      def whole(value, least)
        number = Integer(value)
        raise RangeError if number < least || (value.is_a?(Numeric) && value != number)

        number
      end

      def text(name, value)
        return value.to_s if [String, Symbol, URI::Generic, Pathname].any? { |taken| value.is_a?(taken) }

        # By class, because a proxy may have a password.
        wrong(name, "text", "of class #{value.class}")
      end

      def wrong(name, what, given)
        raise ArgumentError, "#{place(name)}: #{name} must be #{what}, not #{given.scrub[0, 60]}", cause: nil
      end
    end
    private_constant :DynamoDBOptions
  end
end
