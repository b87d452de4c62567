# frozen_string_literal: true

module LdDynamoStore
  module LaunchDarkly
    # What a client of the AWS SDK was made with, as options of Store: region, endpoint, credentials, and what else differs from a client that was
    # made with these alone.
    #
    # @private
    class ExistingClient
      # Their work is done by the region, the endpoint and the credentials that the client has found; a formatter has none without a logger.
      TAKEN = %i[
        region endpoint regional_endpoint credentials access_key_id secret_access_key session_token profile account_id account_id_endpoint_mode
        use_dualstack_endpoint use_fips_endpoint instance_profile_credentials_retries instance_profile_credentials_timeout
        ignore_configured_endpoint_urls log_formatter
      ].freeze
      COMPARED = [NilClass, TrueClass, FalseClass, Numeric, String, Symbol, Array, Hash, Proc, Method, Module].freeze
      private_constant :TAKEN, :COMPARED

      def initialize(client)
        client = client.__getobj__ while defined?(::Delegator) && client.is_a?(::Delegator)
        @client = client
        refuse unless client.respond_to?(:config) && client.config.respond_to?(:to_h)
      end

      # @raise [UnsupportedOptionError] the client has an option without a counterpart
      def settings
        options = @client.config.to_h
        taken = options.slice(:region, :endpoint, :credentials).compact
        plain = plain_configuration(taken)
        differing = options.reject { |name, value| TAKEN.include?(name) || same?(value, plain[name]) }
        # What Aws.config has set, the plain client has as well.
        global = options.slice(*(GlobalOptions.names - TAKEN - differing.keys))
        DynamoDBOptions.new({ **differing, **global, **taken }, "existing_client", global: global.keys).settings
      end

      private

      def refuse
        raise UnsupportedOptionError.new("existing_client", @client.class, "give an Aws::DynamoDB::Client"), cause: nil
      end

      def plain_configuration(taken)
        # A subclass may be made in another way than this one.
        its_class = defined?(::Aws::DynamoDB::Client) && @client.is_a?(::Aws::DynamoDB::Client) ? ::Aws::DynamoDB::Client : @client.class
        its_class.new(**taken).config.to_h
      rescue ArgumentError, TypeError, NoMethodError
        refuse
      end

      # Objects that the AWS SDK makes for each client have no other equality than their class.
      def same?(one, other)
        return one == other if [one, other].any? { |value| COMPARED.any? { |simple| value.is_a?(simple) } }

        one.instance_of?(other.class)
      end
    end
    private_constant :ExistingClient
  end
end
