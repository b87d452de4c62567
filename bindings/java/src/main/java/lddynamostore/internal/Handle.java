package lddynamostore.internal;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import lddynamostore.exception.StoreClosedException;

/** Owns one native store: freed once, and never while a call is using it. */
final class Handle {
  private static final long CLOSED = 1;
  private static final long CALL = 2;

  // A field of the handle itself, which every call needs at its end: so it is no garbage under a call, whoever else has given it up.
  private static final AtomicLongFieldUpdater<Handle> STATE = AtomicLongFieldUpdater.newUpdater(Handle.class, "state");

  private final long store;
  private final UnreferencedStores.Owned owned;

  /** Twice the number of calls that are under way, and one if it is closed. */
  private volatile long state;

  Handle(Native functions, long store) {
    this.store = store;
    this.owned = UnreferencedStores.add(this, functions, store);
  }

  /** Begins a call; every one that succeeds needs one {@link #leave}. */
  long enter() {
    // Once closed, nobody enters, so the last one out is known for the last.
    long before = STATE.getAndUpdate(this, old -> (old & CLOSED) != 0 ? old : old + CALL);
    if ((before & CLOSED) != 0) {
      throw new StoreClosedException("the store is closed");
    }
    return store;
  }

  /** Ends a call; the last one of a closed handle frees it. */
  void leave() {
    if (STATE.addAndGet(this, -CALL) == CLOSED) {
      owned.free();
    }
  }

  /** Refuses further calls, and frees now or when the last running call ends. Never waits. */
  void close() {
    long before = STATE.getAndUpdate(this, old -> old | CLOSED);
    if (before == 0) {
      owned.free();
    }
  }

  boolean isClosed() {
    return (state & CLOSED) != 0;
  }
}
