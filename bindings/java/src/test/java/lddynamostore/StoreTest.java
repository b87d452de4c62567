package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import lddynamostore.exception.ConfigurationException;
import lddynamostore.exception.CorruptItemException;
import lddynamostore.exception.InvalidBigSegmentsException;
import lddynamostore.exception.InvalidDataSetException;
import lddynamostore.exception.InvalidItemException;
import lddynamostore.exception.InvalidJsonException;
import lddynamostore.exception.InvalidKeyException;
import lddynamostore.exception.InvalidKindException;
import lddynamostore.exception.ReadOnlyException;
import lddynamostore.exception.StoreException;
import lddynamostore.exception.TableNotFoundException;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

public class StoreTest {
  private static Engine engine;

  private String table;
  private Store store;

  @BeforeClass
  public static void start() {
    engine = Engine.embedded();
  }

  @AfterClass
  public static void stop() {
    engine.close();
  }

  @Before
  public void open() {
    table = engine.newTable();
    store = engine.store(table);
  }

  private static String flag(String key, int version) {
    return "{\"key\":\"" + key + "\",\"version\":" + version + "}";
  }

  @Test
  public void writesAndReads() {
    assertFalse(store.initialized());
    assertEquals(Optional.empty(), store.get("features", "a"));
    store.init(Map.of("features", Map.of("a", flag("a", 1), "b", flag("b", 2)), "segments", Map.of()));
    assertTrue(store.initialized());
    assertEquals(Optional.of(flag("a", 1)), store.get("features", "a"));
    assertEquals(Map.of("a", flag("a", 1), "b", flag("b", 2)), store.all("features"));
    assertEquals(store.all("features"), store.all("flags"));
    assertEquals("{}", store.allText("segments"));
    store.init("{\"flags\":{\"c\":" + flag("c", 1) + "}}");
    assertEquals(Map.of("c", flag("c", 1)), store.all("features"));
    store.init("{\"features\":{}}".getBytes(StandardCharsets.UTF_8));
    assertEquals(Map.of(), store.all("features"));
  }

  @Test
  public void upsertHasThreeOutcomes() {
    assertTrue(store.upsert("features", "a", flag("a", 2)).isUpdated());
    UpsertResult refused = store.upsert("features", "a", flag("a", 1).getBytes(StandardCharsets.UTF_8));
    assertEquals(UpsertOutcome.NOT_NEWER, refused.outcome());
    assertEquals(Optional.of(flag("a", 2)), refused.stored());
    String large = "{\"version\":3,\"filler\":\"" + "x".repeat(400_000) + "\"}";
    UpsertResult tooLarge = store.upsert("features", "a", large);
    assertEquals(UpsertOutcome.TOO_LARGE, tooLarge.outcome());
    assertFalse(tooLarge.isUpdated());
    assertEquals(Optional.empty(), tooLarge.stored());
  }

  @Test
  public void textsAreKeptByteForByte() {
    String key = "schlüssel \"😀\" \\ \u0001";
    String item = "{ \"version\" : 1, \"name\": \"\\u0000 é 日本 😀 \\ud83d\\ude00\" }";
    store.init(Map.of("features", Map.of(key, item)));
    assertEquals(Optional.of(item), store.get("features", key));
    assertEquals(Map.of(key, item), store.all("features"));
    assertEquals(item, engine.row(table, "features", key).get("item").s());
    String many = "{\"version\":2,\"x\":\"" + "é😀".repeat(50_000) + "\"}";
    assertTrue(store.upsert("features", key, many).isUpdated());
    assertEquals(Optional.of(many), store.get("features", key));
  }

  @Test
  public void itemsAreParsedByTheCallersParser() {
    engine.putItem(table, "features", "good", 1, flag("good", 1));
    engine.putItem(table, "features", "other", 1, flag("other", 2));
    Optional<JsonObject> one = store.get("features", "good", StoreTest::parse);
    assertEquals(1, one.get().get("version").getAsInt());
    assertEquals(Optional.empty(), store.get("features", "absent", StoreTest::parse));
    assertEquals(2, store.all("features", StoreTest::parse).get("other").get("version").getAsInt());

    List<String> logged = new ArrayList<>();
    StoreOptions options = engine.options().logHandler((level, message) -> logged.add(level + " " + message));
    Store picky = new Store(table, options);
    assertEquals(Map.of("other", "2"), picky.all("features", text -> requireOther(text)));
    assertEquals(
        List.of("ERROR item \"good\" of kind \"features\" is corrupt: IllegalArgumentException: not this one"), logged);
    CorruptItemException corrupt =
        assertThrows(CorruptItemException.class, () -> picky.get("features", "good", text -> requireOther(text)));
    assertEquals(Status.CORRUPT_ITEM, corrupt.status());
  }

