# frozen_string_literal: true

require "ld_dynamo_store"
begin
  require "ldclient-rb"
rescue LoadError => e
  raise unless e.path == "ldclient-rb"

  raise LoadError, "LdDynamoStore::LaunchDarkly needs LaunchDarkly's SDK for Ruby: add the gem launchdarkly-server-sdk"
end
require "ldclient-rb/impl/model/serialization"
require "ldclient-rb/integrations/util/store_wrapper"
require_relative "launchdarkly/unsupported_option_error"
require_relative "launchdarkly/dynamodb_options"
require_relative "launchdarkly/global_options"
require_relative "launchdarkly/existing_client"
require_relative "launchdarkly/repeated_failures"
require_relative "launchdarkly/item_decoder"
require_relative "launchdarkly/feature_store_core"
require_relative "launchdarkly/big_segment_store"

module LdDynamoStore
  # Plugs the store into LaunchDarkly's SDK for Ruby, in place of +LaunchDarkly::Integrations::DynamoDB+:
  #
  #   store = LdDynamoStore::LaunchDarkly.new_feature_store("my-table", prefix: "my-environment")
  #   config = LaunchDarkly::Config.new(feature_store: store)
  #
  # The SDK's own CachingStoreWrapper caches; the store under it caches nothing, so that a value is never older than +:expiration+ says. An exception
  # reaches the SDK only where the table could not be asked, because the SDK takes any exception for an outage: a row that is damaged is logged and
  # counts as absent.
  module LaunchDarkly
    STORE_OPTIONS = %i[dynamodb_opts existing_client prefix logger expiration capacity options library].freeze
    # What Store.new takes and this module gives it.
    OPTIONS_ELSEWHERE = {
      cache_ttl_ms: "the SDK caches: use expiration", stale_on_error: "the SDK caches, and serves nothing that has expired",
      library: "it is an option of its own, beside options",
      logger: "it is an option of its own, beside options", prefix: "it is an option of its own, beside options",
      table: "it is the first argument", context_cache_ttl_ms: "the SDK caches: use context_cache_time of LaunchDarkly::BigSegmentsConfig",
      context_cache_size: "the SDK caches: use context_cache_size of LaunchDarkly::BigSegmentsConfig"
    }.freeze
    # With these values, such an option asks for what happens anyway.
    NOTHING_ASKED = {
      cache_ttl_ms: [nil, 0], context_cache_ttl_ms: [nil, 0], context_cache_size: [nil, 0], stale_on_error: [nil, false]
    }.freeze
    private_constant :STORE_OPTIONS, :OPTIONS_ELSEWHERE, :NOTHING_ASKED

    class << self
      # Makes a feature store for +LaunchDarkly::Config.new(feature_store: …)+.
      #
      # @param table_name [String] an existing table; its partition key is "namespace" and its sort key "key", both strings
      # @param opts [Hash]
      # @option opts [Hash] :dynamodb_opts options as for Aws::DynamoDB::Client.new; ignored beside +:existing_client+
      # @option opts [Object] :existing_client an Aws::DynamoDB::Client whose region, endpoint and credentials are used; the credentials are
      #   asked for again before they expire
      # @option opts [String] :prefix goes before every namespace, so that environments share a table; "" is none
      # @option opts [Logger] :logger gets log messages; the SDK's default logger if absent
      # @option opts [Numeric] :expiration (15) seconds that the SDK's cache keeps an item; 0 is no cache
      # @option opts [Integer] :capacity (1000) the most items in the SDK's cache
      # @option opts [Hash] :options further options of LdDynamoStore::Store.new, such as +{ read_only: true }+; they win over +:dynamodb_opts+, and
      #   what is an argument or option here is refused there
      # @option opts [String] :library path of the native library, where it is not to be searched for
      # @return [::LaunchDarkly::Integrations::Util::CachingStoreWrapper]
      # @raise [UnsupportedOptionError] an option has no counterpart here; the message says what to use instead
      # @raise [ConfigurationError] a setting is wrong; the message names it
      def new_feature_store(table_name, opts = {})
        logger = logger_of(opts)
        core = FeatureStoreCore.new(open_store(table_name, opts, logger), logger)
        ::LaunchDarkly::Integrations::Util::CachingStoreWrapper.new(core, opts)
      end

      # Makes a Big Segments store for +LaunchDarkly::BigSegmentsConfig.new(store: …)+.
      #
      # @param table_name [String] an existing table
      # @param opts [Hash] as for #new_feature_store; +:expiration+ and +:capacity+ mean nothing here
      # @return [BigSegmentStore]
      # @raise [UnsupportedOptionError] an option has no counterpart here
      # @raise [ConfigurationError] a setting is wrong
      def new_big_segment_store(table_name, opts = {})
        logger = logger_of(opts)
        BigSegmentStore.new(open_store(table_name, opts, logger), logger)
      end

      private

      def logger_of(opts)
        unknown = opts.keys.find { |name| !STORE_OPTIONS.include?(name) }
        raise UnsupportedOptionError.new("option", unknown, advice_for(unknown)) if unknown

        RepeatedFailures.new(Log.checked(opts[:logger] || ::LaunchDarkly::Config.default_logger))
      end

      def advice_for(name)
        return "its names are symbols: #{name.to_sym.inspect}" if name.is_a?(String) && STORE_OPTIONS.include?(name.to_sym)
        return "give it in dynamodb_opts" if DynamoDBOptions.knows?(name)

        "there are #{STORE_OPTIONS.join(", ")}; what Store.new takes goes into options"
      end

      # A store that leaves caching to the SDK.
      def open_store(table_name, opts, logger)
        client = opts[:existing_client]
        settings = client ? ExistingClient.new(client).settings : DynamoDBOptions.with_global_options(opts[:dynamodb_opts] || {}).settings
        settings = settings.merge(further_options(opts[:options] || {}))
        Store.new(table_name, prefix: opts[:prefix], **settings, cache_ttl_ms: 0, library: opts[:library], logger: logger)
      end

      def further_options(options)
        options.each_key do |name|
          raise UnsupportedOptionError.new("options", name, "its names are symbols, not strings") if name.is_a?(String)
          next if !OPTIONS_ELSEWHERE.key?(name) || NOTHING_ASKED[name]&.include?(options[name])

          raise UnsupportedOptionError.new("options", name, OPTIONS_ELSEWHERE.fetch(name))
        end
      end
    end
  end
end
