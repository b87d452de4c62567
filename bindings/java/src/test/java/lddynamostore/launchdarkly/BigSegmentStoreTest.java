package lddynamostore.launchdarkly;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;

import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.LogCapture;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStore;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStoreTypes.Membership;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lddynamostore.exception.StoreClosedException;
import lddynamostore.exception.ThrottledException;
import org.junit.Before;
import org.junit.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The SDK's interface to Big Segments over a table that holds some. */
public class BigSegmentStoreTest extends OnEngines {
  private LogCapture log;

  @Before
  public void open() {
    log = Logs.capture();
  }

  private BigSegmentStore store(String prefix) {
    return DynamoDb.bigSegmentStore(table).prefix(prefix).options(Adapters.on(engine)).build(Adapters.context(log));
  }

  private static AttributeValue set(String... references) {
    return AttributeValue.fromSs(List.of(references));
  }

  private static List<Boolean> memberships(BigSegmentStore store, String hash) {
    Membership found = store.getMembership(hash);
    return found == null ? null : Arrays.asList(found.checkMembership("a.g1"), found.checkMembership("b.g2"));
  }

  /** An inclusion wins over an exclusion. */
  @Test
  public void membershipsAreWhatTheSetsOfAContextSay() throws Exception {
    for (String prefix : Arrays.asList("p", "", null)) {
      String namespace = ("p".equals(prefix) ? "p:" : "") + "big_segments_user";
      engine.put(table, namespace, "included", Map.of("included", set("a.g1", "b.g2")));
      engine.put(table, namespace, "excluded", Map.of("excluded", set("a.g1")));
      engine.put(table, namespace, "both", Map.of("included", set("a.g1"), "excluded", set("a.g1", "b.g2")));
      engine.put(table, namespace, "neither", Map.of());
      engine.put(table, "other:big_segments_user", "of another", Map.of("included", set("a.g1")));
      try (BigSegmentStore store = store(prefix)) {
        assertEquals(Arrays.asList(true, true), memberships(store, "included"));
        assertEquals(Arrays.asList(false, null), memberships(store, "excluded"));
        assertEquals(Arrays.asList(true, false), memberships(store, "both"));
        assertEquals(Arrays.asList(null, null), memberships(store, "neither"));
        assertNull(store.getMembership("unknown"));
        assertNull(store.getMembership("of another"));
        assertNull(store.getMembership("nul\0"));
      }
    }
    assertEquals(List.of(), Adapters.texts(log, LDLogLevel.ERROR));
  }

  /** In milliseconds since 1970. */
  @Test
  public void metadataSaysWhenTheyWereInStep() throws Exception {
    for (String prefix : Arrays.asList("p", "", null)) {
      String name = ("p".equals(prefix) ? "p:" : "") + "big_segments_metadata";
      Map<Long, String> expected = new HashMap<>();
      expected.put(0L, "0");
      expected.put(1_700_000_000_123L, "1700000000123");
      engine.clear(table);
      try (BigSegmentStore store = store(prefix)) {
        assertNull(store.getMetadata());
        // The Relay Proxy writes its cursor before it has been in step for the first time.
        engine.put(table, name, name, Map.of("lastVersion", AttributeValue.fromS("v1")));
        assertNull(store.getMetadata());
        for (Map.Entry<Long, String> each : expected.entrySet()) {
          engine.put(table, name, name, Map.of("synchronizedOn", AttributeValue.fromN(each.getValue())));
          assertEquals((long) each.getKey(), store.getMetadata().getLastUpToDate());
        }
      }
    }
  }

  @Test
  public void aDamagedRowIsLoggedOnceAndAbsent() throws Exception {
    engine.put(table, "big_segments_metadata", "big_segments_metadata", Map.of("synchronizedOn", AttributeValue.fromS("x")));
    engine.put(table, "big_segments_user", "hash", Map.of("included", AttributeValue.fromS("x")));
    try (BigSegmentStore store = store(null)) {
      for (int call = 0; call < 3; call++) {
        assertNull(store.getMetadata());
        assertNull(store.getMembership("hash"));
      }
    }
    assertEquals(2, Adapters.texts(log, LDLogLevel.ERROR).size());
    assertEquals("base.BigSegments.DynamoDb", log.getMessages().get(0).getLoggerName());
  }

  @Test
  public void nothingIsCachedAndAnOutageIsThrown() throws Exception {
    table = fake.newTable();
    BigSegmentStore store =
        DynamoDb.bigSegmentStore(table)
            .options(Adapters.on(fake, options -> options.maxAttempts(1)))
            .build(Adapters.context(log));
    fake.control("reset", "{}");
    for (int call = 0; call < 3; call++) {
      assertNull(store.getMetadata());
      assertNull(store.getMembership("hash"));
    }
    assertEquals(6, fake.requests("GetItem"));
    fake.rule("{\"action\":{\"throttle\":true}}");
    assertThrows(ThrottledException.class, store::getMetadata);
    assertThrows(ThrottledException.class, () -> store.getMembership("hash"));
    fake.control("reset", "{}");
    store.close();
    store.close();
    assertThrows(StoreClosedException.class, store::getMetadata);
  }
}
