# frozen_string_literal: true

require "json"

module LdDynamoStore
  module LaunchDarkly
    # The SDK's interface to Big Segments (+LaunchDarkly::Interfaces::BigSegmentStore+) over one Store.
    class BigSegmentStore
      include ::LaunchDarkly::Interfaces::BigSegmentStore

      # @param store [LdDynamoStore::Store]
      # @param logger [Logger]
      def initialize(store, logger)
        @store = store
        @failures = RepeatedFailures.new(logger)
      end

      # When the Big Segments data was last brought up to date.
      #
      # @return [::LaunchDarkly::Interfaces::BigSegmentStoreMetadata]
      def get_metadata
        metadata = read { @store.big_segments_metadata }
        ::LaunchDarkly::Interfaces::BigSegmentStoreMetadata.new(metadata && metadata["synchronizedOn"])
      end

      # Whether a context is included in (true) or excluded from (false) segments, by segment reference.
      #
      # @param context_hash [String] the hash of the context's key
      # @return [Hash{String => Boolean}, nil] nil where nothing is known of the context
      def get_membership(context_hash)
        read { @store.big_segments_membership(context_hash) }
      end

      # Does nothing, as the official store's: a store outlives a client, and another client may have it. It is freed when nobody refers to it.
      def stop; end

      private

      # The SDK takes any exception for an outage, and the table did answer.
      def read
        text = yield
        text && JSON.parse(text)
      rescue InvalidUtf8Error
        # No row can have such a key.
        nil
      rescue CorruptItemError => e
        @failures.log(::Logger::ERROR, e.message)
        nil
      end
    end
  end
end
