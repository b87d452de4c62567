package lddynamostore.launchdarkly;

import com.google.gson.JsonParser;
import com.google.gson.JsonObject;
import com.launchdarkly.sdk.server.integrations.PersistentDataStoreTestBase;
import com.launchdarkly.sdk.server.subsystems.ComponentConfigurer;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.DataKind;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.FullDataSet;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.KeyedItems;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.SerializedItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lddynamostore.Engine;
import org.junit.AfterClass;
import org.junit.BeforeClass;

/** LaunchDarkly's own tests of a persistent data store. */
public class SdkDataStoreTest extends PersistentDataStoreTestBase<SdkDataStoreTest.WithJsonTombstones> {
  private static Engine engine;
  private static String table;

  @BeforeClass
  public static void start() {
    engine = Engine.embedded();
    table = engine.newTable();
  }

  @AfterClass
  public static void stop() {
    engine.close();
  }

  @Override
  protected ComponentConfigurer<PersistentDataStore> buildStore(String prefix) {
    return context ->
        new WithJsonTombstones(
            DynamoDb.dataStore(table).prefix(prefix).options(Adapters.on(engine)).build(context));
  }

  @Override
  protected void clearAllData() {
    engine.clear(table);
  }

  @Override
  protected boolean setUpdateHook(WithJsonTombstones storeUnderTest, Runnable hook) {
    storeUnderTest.hook = hook;
    return true;
  }

  /** The tests' own items have tombstones that are no JSON, {@code DELETED:n}, unlike the SDK's. */
  public static final class WithJsonTombstones implements PersistentDataStore {
    private final PersistentDataStore store;
    private Runnable hook = () -> {};

    WithJsonTombstones(PersistentDataStore store) {
      this.store = store;
    }

    private static SerializedItemDescriptor toJson(SerializedItemDescriptor item) {
      return item.isDeleted() ? new SerializedItemDescriptor(item.getVersion(), true, null) : item;
    }

    private static SerializedItemDescriptor fromJson(SerializedItemDescriptor item) {
      if (item == null) {
        return null;
      }
      JsonObject json = JsonParser.parseString(item.getSerializedItem()).getAsJsonObject();
      boolean isDeleted = json.has("deleted") && json.get("deleted").getAsBoolean() && !json.has("name");
      return isDeleted ? new SerializedItemDescriptor(json.get("version").getAsInt(), true, null) : item;
    }

    @Override
    public void init(FullDataSet<SerializedItemDescriptor> allData) {
      store.init(allData);
    }

    @Override
    public SerializedItemDescriptor get(DataKind kind, String key) {
      return fromJson(store.get(kind, key));
    }

    @Override
    public KeyedItems<SerializedItemDescriptor> getAll(DataKind kind) {
      List<Map.Entry<String, SerializedItemDescriptor>> items = new ArrayList<>();
      store.getAll(kind).getItems().forEach(item -> items.add(Map.entry(item.getKey(), fromJson(item.getValue()))));
      return new KeyedItems<>(items);
    }

    @Override
    public boolean upsert(DataKind kind, String key, SerializedItemDescriptor item) {
      hook.run();
      return store.upsert(kind, key, toJson(item));
    }

    @Override
    public boolean isInitialized() {
      return store.isInitialized();
    }

    @Override
    public boolean isStoreAvailable() {
      return store.isStoreAvailable();
    }

    @Override
    public void close() throws IOException {
      store.close();
    }
  }
}
