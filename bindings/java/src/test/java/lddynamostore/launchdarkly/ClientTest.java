package lddynamostore.launchdarkly;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.LogCapture;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.EvaluationDetail;
import com.launchdarkly.sdk.EvaluationReason;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import com.launchdarkly.sdk.server.integrations.FileData;
import com.launchdarkly.sdk.server.integrations.TestData;
import com.launchdarkly.sdk.server.interfaces.BigSegmentStoreStatusProvider;
import com.launchdarkly.sdk.server.interfaces.DataStoreStatusProvider;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lddynamostore.BigSegments;
import lddynamostore.Engine;
import lddynamostore.Store;
import lddynamostore.StoreOptions;
import org.junit.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** LaunchDarkly's real client over tables. */
public class ClientTest {
  private static final LDContext USER = LDContext.create("user-key");

  private static LDConfig config(Engine engine, String table, boolean isDaemon, Consumer<StoreOptions> options) {
    LDConfig.Builder config =
        Adapters.offline(Logs.none())
            .dataStore(
                Components.persistentDataStore(
                        DynamoDb.dataStore(table).options(Adapters.on(engine, options)))
                    .noCaching());
    return isDaemon ? config.dataSource(Components.externalUpdatesOnly()).build() : config.build();
  }

  @Test
  public void aClientWritesAndAnotherOneReads() throws Exception {
    try (Engine engine = Engine.embedded()) {
      String table = engine.newTable();
      TestData data = TestData.dataSource();
      data.update(data.flag("greeting").booleanFlag().variationForUser("user-key", true).fallthroughVariation(false));
      LDConfig writing =
          LDConfig.Builder.fromConfig(config(engine, table, false, options -> {})).dataSource(data).build();
      try (LDClient writer = new LDClient("sdk-key", writing);
          LDClient reader = new LDClient("sdk-key", config(engine, table, true, options -> options.readOnly(true)))) {
        assertTrue(writer.isInitialized());
        assertTrue(reader.isInitialized());
        assertTrue(reader.boolVariation("greeting", USER, false));
        assertFalse(reader.boolVariation("greeting", LDContext.create("other"), true));
        // An update, and a deletion, which the table keeps as a tombstone that every SDK can read.
        data.update(data.flag("greeting").booleanFlag().on(true).fallthroughVariation(true));
        eventually(() -> reader.boolVariation("greeting", LDContext.create("other"), false));
        data.delete("greeting");
        eventually(() -> reader.stringVariation("greeting", USER, "gone").equals("gone"));
        String tombstone = engine.row(table, "features", "greeting").get("item").s();
        assertTrue(tombstone, tombstone.contains("\"deleted\":true") && tombstone.contains("\"key\":\"greeting\""));
      }
    }
  }

