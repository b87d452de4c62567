package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import lddynamostore.exception.StoreClosedException;
import lddynamostore.exception.StoreException;
import lddynamostore.internal.Stub;
import org.junit.Before;
import org.junit.Test;

/** Closing, and freeing what comes from the library, over a stand-in that counts. */
public class LifetimeTest {
  @Before
  public void settle() throws InterruptedException {
    Stub.settle();
  }

  private static Store store() {
    return new Store("table", new StoreOptions().library(Stub.path()));
  }

  private static String get(Store store, String key) {
    return store.get("features", key).orElse(null);
  }

  @Test
  public void closeIsForOnce() {
    int before = Stub.count("stub_live_stores");
    Store store = store();
    assertEquals(before + 1, Stub.count("stub_live_stores"));
    assertFalse(store.isClosed());
    store.close();
    store.close();
    assertTrue(store.isClosed());
    assertEquals(before, Stub.count("stub_live_stores"));
    List<Runnable> calls =
        List.of(
            () -> store.get("features", "a"),
            () -> store.all("features"),
            () -> store.init("{}"),
            () -> store.upsert("features", "a", "{}"),
            store::initialized,
            store::checkAvailable,
            store::available,
            store::bigSegmentsSynchronizedOn,
            store::bigSegmentsCursor,
            () -> store.bigSegmentsMembership("hash"),
            () -> store.bigSegmentsApplyPatch("{}"),
            () -> store.bigSegmentsSetSynchronized(1),
            () -> store.setCredentials(new Credentials("a", "b")),
            store::stats);
    for (Runnable call : calls) {
      assertThrows(StoreClosedException.class, call::run);
    }
    assertEquals(before, Stub.count("stub_live_stores"));
    assertEquals(0, Stub.count("stub_freed_in_a_call"));
  }

  @Test
  public void closeWaitsForNoCallAndTheLastOneFrees() throws Exception {
    int before = Stub.count("stub_live_stores");
    Store store = store();
    CountDownLatch begun = new CountDownLatch(4);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<String>> calls = new ArrayList<>();
    for (int call = 0; call < 4; call++) {
      calls.add(
          threads.submit(
              () -> {
                begun.countDown();
                return get(store, "sleep:1000");
              }));
    }
    begun.await();
    Thread.sleep(200);
    long started = System.nanoTime();
    store.close();
    assertTrue(System.nanoTime() - started < TimeUnit.MILLISECONDS.toNanos(500));
    assertEquals("freed under a call", before + 1, Stub.count("stub_live_stores"));
    assertThrows(StoreClosedException.class, () -> store.get("features", "a"));
    for (Future<String> call : calls) {
      assertEquals("{\"key\":\"sleep:1000\",\"version\":1}", call.get());
    }
    assertEquals(before, Stub.count("stub_live_stores"));
    assertEquals(0, Stub.count("stub_freed_in_a_call"));
    threads.shutdown();
  }

  @Test
  public void closingBesideManyCalls() throws Exception {
    int before = Stub.count("stub_live_stores");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    for (int round = 0; round < 200; round++) {
      Store store = store();
      List<Future<?>> calls = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        calls.add(
            threads.submit(
                () -> {
                  try {
                    while (true) {
                      store.get("features", "a");
                    }
                  } catch (StoreClosedException closed) {
                    return;
                  }
                }));
      }
      store.close();
      for (Future<?> call : calls) {
        call.get();
      }
    }
    assertEquals(before, Stub.count("stub_live_stores"));
    assertEquals(0, Stub.count("stub_freed_in_a_call"));
    threads.shutdown();
  }

  @Test
  public void everythingIsFreed() {
    int stores = Stub.count("stub_live_stores");
    int strings = Stub.count("stub_live_strings");
    int errors = Stub.count("stub_live_errors");
    for (int round = 0; round < 100; round++) {
      try (Store store = store()) {
        assertEquals("{\"key\":\"a\",\"version\":1}", get(store, "a"));
        store.all("features");
        store.upsert("features", "not-newer", "{}");
        store.stats();
        BigSegments.contextHash("key", Stub.path());
        assertThrows(StoreException.class, () -> store.get("features", "status:-300"));
        assertThrows(StoreException.class, () -> store.get("features", "bare-status:-400"));
        assertThrows(StoreException.class, () -> BigSegments.contextHash("status:-6", Stub.path()));
        assertThrows(
            StoreException.class, () -> Store.fromJson("{\"table\":\"refused\"}", Stub.path(), null));
      }
    }
    assertEquals(stores, Stub.count("stub_live_stores"));
    assertEquals(strings, Stub.count("stub_live_strings"));
    assertEquals(errors, Stub.count("stub_live_errors"));
  }

  @Test
  public void aStoreThatIsGarbageIsClosedWithTheNextOne() throws Exception {
    int before = Stub.count("stub_live_stores");
    for (int each = 0; each < 10; each++) {
      store();
    }
    for (int tries = 0; Stub.count("stub_live_stores") > before; tries++) {
      assertTrue("never closed", tries < 100);
      System.gc();
      Thread.sleep(20);
      store().close();
    }
  }

  /** A call on a store that nobody else holds; its compiled code does not hold it either. */
  public static final class Program {
    public static void main(String[] arguments) {
      Path library = Path.of(arguments[0]);
      CredentialsProvider slow =
          () -> {
            for (int tries = 0; tries < 10; tries++) {
              System.gc();
              Thread.sleep(20);
              new Store("table", new StoreOptions().library(library)).close();
            }
            return new Credentials("a", "s");
          };
      System.out.println(new Store("table", new StoreOptions().library(library).credentialsProvider(slow)).get("features", "a").get());
    }
  }

  @Test
  public void aStoreIsNoGarbageUnderACall() {
    String printed =
        new ChildJvm()
            .option("-Xcomp")
            .option("-XX:CompileCommand=quiet")
            .option("-XX:CompileCommand=compileonly,lddynamostore.*::*")
            .property("lddynamostore.native", System.getProperty("lddynamostore.native", "jni"))
            .run(Program.class, Stub.path().toString());
    assertEquals("{\"key\":\"a\",\"version\":1}\n", printed);
  }

  @Test
  public void failuresSayWhatTheLibrarySays() {
    try (Store store = store()) {
      StoreException refused = assertThrows(StoreException.class, () -> store.get("features", "status:-204"));
      assertEquals("status -204", refused.getMessage());
      assertEquals("Code", refused.serviceCode());
      assertFalse(refused.retriable());
      StoreException throttled = assertThrows(StoreException.class, () -> store.get("features", "status:-300"));
      assertTrue(throttled.retriable());
      assertEquals(null, throttled.serviceCode());
      StoreException bare = assertThrows(StoreException.class, () -> store.get("features", "bare-status:-777"));
      assertEquals("the native library failed with status -777", bare.getMessage());
      assertEquals(Optional.of("{\"key\":\"a\",\"version\":1}"), store.get("features", "a"));
    }
  }

  @Test
  public void membersMayHaveAnyName() {
    try (Store store = store()) {
      assertEquals(java.util.Map.of("na\0me", "{\"version\":1}"), store.all("features"));
    }
  }
}
