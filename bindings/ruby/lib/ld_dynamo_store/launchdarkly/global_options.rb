# frozen_string_literal: true

module LdDynamoStore
  module LaunchDarkly
    # What the program has set for the clients of the AWS SDK with Aws.config.
    #
    # @private
    module GlobalOptions
      # These say where requests go and whom they trust, so they are not passed over, although they may be meant for other services.
      REFUSED = %i[
        endpoint_provider ssl_ca_directory ssl_ca_store ssl_cert ssl_key ssl_verify_peer stub_responses use_dualstack_endpoint use_fips_endpoint
      ].freeze
      private_constant :REFUSED

      class << self
        # What clients for DynamoDB get of it; of what is meant for every service, that which a store can honour or must refuse.
        def for_dynamodb
          all.slice(*DynamoDBOptions::TRANSLATED, *REFUSED).merge(of_dynamodb)
        end

        # The names of all that clients for DynamoDB may get of it.
        def names
          all.keys | of_dynamodb.keys
        end

        private

        def all
          defined?(::Aws) && ::Aws.respond_to?(:config) ? ::Aws.config : {}
        end

        def of_dynamodb
          all[:dynamodb] || {}
        end
      end
    end
    private_constant :GlobalOptions
  end
end
