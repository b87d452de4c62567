# frozen_string_literal: true

module LdDynamoStore
  module LaunchDarkly
    # An option of the official store that this one cannot honour; the message says what to use instead.
    class UnsupportedOptionError < ArgumentError
      # The option's name.
      attr_reader :option

      # @param place [String] where the option stands
      # @param option [Symbol, String]
      # @param advice [String] what to do
      def initialize(place, option, advice)
        super("#{place}: #{option.to_s.scrub.split.join(" ")[0, 60]} is not supported; #{advice}")
        @option = option
      end
    end
  end
end
