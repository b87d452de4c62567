# frozen_string_literal: true

require "json"

module LdDynamoStore
  module LaunchDarkly
    # What the SDK's CachingStoreWrapper asks of a store (+LaunchDarkly::Integrations::Util::FeatureStoreCore+), over one Store. Items are the SDK's
    # model objects; of a kind that it has no model for, they are hashes with symbols as names.
    class FeatureStoreCore
      # @param store [LdDynamoStore::Store] one that caches nothing
      # @param logger [Logger]
      def initialize(store, logger)
        @store = store
        @failures = RepeatedFailures.new(logger)
      end

      # Replaces the kinds in +all_data+.
      #
      # @param all_data [Hash] kind => key => item
      def init_internal(all_data)
        kinds = all_data.to_h { |kind, items| [kind[:namespace], object(items.to_h { |key, item| [key, serialize(kind, item)] })] }
        @store.init(object(kinds))
      end

      # One item as stored, deleted ones included.
      #
      # @param kind [Hash] one of the SDK's kinds
      # @param key [String, Symbol]
      # @return [Object, nil]
      def get_internal(kind, key)
        decode(kind, key, @store.get(kind[:namespace], key.to_s))
      rescue InvalidKeyError, InvalidUtf8Error
        # No row can have such a key.
        nil
      rescue CorruptItemError => e
        damaged(e)
      end

      # Every item of a kind by the key it is stored under, deleted ones included.
      #
      # @param kind [Hash] one of the SDK's kinds
      # @return [Hash{Symbol => Object}]
      def get_all_internal(kind)
        items = {}
        ItemDecoder.each(@store.all(kind[:namespace])) do |key, text|
          item = decode(kind, key, text)
          items[key] = item if item
        end
        items
      end

      # Stores the item if it is newer.
      #
      # @param kind [Hash] one of the SDK's kinds
      # @param item [Object] one of the SDK's model objects
      # @return [Object, nil] what is stored afterwards
      def upsert_internal(kind, item)
        key = item[:key].to_s
        result = @store.upsert(kind[:namespace], key, serialize(kind, item))
        return item if result.written?

        # One that is too large left the table as it was.
        result.not_newer? ? decode(kind, key, result.stored) : get_internal(kind, key)
      end

      # Whether the table holds a full data set. False where it cannot be asked: the SDK lets an exception from here out of +variation+.
      def initialized_internal?
        @store.initialized?
      rescue Error => e
        # By class, because the text of one and the same outage may name other addresses and times.
        @failures.log(::Logger::WARN, "whether the table is initialized is unknown, taken as no: #{e.message}", [:initialized, e.class])
        false
      end

      # Whether the table answers now. After a failure the SDK asks twice a second.
      def available?
        @store.check_available
        true
      rescue Error => e
        @failures.log(::Logger::WARN, "the table is not available: #{e.message}", [:available, e.class])
        false
      end

      # Does nothing, as the official store's: a store outlives a client, and another client may have it. It is freed when nobody refers to it.
      def stop; end

      private

      def serialize(kind, item)
        ::LaunchDarkly::Impl::Model.serialize(kind, item)
      end

      # The text of an object whose values are JSON texts.
      def object(members)
        "{#{members.map { |name, text| "#{JSON.generate(name.to_s)}:#{text}" }.join(",")}}"
      end

      def decode(kind, key, text)
        ItemDecoder.item(kind, key, text)
      rescue CorruptItemError => e
        damaged(e)
      end

      # The SDK takes any exception for an outage, and the table did answer.
      def damaged(error)
        @failures.log(::Logger::ERROR, error.message)
        nil
      end
    end
  end
end
