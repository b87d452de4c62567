# frozen_string_literal: true

module LdDynamoStore
  # What Store#big_segments_apply_patch did. +status+ is Status::OK or Status::OUT_OF_ORDER.
  PatchResult = Struct.new(:status) do
    # All of the patch is stored, and the table's cursor is its +version+.
    #
    # @return [Boolean]
    def applied?
      status == Status::OK
    end

    # The table's cursor is not the patch's +previousVersion+; a patch of one transaction has changed nothing.
    #
    # @return [Boolean]
    def out_of_order?
      status == Status::OUT_OF_ORDER
    end
  end

  class << self
    include NativeCalls

    # The key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64. LaunchDarkly's SDKs compute it
    # themselves; this is for users without one. Asks no table.
    #
    # @param key [String, Symbol] the context's key; of a context of several kinds, that of the kind which the segment is about
    # @param library [String, nil] path of the native library, where it is not to be searched for
    # @return [String]
    # @raise [InvalidArgumentError] the key is nil, not UTF-8, or has a NUL character
    # @raise [LibraryError] the native library was not found or does not fit
    def context_hash(key, library: nil)
      key = key_text(key)
      native = Native.load(library)
      Log.around(nil) { answer(native) { |out, error| native.ld_dynamo_context_hash(key, out, error) } }.last
    end
  end

  # Big Segments, read and written.
  class Store
    INT64 = (-2**63...2**63).freeze
    private_constant :INT64

    # When the Big Segments data was last brought up to date. Never from memory.
    #
    # @return [String, nil] JSON text with +synchronizedOn+, in milliseconds since 1970; nil when it never was
    # @raise [StoreError] the row is corrupt, or the table could not be asked
    def big_segments_metadata
      call(:ld_dynamo_store_big_segments_metadata, result: true).last
    end

    # The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones. Never from memory, and always strongly
    # consistent.
    #
    # @return [String, nil] nil when there was no patch
    # @raise [StoreError] the row is corrupt, or the table could not be asked
    def big_segments_cursor
      call(:ld_dynamo_store_big_segments_cursor, result: true).last
    end

    # The Big Segments that a context is in or out of. An answer is kept for +context_cache_ttl_ms+ (5000), of +context_cache_size+ (1000) contexts,
    # unless one of these or +cache_ttl_ms+ is 0.
    #
    # @param context_hash [String] what LdDynamoStore.context_hash makes of the context's key
    # @return [String, nil] JSON text, from segment reference to true (in) or false (out); nil when the table does not know the context
    # @raise [StoreError] the row is corrupt, or the table could not be asked
    def big_segments_membership(context_hash)
      call(:ld_dynamo_store_big_segments_membership, key_text(context_hash, "context_hash"), result: true).last
    rescue InvalidKeyError
      # No row can have such a key.
      nil
    end

    # Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
    #
    # It is applied where the table's cursor is the patch's +previousVersion+ (or there is none and that is empty), and moves the cursor to +version+.
    # Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several transactions, of which the
    # last moves the cursor, so that a patch which failed can be applied again. A removal wins over an addition of the same context to the same set.
    #
    # @param patch [String, Hash] an object with +environmentId+, +segmentId+ ("segment-key.g1"), +version+, +previousVersion+ and +changes+, which
    #   has +included+ and +excluded+, each with the context hashes to +add+ and to +remove+
    # @return [PatchResult] out of order is no failure: ask LaunchDarkly for the patches since #big_segments_cursor
    # @raise [InvalidArgumentError] the patch is wrong; nothing was sent
    # @raise [StoreError] the patch is not known to be applied
    def big_segments_apply_patch(patch)
      PatchResult.new(call(:ld_dynamo_store_big_segments_apply_patch, json_text(patch, "patch")).first)
    end

    # Notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for stale some time after it, 120 s by
    # default; the Relay Proxy notes it every 30 s.
    #
    # @param time [Integer, Time] in milliseconds since 1970, or a Time, whose fractions of a millisecond are cut off
    # @return [nil]
    # @raise [InvalidBigSegmentsError] the time is before 1970 or beyond 64 bits; nothing was sent
    # @raise [StoreError] the time may not be noted
    def big_segments_set_synchronized(time)
      call(:ld_dynamo_store_big_segments_set_synchronized, milliseconds(time))
      nil
    end

    private

    def milliseconds(time)
      raise TypeError, "time must be an Integer or a Time, not #{time.class}" unless time.is_a?(Integer) || time.is_a?(Time)

      number = time.is_a?(Time) ? (time.to_r * 1000).floor : time
      return number if INT64.cover?(number)

      raise InvalidBigSegmentsError.new("time must be in milliseconds since 1970 and fit into 64 bits", Status::INVALID_BIG_SEGMENTS)
    end
  end
end
