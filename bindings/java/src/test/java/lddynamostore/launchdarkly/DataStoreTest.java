package lddynamostore.launchdarkly;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.LogCapture;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.server.DataModel;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.FullDataSet;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.ItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.KeyedItems;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.SerializedItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import lddynamostore.Engine;
import lddynamostore.exception.StoreClosedException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.internal.Stub;
import org.junit.Before;
import org.junit.Test;

/** The SDK's interface over a table. */
public class DataStoreTest extends OnEngines {
  private PersistentDataStore store;

  @Before
  public void open() {
    store = Adapters.dataStore(engine, table).build(Adapters.context());
  }

  private static SerializedItemDescriptor item(int version) {
    return new SerializedItemDescriptor(version, false, "{\"key\":\"a\",\"version\":" + version + "}");
  }

  private static ItemDescriptor read(PersistentDataStore store, String key) {
    return DataModel.FEATURES.deserialize(store.get(DataModel.FEATURES, key).getSerializedItem());
  }

  /** What the other SDKs write where a flag was deleted. */
  @Test
  public void tombstonesOfEveryWriter() {
    List<String> tombstones =
        List.of(
            "{\"key\":\"$deleted\",\"on\":false,\"prerequisites\":[],\"targets\":[],\"rules\":[],\"fallthrough\":{},"
                + "\"offVariation\":null,\"variations\":[],\"salt\":\"\",\"version\":7,\"deleted\":true}",
            "{\"key\":\"dead\",\"version\":7,\"deleted\":true}",
            "null",
            "{\"version\":7,\"key\":\"$deleted\",\"deleted\":true}",
            "{\"deleted\":true,\"version\":7}");
    for (String tombstone : tombstones) {
      engine.putItem(table, "features", "dead", 7, tombstone);
      ItemDescriptor found = read(store, "dead");
      assertEquals(tombstone, 7, found.getVersion());
      assertNull(tombstone, found.getItem());
      assertFalse(store.upsert(DataModel.FEATURES, "dead", item(7)));
      assertTrue(store.upsert(DataModel.FEATURES, "dead", item(8)));
    }
  }

  @Test
  public void deletionsHaveTheFullSchema() {
    assertTrue(store.upsert(DataModel.FEATURES, "a", new SerializedItemDescriptor(3, true, "{\"version\":3,\"deleted\":true}")));
    assertTrue(store.upsert(DataModel.SEGMENTS, "s", new SerializedItemDescriptor(4, true, null)));
    String flag = engine.row(table, "features", "a").get("item").s();
    assertTrue(flag, flag.contains("\"key\":\"a\"") && flag.contains("\"variations\":[]"));
    String segment = engine.row(table, "segments", "s").get("item").s();
    assertTrue(segment, segment.contains("\"key\":\"s\"") && segment.contains("\"included\":[]"));
    assertNull(read(store, "a").getItem());
  }

  /** LaunchDarkly sends it as an escape; the SDK writes it as a character, which UTF-8 does not have. */
  @Test
  public void halfOfASurrogatePairIsKept() {
    String sent = "{\"key\":\"a\",\"version\":1,\"variations\":[\"\\ud83d, 😀, \\ude00\"]}";
    SerializedItemDescriptor half =
        new SerializedItemDescriptor(1, false, DataModel.FEATURES.serialize(DataModel.FEATURES.deserialize(sent)));
    assertTrue(half.getSerializedItem(), half.getSerializedItem().contains("\ud83d, "));
    store.init(
        new FullDataSet<>(List.of(Map.entry(DataModel.FEATURES, new KeyedItems<>(List.of(Map.entry("a", half)))))));
    String stored = engine.row(table, "features", "a").get("item").s();
    assertTrue(stored, stored.contains("[\"\\ud83d, 😀, \\ude00\"]"));
    assertEquals(half.getSerializedItem(), DataModel.FEATURES.serialize(read(store, "a")));
    assertTrue(store.upsert(DataModel.FEATURES, "b", half));
  }

  /** Else the SDK logs an exception with each of its questions, twice a second. */
  @Test
  public void withoutARegionTheTableIsNotAvailable() throws Exception {
    String printed =
        new lddynamostore.ChildJvm()
            .variable("AWS_EC2_METADATA_DISABLED", "true")
            .variable("AWS_CONFIG_FILE", "/no/such")
            .variable("AWS_REGION", "")
            .variable("AWS_DEFAULT_REGION", "")
            .variable("LD_DYNAMO_STORE_LIBRARY", Engine.LIBRARY)
            .run(WithoutRegion.class);
    assertTrue(printed, printed.endsWith("false false\n"));
  }

  /** What the SDK asks of a store that cannot know its table. */
  public static final class WithoutRegion {
    public static void main(String[] arguments) {
      PersistentDataStore regionless = DynamoDb.dataStore("table").build(Adapters.context());
      System.out.println(regionless.isInitialized() + " " + regionless.isStoreAvailable());
    }
  }

