# frozen_string_literal: true

require "json"

module LaunchDarkly
  module Impl
    # The SDK's model: it keeps the parsed item and reads out of it, and takes neither anything but an object nor members of another type.
    module Model
      class Item
        attr_reader :data, :key, :version, :deleted

        def initialize(data, _logger = nil)
          raise ArgumentError, "expected hash but got #{data.class}" unless data.is_a?(Hash)

          @data = data
          @key = data[:key]
          @version = data[:version]
          @deleted = !!data[:deleted]
          @rules = (data[:rules] || []).map { |rule| rule[:clauses] } unless @deleted
        end

        def [](name)
          @data[name]
        end

        def ==(other)
          other.instance_of?(self.class) && other.data == data
        end

        def to_json(*arguments)
          @data.to_json(*arguments)
        end
      end

      class FeatureFlag < Item; end
      class Segment < Item; end

      def self.deserialize(kind, input, logger = nil)
        return nil if input.nil?
        return input unless input.is_a?(String) || input.is_a?(Hash)

        data = input.is_a?(Hash) ? input : JSON.parse(input, symbolize_names: true)
        case kind
        when DataStore::FEATURES then FeatureFlag.new(data, logger)
        when DataStore::SEGMENTS then Segment.new(data, logger)
        else data
        end
      end

      def self.serialize(_kind, item)
        item.to_json
      end
    end
  end
end
