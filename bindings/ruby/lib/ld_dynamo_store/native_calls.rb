# frozen_string_literal: true

require "ffi"

module LdDynamoStore
  # What calls of the native library have in common: text that goes in, text and errors that come out.
  #
  # @private
  module NativeCalls
    private

    # Yields the places for a text and for an error to a call. Returns the status and the text that the call gave, or nil; raises its error.
    def answer(native)
      out = FFI::MemoryPointer.new(:pointer, 2)
      error = out + FFI::Pointer.size
      status = yield out, error
      raise failure(native, status, error.read_pointer) if status.negative?

      [status, take_text(out.read_pointer)]
    ensure
      native.ld_dynamo_string_free(out.read_pointer)
      native.ld_dynamo_error_free(error.read_pointer)
    end

    def failure(native, status, error)
      message = native.ld_dynamo_error_message(error).dup.force_encoding(Encoding::UTF_8)
      retriable = native.ld_dynamo_error_is_retriable(error) != 0
      StoreError.class_for(status).new(message, status, retriable: retriable, service_code: native.ld_dynamo_error_service_code(error))
    end

    def take_text(pointer)
      pointer.null? ? nil : pointer.read_string.force_encoding(Encoding::UTF_8)
    end

    # UTF-8 that no other thread can change during the call. nil and wrong bytes are left for the library, which names the argument; a NUL
    # character would end a C string early, so it is refused here, with +refusal+ as the status.
    def text(value, refusal, name)
      return nil if value.nil?

      string = value.is_a?(Symbol) ? value.name : value
      raise TypeError, "#{name} must be a String, not #{value.class}" unless string.is_a?(String)

      string = string.encode(Encoding::UTF_8) unless [Encoding::UTF_8, Encoding::BINARY].include?(string.encoding)
      at = string.b.index("\0")
      raise StoreError.class_for(refusal).new("#{name} has a NUL character at byte #{at}", refusal) if at

      string.dup.freeze
    rescue EncodingError => e
      raise InvalidUtf8Error.new("#{name} is not text in #{value.encoding}: #{e.message}", Status::INVALID_UTF8)
    end

    def key_text(key, name = "key")
      text(key, Status::INVALID_KEY, name)
    end
  end
  private_constant :NativeCalls
end