  private static JsonObject parse(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static String requireOther(String text) {
    if (text.contains("good")) {
      throw new IllegalArgumentException("not\nthis one");
    }
    return parse(text).get("version").getAsString();
  }

  @Test
  public void corruptRows() {
    engine.put(table, "features", "corrupt", Map.of("item", AttributeValue.fromS("no JSON")));
    engine.putItem(table, "features", "good", 1, flag("good", 1));
    CorruptItemException failure =
        assertThrows(CorruptItemException.class, () -> store.get("features", "corrupt"));
    assertTrue(failure.getMessage(), failure.getMessage().contains("corrupt"));
    assertEquals(Map.of("good", flag("good", 1)), store.all("features"));
  }

  @Test
  public void argumentsThatTheLibraryCannotBeHanded() {
    assertEquals(Optional.empty(), store.get("features", "nul\0"));
    assertEquals(Optional.empty(), store.get("features", "half \ud83d"));
    assertEquals(Optional.empty(), store.bigSegmentsMembership("nul\0"));
    assertThrows(InvalidKindException.class, () -> store.get("nul\0", "a"));
    assertThrows(InvalidKindException.class, () -> store.all("half \ude00 pair"));
    assertThrows(InvalidKeyException.class, () -> store.upsert("features", "nul\0", flag("a", 1)));
    assertThrows(InvalidJsonException.class, () -> store.upsert("features", "a", "{\"version\":1}\0"));
    assertThrows(InvalidJsonException.class, () -> store.upsert("features", "a", new byte[] {'{', 0, '}'}));
    InvalidJsonException half = assertThrows(InvalidJsonException.class, () -> store.init("{\"\ud83d\":{}}"));
    assertEquals("data has half of a surrogate pair at index 2", half.getMessage());
    assertFalse(half.retriable());
    Map<String, Runnable> refused =
        Map.of(
            "kind", () -> store.get("\0", "a"),
            "key", () -> store.upsert("features", "\0", flag("a", 1)),
            "item", () -> store.upsert("features", "a", "\0"),
            "data", () -> store.init("\0"),
            "patch", () -> store.bigSegmentsApplyPatch("\0"),
            "credentials", () -> store.setCredentials("\0"));
    refused.forEach(
        (name, call) -> {
          StoreException failure = assertThrows(name, StoreException.class, call::run);
          assertTrue(failure.getMessage(), failure.getMessage().startsWith(name + " has a NUL character at "));
        });
    assertThrows(NullPointerException.class, () -> store.get(null, "a"));
    assertThrows(NullPointerException.class, () -> store.get("features", null));
    assertThrows(NullPointerException.class, () -> store.upsert("features", "a", (String) null));
    assertThrows(NullPointerException.class, () -> store.upsert("features", "a", (byte[]) null));
    // Not taken for an item that fails, nor for one that is to be deleted.
    store.upsert("features", "a", flag("a", 1));
    assertThrows(NullPointerException.class, () -> store.get("features", "a", null));
    assertThrows(NullPointerException.class, () -> store.all("features", null));
    assertThrows(NullPointerException.class, () -> store.init(Map.of("features", Collections.singletonMap("a", null))));
    assertThrows(NullPointerException.class, () -> store.init(Collections.singletonMap("features", null)));
    assertTrue(store.get("features", "a").isPresent());
    assertThrows(NullPointerException.class, () -> new Store(null));
  }

  @Test
  public void wrongArguments() {
    assertThrows(InvalidJsonException.class, () -> store.init("no JSON"));
    assertThrows(InvalidDataSetException.class, () -> store.init("[]"));
    assertThrows(InvalidItemException.class, () -> store.upsert("features", "a", "{}"));
    assertThrows(InvalidKeyException.class, () -> store.upsert("features", "", flag("a", 1)));
    assertThrows(InvalidKindException.class, () -> store.all("with:colon"));
    TableNotFoundException missing =
        assertThrows(TableNotFoundException.class, () -> engine.store("no-such-table").get("features", "a"));
    assertEquals("ResourceNotFoundException", missing.serviceCode());
    assertFalse(missing.retriable());
  }

  @Test
  public void everyOptionReachesTheLibrary() {
    StoreOptions options =
        engine
            .options()
            .prefix("p")
            .consistentReads(false)
            .readOnly(true)
            .connectTimeoutMs(900)
            .attemptTimeoutMs(1900)
            .operationTimeoutMs(4900)
            .initTimeoutMs(9000)
            .maxAttempts(2)
            .retryMode("standard")
            .transport("auto")
            .maxConcurrency(4)
            .cacheTtlMs(1001)
            .contextCacheTtlMs(1002)
            .contextCacheSize(10)
            .staleOnError(true)
            .share(true)
            .proxy("http://127.0.0.1:1")
            .logLevel("debug");
    String json = options.toJson(table);
    JsonObject expected =
        parse(
            "{\"prefix\":\"p\",\"region\":\"us-east-1\",\"credentials\":{\"access_key_id\":\"local\",\"secret_access_key\":\"local\"},"
                + "\"consistent_reads\":false,\"read_only\":true,\"connect_timeout_ms\":900,\"attempt_timeout_ms\":1900,"
                + "\"operation_timeout_ms\":4900,\"init_timeout_ms\":9000,\"max_attempts\":2,\"retry_mode\":\"standard\","
                + "\"transport\":\"auto\",\"max_concurrency\":4,\"cache_ttl_ms\":1001,\"context_cache_ttl_ms\":1002,"
                + "\"context_cache_size\":10,\"stale_on_error\":true,\"share\":true,\"proxy\":\"http://127.0.0.1:1\","
                + "\"log_level\":\"debug\"}");
    expected.addProperty("table", table);
    expected.addProperty("endpoint", engine.endpoint().toString());
    assertEquals(expected, parse(json));
    String files = new StoreOptions().profile("p").caBundle(Path.of("/ca.pem")).toJson("table");
    assertEquals(parse("{\"table\":\"table\",\"profile\":\"p\",\"ca_bundle\":\"/ca.pem\"}"), parse(files));
    assertEquals(json, options.copy().toJson(table));
    LogHandler handler = (level, message) -> {};
    StoreOptions copy = options.logHandler(handler).copy();
    assertSame(handler, copy.logHandler());
    assertSame(Engine.LIBRARY, copy.library());
    options.logHandler(null);
    assertEquals(new StoreOptions().toJson(table), new StoreOptions().prefix("p").prefix(null).toJson(table));
    try (Store made = new Store(table, options)) {
      assertThrows(ReadOnlyException.class, () -> made.upsert("features", "a", flag("a", 1)));
    }
    // Those that need something outside.
    StoreOptions noBundle =
        engine.options().endpoint("https://127.0.0.1:1").caBundle(Engine.REPOSITORY.resolve("no.pem"));
    for (StoreOptions wrong : List.of(noBundle, engine.options().profile("p"))) {
      assertThrows(
          ConfigurationException.class,
          () -> {
            try (Store made = new Store(table, wrong)) {
              made.checkAvailable();
            }
          });
    }
  }

  @Test
  public void configurationAsText() {
    String text = engine.options().toJson(table);
    try (Store made = Store.fromJson(text, Engine.LIBRARY, null)) {
      assertTrue(made.available());
    }
    ConfigurationException unknown =
        assertThrows(
            ConfigurationException.class,
            () -> Store.fromJson("{\"table\":\"t\",\"no_such\":1}", Engine.LIBRARY, null));
    assertTrue(unknown.getMessage(), unknown.getMessage().contains("no_such"));
  }

  @Test
  public void bigSegments() {
    String member = BigSegments.contextHash("user-key", Engine.LIBRARY);
    assertEquals("CyJtckQxSZbG4D/0c4eR7GtRJrvyI7tdGhiDyWaFmos=".length(), member.length());
    assertEquals(OptionalLong.empty(), store.bigSegmentsSynchronizedOn());
    assertEquals(Optional.empty(), store.bigSegmentsCursor());
    assertEquals(Optional.empty(), store.bigSegmentsMembership(member));
    String patch =
        "{\"environmentId\":\"e\",\"segmentId\":\"s.g1\",\"version\":\"v1\",\"previousVersion\":\"\",\"changes\":"
            + "{\"included\":{\"add\":[\"" + member + "\"],\"remove\":[]},\"excluded\":{\"add\":[],\"remove\":[]}}}";
    assertEquals(PatchOutcome.APPLIED, store.bigSegmentsApplyPatch(patch));
    assertEquals(PatchOutcome.OUT_OF_ORDER, store.bigSegmentsApplyPatch(patch));
    assertEquals(Optional.of("v1"), store.bigSegmentsCursor());
    assertEquals(Optional.of(Map.of("s.g1", true)), store.bigSegmentsMembership(member));
    store.bigSegmentsSetSynchronized(Instant.ofEpochMilli(1234567890123L));
    assertEquals(OptionalLong.of(1234567890123L), store.bigSegmentsSynchronizedOn());
    assertThrows(InvalidBigSegmentsException.class, () -> store.bigSegmentsSetSynchronized(-1));
    assertThrows(InvalidBigSegmentsException.class, () -> store.bigSegmentsSetSynchronized(Instant.MAX));
    assertThrows(InvalidBigSegmentsException.class, () -> store.bigSegmentsApplyPatch("{}"));
    assertThrows(InvalidKeyException.class, () -> BigSegments.contextHash("nul\0", Engine.LIBRARY));
  }

  @Test
  public void everyKindOfCallIsLogged() {
    List<LogLevel> logged = new ArrayList<>();
    StoreOptions options =
        engine.options().transport("sdk").logLevel("debug").logHandler((level, message) -> logged.add(level));
    try (Store logging = new Store(table, options)) {
      List<Runnable> calls =
          List.of(
              logging::checkAvailable,
              () -> logging.init("{}"),
              () -> logging.all("features"),
              () -> logging.get("features", "a"),
              () -> logging.upsert("features", "a", flag("a", 1)),
              () -> logging.bigSegmentsSetSynchronized(1));
      for (Runnable call : calls) {
        logged.clear();
        call.run();
        assertTrue(String.valueOf(calls.indexOf(call)), logged.contains(LogLevel.DEBUG));
      }
    }
  }

  @Test
  public void countersAndTheLibrary() {
    store.init(Map.of("features", Map.of("a", flag("a", 1))));
    store.get("features", "a");
    Stats stats = store.stats();
    assertTrue(stats.text(), stats.requests() >= 3);
    assertEquals(1, stats.writtenByLastInit());
    assertEquals(0, stats.unchangedByLastInit() + stats.deletedByLastInit() + stats.droppedByLastInit());
    assertEquals(0, stats.hits() + stats.staleHits() + stats.joinedCalls() + stats.throttles() + stats.unprocessedRows());
    assertTrue(stats.consumedReadUnits() > 0);
    assertTrue(stats.consumedWriteUnits() > 0);
    // Every counter of the library has a method, by its name.
    JsonObject counted = parse(stats.text());
    for (String name : counted.keySet()) {
      boolean isKnown = name.equals("last_init") || hasMethod(name);
      assertTrue(name, isKnown);
    }
    assertEquals(4, counted.getAsJsonObject("last_init").size());
    assertEquals(Engine.LIBRARY.toString(), store.library().path());
    String wanted = System.getProperty("lddynamostore.native", "jni");
    assertEquals(wanted, store.library().linkage());
  }

  private static boolean hasMethod(String counter) {
    for (var method : Stats.class.getMethods()) {
      if (method.getName().equalsIgnoreCase(counter.replace("_", ""))) {
        return true;
      }
    }
    return false;
  }

  @Test
  public void theCacheAnswers() {
    try (Store cached = new Store(table, engine.options().cacheTtlMs(60_000))) {
      cached.upsert("features", "a", flag("a", 1));
      assertEquals(Optional.of(flag("a", 1)), cached.get("features", "a"));
      engine.putItem(table, "features", "a", 2, flag("a", 2));
      assertEquals(Optional.of(flag("a", 1)), cached.get("features", "a"));
      assertTrue(cached.stats().hits() >= 2);
    }
  }
}
