package lddynamostore.launchdarkly;

import com.launchdarkly.logging.LDLogger;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.DataKind;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.FullDataSet;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.KeyedItems;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.SerializedItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.AbstractMap.SimpleImmutableEntry;
import lddynamostore.Store;
import lddynamostore.exception.CorruptItemException;
import lddynamostore.exception.LdDynamoStoreException;
import lddynamostore.internal.Arguments;
import lddynamostore.internal.JsonText;

/** The SDK's uncached store interface over one {@link Store}. */
final class DynamoDbDataStore implements PersistentDataStore {
  private final Store store;
  private final LDLogger logger;
  private final RepeatedFailures failures = new RepeatedFailures();

  DynamoDbDataStore(Store store, LDLogger logger) {
    this.store = store;
    this.logger = logger;
  }

  @Override
  public void init(FullDataSet<SerializedItemDescriptor> allData) {
    JsonText data = new JsonText();
    for (Map.Entry<DataKind, KeyedItems<SerializedItemDescriptor>> kind : allData.getData()) {
      data.begin(kind.getKey().getName());
      for (Map.Entry<String, SerializedItemDescriptor> item : kind.getValue().getItems()) {
        data.json(item.getKey(), text(item.getKey(), item.getValue()));
      }
      data.end();
    }
    store.init(data.finish());
  }

  @Override
  public SerializedItemDescriptor get(DataKind kind, String key) {
    try {
      return store.get(kind.getName(), key).map(DynamoDbDataStore::descriptor).orElse(null);
    } catch (CorruptItemException corrupt) {
      // The SDK takes any exception for an outage, and the table did answer.
      if (failures.isDue(corrupt.getMessage())) {
        logger.error(corrupt.getMessage());
      }
      return null;
    }
  }

  @Override
  public KeyedItems<SerializedItemDescriptor> getAll(DataKind kind) {
    List<Map.Entry<String, SerializedItemDescriptor>> items = new ArrayList<>();
    store.all(kind.getName()).forEach((key, text) -> items.add(new SimpleImmutableEntry<>(key, descriptor(text))));
    return new KeyedItems<>(items);
  }

  @Override
  public boolean upsert(DataKind kind, String key, SerializedItemDescriptor item) {
    return store.upsert(kind.getName(), key, text(key, item)).isUpdated();
  }

  @Override
  public boolean isInitialized() {
    try {
      return store.initialized();
    } catch (LdDynamoStoreException failure) {
      // By class, because the text of one and the same outage may name other addresses and times.
      if (failures.isDue(failure.getClass().getName())) {
        logger.warn("whether the table is initialized is unknown, taken as no: {}", failure.getMessage());
      }
      return false;
    }
  }

  @Override
  public boolean isStoreAvailable() {
    try {
      return store.available();
    } catch (LdDynamoStoreException failure) {
      // Closed, or without a region: the SDK would log an exception with each of its questions.
      return false;
    }
  }

  @Override
  public void close() {
    store.close();
  }

  // The version 0 makes the SDK read version and deletion in the text, as it does anyway.
  private static SerializedItemDescriptor descriptor(String text) {
    return new SerializedItemDescriptor(0, false, text);
  }

  private static String text(String key, SerializedItemDescriptor item) {
    if (item.getSerializedItem() != null) {
      return Arguments.escaped(item.getSerializedItem());
    }
    return new JsonText().string("key", key).value("version", item.getVersion()).value("deleted", true).finish();
  }
}
