# frozen_string_literal: true

require "json"

module LdDynamoStore
  module LaunchDarkly
    # Makes the SDK's model objects of stored JSON texts.
    #
    # @private
    module ItemDecoder
      TOKEN = /"(?:[^"\\]++|\\.)*+"|[{}\[\]]/mn

      class << self
        # One item.
        #
        # @param text [String, Hash] its JSON text, or what it was parsed to
        # @raise [CorruptItemError] the JSON module does not take the text, or the SDK's model does not take the item
        def item(kind, key, text)
          ::LaunchDarkly::Impl::Model.deserialize(kind, text)
        rescue StandardError, SystemStackError => e
          name = "item #{key.to_s[0, 100].inspect} of kind #{kind[:namespace].inspect}"
          raise CorruptItemError.new("#{name} is corrupt: #{ForeignError.text(e, 150)}", Status::CORRUPT_ITEM), cause: ForeignError.as_cause(e)
        end

        # Yields key and text, or what it was parsed to, of every item in the text of one object.
        def each(text, &block)
          begin
            items = JSON.parse(text, symbolize_names: true)
          rescue JSON::ParserError, EncodingError
            # The JSON module does not take one item, for its levels or half a surrogate pair, and the others are to be had all the same.
            return split(text, &block)
          end
          items.each(&block)
        end

        private

        # For a text that is known to be JSON, an object of objects.
        def split(text)
          key = start = nil
          levels = 0
          text.b.scan(TOKEN) do |token|
            case token
            when "{", "["
              levels += 1
              start = Regexp.last_match.begin(0) if levels == 2
            when "}", "]"
              levels -= 1
              yield key, text.byteslice(start...Regexp.last_match.end(0)) if levels == 1
            else
              key = JSON.parse(token.force_encoding(Encoding::UTF_8)).to_sym if levels == 1
            end
          end
        end
      end
    end
    private_constant :ItemDecoder
  end
end