  @Test
  public void anItemOverTheSizeLimitIsLoggedAndLeftOut() {
    LogCapture log = Logs.capture();
    PersistentDataStore logging = Adapters.dataStore(engine, table).build(Adapters.context(log));
    SerializedItemDescriptor large =
        new SerializedItemDescriptor(2, false, "{\"key\":\"large\",\"version\":2,\"x\":\"" + "x".repeat(400_000) + "\"}");
    logging.init(
        new FullDataSet<>(
            List.of(
                Map.entry(DataModel.FEATURES, new KeyedItems<>(List.of(Map.entry("large", large), Map.entry("a", item(1))))))));
    assertFalse(logging.upsert(DataModel.FEATURES, "large", large));
    assertNull(logging.get(DataModel.FEATURES, "large"));
    assertEquals(item(1), strip(logging.get(DataModel.FEATURES, "a")));
    List<String> errors = Adapters.texts(log, LDLogLevel.ERROR);
    String expected = "The item \"large\" in \"features\" was too large to store in DynamoDB and was dropped";
    assertEquals(List.of(expected, expected), errors);
    assertEquals("base.DataStore.DynamoDb", log.getMessages().get(0).getLoggerName());
  }

  private static SerializedItemDescriptor strip(SerializedItemDescriptor found) {
    return new SerializedItemDescriptor(1, false, found.getSerializedItem());
  }

  /** The official store takes rows that DynamoDB leaves unprocessed for written. */
  @Test
  public void initLosesNoUnprocessedRows() {
    String unprocessed = fake.newTable();
    fake.control("reset", "{}");
    fake.rule("{\"match\":{\"operation\":\"BatchWriteItem\"},\"times\":2,\"action\":{\"unprocessed\":{\"fraction\":0.5}}}");
    PersistentDataStore writer = Adapters.dataStore(fake, unprocessed).build(Adapters.context());
    writer.init(
        new FullDataSet<>(
            List.of(
                Map.entry(
                    DataModel.FEATURES, new KeyedItems<>(List.of(Map.entry("a", item(1)), Map.entry("b", item(2))))))));
    assertTrue(writer.isInitialized());
    assertFalse(fake.row(unprocessed, "features", "a").isEmpty());
    assertFalse(fake.row(unprocessed, "features", "b").isEmpty());
    fake.control("reset", "{}");
  }

  @Test
  public void aFailingTableIsNotTakenForAnAbsentItem() {
    String failing = fake.newTable();
    LogCapture log = Logs.capture();
    PersistentDataStore throttled =
        DynamoDb.dataStore(failing)
            .options(Adapters.on(fake, options -> options.maxAttempts(1)))
            .build(Adapters.context(log));
    fake.control("reset", "{}");
    fake.rule("{\"action\":{\"throttle\":true}}");
    assertThrows(ThrottledException.class, () -> throttled.get(DataModel.FEATURES, "a"));
    assertThrows(ThrottledException.class, () -> throttled.getAll(DataModel.FEATURES));
    assertFalse(throttled.isInitialized());
    assertFalse(throttled.isInitialized());
    assertFalse(throttled.isStoreAvailable());
    long said =
        Adapters.texts(log, LDLogLevel.WARN).stream().filter(text -> text.startsWith("whether the table")).count();
    assertEquals(1, said);
    fake.control("reset", "{}");
    assertTrue(throttled.isStoreAvailable());
  }

  @Test
  public void nothingIsCachedBelowTheSdk() {
    String counted = fake.newTable();
    PersistentDataStore uncached = Adapters.dataStore(fake, counted).build(Adapters.context());
    fake.control("reset", "{}");
    for (int call = 0; call < 3; call++) {
      uncached.get(DataModel.FEATURES, "a");
    }
    assertEquals(3, fake.requests("GetItem"));
  }

  @Test
  public void theSdksLoggerHearsOfEveryLevel() {
    LogCapture log = Logs.capture();
    PersistentDataStore logging =
        DynamoDb.dataStore("table").options(options -> options.library(Stub.path())).build(Adapters.context(log));
    for (int level = 1; level <= 5; level++) {
      logging.get(DataModel.FEATURES, "log:" + level + ":text {}");
    }
    List<LDLogLevel> levels = log.getMessages().stream().map(LogCapture.Message::getLevel).collect(Collectors.toList());
    assertEquals(
        List.of(LDLogLevel.ERROR, LDLogLevel.WARN, LDLogLevel.INFO, LDLogLevel.DEBUG, LDLogLevel.DEBUG), levels);
    assertEquals("text {}", log.getMessages().get(0).getText());
  }

  @Test
  public void closing() throws Exception {
    store.close();
    store.close();
    assertFalse(store.isStoreAvailable());
    assertFalse(store.isInitialized());
    assertThrows(StoreClosedException.class, () -> store.get(DataModel.FEATURES, "a"));
  }

  @Test
  public void diagnosticsSayDynamoDb() {
    assertEquals(LDValue.of("DynamoDB"), DynamoDb.dataStore("t").describeConfiguration(Adapters.context()));
    assertEquals(LDValue.of("DynamoDB"), DynamoDb.bigSegmentStore("t").describeConfiguration(null));
  }
}
