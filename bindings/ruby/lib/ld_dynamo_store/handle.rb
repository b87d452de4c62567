# frozen_string_literal: true

module LdDynamoStore
  # A native handle that is freed once, and never while a call is inside it.
  #
  # In a child process the count may still hold calls of threads that did not survive the fork. Then #close leaves the handle to #finalize at the
  # child's exit; the library frees nothing of the parent's.
  #
  # @private
  class Handle
    def initialize(native, pointer)
      @native = native
      @pointer = pointer
      @calls = 0
      @closed = false
      @mutex = Mutex.new
    end

    # Yields the pointer and keeps it alive meanwhile. Raises StoreClosedError after #close.
    def use
      @mutex.synchronize do
        raise StoreClosedError, "the store is closed" if @closed

        @calls += 1
      end
      begin
        yield @pointer
      ensure
        @mutex.synchronize do
          @calls -= 1
          free if @closed && @calls.zero?
        end
      end
    end

    # Refuses further calls, and frees the handle when the last call is over. Never waits.
    def close
      @mutex.synchronize do
        @closed = true
        free if @calls.zero?
      end
    end

    def closed?
      @closed
    end

    # For the finalizer: nobody can be inside a call any more, and a mutex must not be waited for there.
    def finalize
      @closed = true
      free
    end

    private

    def free
      pointer = @pointer
      @pointer = nil
      @native.ld_dynamo_store_free(pointer) if pointer
    end
  end
  private_constant :Handle
end
