package lddynamostore.internal;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Frees the native stores of handles that were given up without {@code close}, when the next store is made. */
final class UnreferencedStores {
  private static final ReferenceQueue<Handle> GIVEN_UP = new ReferenceQueue<>();

  // A reference must itself be referenced, or it is never queued. A store is freed by whoever takes it out of here.
  private static final Set<Owned> OWNED = ConcurrentHashMap.newKeySet();

  private UnreferencedStores() {}

  /** The native store of one handle. */
  static final class Owned extends PhantomReference<Handle> {
    private final Native functions;
    private final long store;

    private Owned(Handle owner, Native functions, long store) {
      super(owner, GIVEN_UP);
      this.functions = functions;
      this.store = store;
    }

    /** Frees it, the first time. */
    void free() {
      if (OWNED.remove(this)) {
        functions.free(store);
      }
    }
  }

  /** Remembers the native store of a handle. */
  static Owned add(Handle owner, Native functions, long store) {
    freeGivenUp();
    Owned owned = new Owned(owner, functions, store);
    OWNED.add(owned);
    return owned;
  }

  private static void freeGivenUp() {
    for (Reference<?> found = GIVEN_UP.poll(); found != null; found = GIVEN_UP.poll()) {
      ((Owned) found).free();
    }
  }
}
