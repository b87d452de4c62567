# frozen_string_literal: true

require "json"

module LdDynamoStore
  # Tells of an exception that code of others has raised, without the values that Ruby and its JSON module put into some messages: they may be
  # secrets.
  #
  # @private
  module ForeignError
    SHOW_VALUES = [NameError, FrozenError, NoMatchingPatternError, JSON::ParserError].freeze
    private_constant :SHOW_VALUES

    class << self
      # One line of bounded length.
      def text(error, size)
        message = shows_values?(error) ? (error.name if error.is_a?(NameError)) : original_message(error)
        line = [error.class, message].compact.join(": ").dup.force_encoding(Encoding::UTF_8).scrub.split.join(" ")
        line.size > size ? "#{line[0, size - 1]}…" : line
      end

      # The error as a cause, whose message Ruby prints as well; nil where it or a cause of its own shows values.
      def as_cause(error)
        chain = [error]
        chain << chain.last.cause while chain.last.cause
        error unless chain.any? { |one| shows_values?(one) }
      end

      private

      def shows_values?(error)
        !error.is_a?(JSON::NestingError) && SHOW_VALUES.any? { |shown| error.is_a?(shown) }
      end

      # Without the lines of source and the suggestions that Ruby adds.
      def original_message(error)
        error.respond_to?(:original_message) ? error.original_message : error.message
      end
    end
  end
  private_constant :ForeignError
end
