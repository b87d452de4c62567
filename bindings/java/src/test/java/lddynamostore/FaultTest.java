package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lddynamostore.exception.AccessDeniedException;
import lddynamostore.exception.InvalidResponseException;
import lddynamostore.exception.StoreException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.exception.TimedOutException;
import lddynamostore.exception.UnreachableException;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** A table that does not answer as it should. */
public class FaultTest {
  private static Engine engine;

  private String table;

  @BeforeClass
  public static void start() {
    engine = Engine.fake();
  }

  @AfterClass
  public static void stop() {
    engine.close();
  }

  @Before
  public void reset() {
    engine.control("reset", "{}");
    table = engine.newTable();
  }

  private Store once() {
    return new Store(table, engine.options().maxAttempts(1));
  }

  @Test
  public void throttled() {
    engine.rule("{\"match\":{\"operation\":\"GetItem\"},\"action\":{\"throttle\":true}}");
    try (Store store = once()) {
      ThrottledException failure = assertThrows(ThrottledException.class, () -> store.get("features", "a"));
      assertTrue(failure.retriable());
      assertEquals("ProvisionedThroughputExceededException", failure.serviceCode());
      assertFalse(store.available());
    }
  }

  @Test
  public void throttledAWhile() {
    engine.rule("{\"match\":{\"operation\":\"GetItem\"},\"times\":1,\"action\":{\"throttle\":true}}");
    try (Store store = engine.store(table)) {
      assertEquals(Optional.empty(), store.get("features", "a"));
      assertEquals(1, store.stats().throttles());
    }
  }

  @Test
  public void unprocessedRowsAreSentAgain() {
    Map<String, String> items =
        IntStream.range(0, 60).boxed().collect(Collectors.toMap(n -> "flag-" + n, n -> "{\"version\":" + n + "}"));
    engine.rule(
        "{\"match\":{\"operation\":\"BatchWriteItem\"},\"times\":5,\"action\":{\"unprocessed\":{\"fraction\":0.6}}}");
    try (Store store = engine.store(table)) {
      store.init(Map.of("features", items));
      assertEquals(items, store.all("features"));
      assertNotEquals(0, store.stats().unprocessedRows());
    }
  }

  @Test
  public void aSilentEndpoint() {
    engine.rule("{\"action\":{\"black_hole\":true}}");
    StoreOptions quick = engine.options().attemptTimeoutMs(200).operationTimeoutMs(400);
    try (Store store = new Store(table, quick)) {
      long started = System.nanoTime();
      TimedOutException failure = assertThrows(TimedOutException.class, () -> store.get("features", "a"));
      assertTrue(failure.retriable());
      assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(5));
    }
  }

  @Test
  public void whatIsNoAnswer() {
    engine.rule("{\"match\":{\"operation\":\"GetItem\"},\"action\":{\"garbage\":true}}");
    try (Store store = once()) {
      assertThrows(InvalidResponseException.class, () -> store.get("features", "a"));
    }
  }

  @Test
  public void refusedByAws() {
    engine.rule("{\"action\":{\"error\":{\"code\":\"AccessDeniedException\",\"message\":\"no\"}}}");
    try (Store store = engine.store(table)) {
      AccessDeniedException failure =
          assertThrows(AccessDeniedException.class, () -> store.upsert("features", "a", "{\"version\":1}"));
      assertEquals("AccessDeniedException", failure.serviceCode());
      assertFalse(failure.retriable());
    }
  }

  @Test
  public void anOutage() {
    String endpoint;
    try (Engine gone = Engine.fake()) {
      endpoint = gone.endpoint().toString();
    }
    StoreOptions options = engine.options().endpoint(endpoint).connectTimeoutMs(200).operationTimeoutMs(1000);
    try (Store store = new Store(table, options)) {
      StoreException failure = assertThrows(UnreachableException.class, () -> store.get("features", "a"));
      assertTrue(failure.retriable());
      assertFalse(store.available());
      assertThrows(UnreachableException.class, store::checkAvailable);
    }
  }

  @Test
  public void whatIsKnownIsServedInAnOutage() throws Exception {
    engine.putItem(table, "features", "a", 1, "{\"version\":1}");
    StoreOptions stale = engine.options().cacheTtlMs(1).staleOnError(true).maxAttempts(1);
    try (Store store = new Store(table, stale)) {
      Optional<String> known = store.get("features", "a");
      engine.rule("{\"action\":{\"server_error\":true}}");
      Thread.sleep(20);
      for (int call = 0; call < 5; call++) {
        assertEquals(known, store.get("features", "a"));
      }
      assertNotEquals(0, store.stats().staleHits());
    }
  }
}
