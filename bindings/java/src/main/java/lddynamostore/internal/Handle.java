package lddynamostore.internal;

import java.util.concurrent.atomic.AtomicLong;
import lddynamostore.exception.StoreClosedException;

/** Owns one native store: freed once, and never while a call is using it. */
final class Handle {
  private static final long CLOSED = 1;
  private static final long CALL = 2;

  private final Native functions;
  private final long store;

  /** Twice the number of calls that are under way, and one if it is closed. */
  private final AtomicLong state = new AtomicLong();

  Handle(Native functions, long store) {
    this.functions = functions;
    this.store = store;
  }

  /** Begins a call; every one that succeeds needs one {@link #leave}. */
  long enter() {
    // Once closed, nobody enters, so the last one out is known for the last.
    long before = state.getAndUpdate(old -> (old & CLOSED) != 0 ? old : old + CALL);
    if ((before & CLOSED) != 0) {
      throw new StoreClosedException("the store is closed");
    }
    return store;
  }

  /** Ends a call; the last one of a closed handle frees it. */
  void leave() {
    if (state.addAndGet(-CALL) == CLOSED) {
      free();
    }
  }

  /** Refuses further calls, and frees now or when the last running call ends. Never waits. */
  void close() {
    long before = state.getAndUpdate(old -> old | CLOSED);
    if (before == 0) {
      free();
    }
  }

  boolean isClosed() {
    return (state.get() & CLOSED) != 0;
  }

  private void free() {
    functions.free(store);
  }
}
