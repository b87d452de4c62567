package lddynamostore.internal;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Closes the native stores of objects that were given up without {@code close}, when the next store is made. */
final class UnreferencedStores {
  private static final ReferenceQueue<Object> GIVEN_UP = new ReferenceQueue<>();

  // A reference must itself be referenced, or it is never queued.
  private static final Set<Owned> OWNED = ConcurrentHashMap.newKeySet();

  private UnreferencedStores() {}

  private static final class Owned extends PhantomReference<Object> {
    final Handle handle;

    Owned(Object owner, Handle handle) {
      super(owner, GIVEN_UP);
      this.handle = handle;
    }
  }

  /** Remembers the handle of an object; returns what forgets it. */
  static Runnable add(Object owner, Handle handle) {
    closeGivenUp();
    Owned owned = new Owned(owner, handle);
    OWNED.add(owned);
    return () -> OWNED.remove(owned);
  }

  private static void closeGivenUp() {
    for (Reference<?> found = GIVEN_UP.poll(); found != null; found = GIVEN_UP.poll()) {
      Owned owned = (Owned) found;
      OWNED.remove(owned);
      owned.handle.close();
    }
  }
}