  @Test
  public void anInitThatFailsIsSeenByTheSdk() throws Exception {
    LogCapture log = Logs.capture();
    try (Engine engine = Engine.fake()) {
      String table = engine.newTable();
      engine.rule("{\"match\":{\"operation\":\"BatchWriteItem\"},\"action\":{\"throttle\":true}}");
      LDConfig writing =
          Adapters.offline(log)
              .startWait(Duration.ofSeconds(10))
              .dataSource(TestData.dataSource().update(TestData.dataSource().flag("greeting")))
              .dataStore(
                  Components.persistentDataStore(
                      DynamoDb.dataStore(table).options(Adapters.on(engine, options -> options.initTimeoutMs(500)))))
              .build();
      long started = System.nanoTime();
      try (LDClient client = new LDClient("sdk-key", writing)) {
        assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(8));
        assertFalse(client.getDataStoreStatusProvider().getStatus().isAvailable());
        List<String> warnings = Adapters.texts(log, LDLogLevel.WARN);
        assertTrue(warnings.toString(), warnings.stream().anyMatch(text -> text.contains("Unexpected data store error") && text.contains("init")));
      }
      assertTrue(engine.row(table, "$inited", "$inited").isEmpty());
    }
  }

  /** The flags of the examples, evaluated from a table as from memory. */
  @Test
  public void evaluatesAsFromMemory() throws Exception {
    try (Engine engine = Engine.embedded()) {
      String table = engine.newTable();
      LDConfig inMemory =
          Adapters.offline(Logs.none())
              .dataSource(FileData.dataSource().filePaths(Engine.REPOSITORY.resolve("examples/flags.json")))
              .build();
      LDConfig writing =
          LDConfig.Builder.fromConfig(config(engine, table, false, options -> {}))
              .dataSource(FileData.dataSource().filePaths(Engine.REPOSITORY.resolve("examples/flags.json")))
              .build();
      try (LDClient memory = new LDClient("sdk-key", inMemory);
          LDClient writer = new LDClient("sdk-key", writing);
          LDClient reader = new LDClient("sdk-key", config(engine, table, true, options -> {}))) {
        LDContext context = LDContext.builder("user-5150").set("country", "GR").build();
        var expected = new HashMap<>(memory.allFlagsState(context).toValuesMap());
        var written = new HashMap<>(writer.allFlagsState(context).toValuesMap());
        var read = new HashMap<>(reader.allFlagsState(context).toValuesMap());
        // The SDK itself drops nulls where it writes the variations of a flag.
        assertEquals(LDValue.parse("{\"title\":\"Welcome\"}"), read.get("home-hero-banner"));
        for (var values : List.of(expected, written, read)) {
          values.remove("home-hero-banner");
          assertTrue(values.size() > 30);
        }
        assertEquals(expected, written);
        assertEquals(expected, read);
      }
    }
  }

  @Test
  public void anOutageIsNoticedAndOver() throws Exception {
    Engine engine = Engine.fake();
    String table = engine.newTable("outage");
    int port = engine.endpoint().getPort();
    try (Store writer = engine.store(table)) {
      writer.init("{\"features\":{\"a\":" + off("a", 1) + "}}");
    }
    Consumer<StoreOptions> quick =
        options -> options.connectTimeoutMs(200).attemptTimeoutMs(200).operationTimeoutMs(500).maxAttempts(1);
    try (LDClient client = new LDClient("sdk-key", config(engine, table, true, quick))) {
      BlockingQueue<DataStoreStatusProvider.Status> statuses = new LinkedBlockingQueue<>();
      client.getDataStoreStatusProvider().addStatusListener(statuses::add);
      assertTrue(client.boolVariation("a", USER, false));
      engine.close();
      assertFalse(client.boolVariation("a", USER, false));
      assertFalse(statuses.poll(10, TimeUnit.SECONDS).isAvailable());
      engine = Engine.fake("--port", "" + port);
      engine.newTable(table);
      engine.putItem(table, "features", "a", 2, off("a", 2));
      assertTrue(statuses.poll(10, TimeUnit.SECONDS).isAvailable());
      assertTrue(client.boolVariation("a", USER, false));
    } finally {
      engine.close();
    }
  }

  @Test
  public void bigSegmentsInAClient() throws Exception {
    try (Engine engine = Engine.embedded()) {
      String table = engine.newTable();
      String flag =
          "{\"key\":\"members\",\"version\":1,\"on\":true,\"variations\":[true,false],\"fallthrough\":{\"variation\":1},"
              + "\"rules\":[{\"id\":\"r\",\"variation\":0,\"clauses\":[{\"attribute\":\"\",\"op\":\"segmentMatch\",\"values\":[\"beta\"]}]}]}";
      String segment = "{\"key\":\"beta\",\"version\":1,\"unbounded\":true,\"generation\":1}";
      try (Store writer = engine.store(table)) {
        writer.init(Map.of("features", Map.of("members", flag), "segments", Map.of("beta", segment)));
        writer.bigSegmentsSetSynchronized(System.currentTimeMillis());
      }
      String member = BigSegments.contextHash("user-key", Engine.LIBRARY);
      engine.put(table, "big_segments_user", member, Map.of("included", AttributeValue.fromSs(List.of("beta.g1"))));
      LDConfig config =
          LDConfig.Builder.fromConfig(config(engine, table, true, options -> {}))
              .bigSegments(Components.bigSegments(DynamoDb.bigSegmentStore(table).options(Adapters.on(engine))))
              .build();
      try (LDClient client = new LDClient("sdk-key", config)) {
        BigSegmentStoreStatusProvider.Status status = client.getBigSegmentStoreStatusProvider().getStatus();
        assertTrue(status.isAvailable());
        assertFalse(status.isStale());
        EvaluationDetail<Boolean> detail = client.boolVariationDetail("members", USER, false);
        assertTrue(detail.getValue());
        assertEquals(EvaluationReason.BigSegmentsStatus.HEALTHY, detail.getReason().getBigSegmentsStatus());
        assertFalse(client.boolVariation("members", LDContext.create("other"), true));
      }
    }
  }

  @Test
  public void corruptRowsAreLoggedAndAbsent() throws Exception {
    LogCapture log = Logs.capture();
    try (Engine engine = Engine.embedded()) {
      String table = engine.newTable();
      try (Store writer = engine.store(table)) {
        writer.init("{\"features\":{}}");
      }
      engine.putItem(table, "features", "corrupt", 1, "[]");
      engine.putItem(table, "features", "good", 1, off("good", 1));
      engine.put(table, "big_segments_metadata", "big_segments_metadata", Map.of("synchronizedOn", AttributeValue.fromS("x")));
      engine.put(table, "big_segments_user", "hash", Map.of("included", AttributeValue.fromS("x")));
      LDConfig config =
          Adapters.offline(log)
              .dataSource(Components.externalUpdatesOnly())
              .dataStore(Components.persistentDataStore(Adapters.dataStore(engine, table)).cacheTime(Duration.ZERO))
              .build();
      try (LDClient client = new LDClient("sdk-key", config)) {
        for (int call = 0; call < 3; call++) {
          assertEquals("default", client.stringVariation("corrupt", USER, "default"));
        }
        assertEquals(1, corruptLines(log));
        assertTrue(client.allFlagsState(USER).toValuesMap().containsKey("good"));
        assertTrue(client.getDataStoreStatusProvider().getStatus().isAvailable());
      }
      try (var segments = DynamoDb.bigSegmentStore(table).options(Adapters.on(engine)).build(Adapters.context(log))) {
        assertNull(segments.getMetadata());
        assertNull(segments.getMembership("hash"));
      }
      // One for each way to read it: the flag, all flags, and the two rows of Big Segments.
      assertEquals(4, corruptLines(log));
    }
  }

  /** A flag that is true. */
  private static String off(String key, int version) {
    return "{\"key\":\"" + key + "\",\"version\":" + version + ",\"on\":false,\"offVariation\":0,\"variations\":[true]}";
  }

  private static long corruptLines(LogCapture log) {
    return Adapters.texts(log, LDLogLevel.ERROR).stream().filter(text -> text.contains("corrupt")).count();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void eventually(Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.holds()) {
      assertTrue("not within 10 seconds", System.nanoTime() < deadline);
      Thread.sleep(10);
    }
  }
}
