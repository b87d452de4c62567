package lddynamostore.launchdarkly;

import com.launchdarkly.sdk.server.subsystems.BigSegmentStore;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import lddynamostore.StoreOptions;

/** Stores for LaunchDarkly's SDK, by the official names. */
public final class DynamoDb {
  // The SDK waits for an init before it hands on any update, also those to the program's listeners.
  private static final long INIT_TIMEOUT_MS = 30_000;

  private DynamoDb() {}

  /**
   * A store of flags and segments, for {@code Components.persistentDataStore}. An {@code init} takes at most 30 seconds, because the SDK
   * waits for it before it hands on any update: {@link DynamoDbStoreBuilder#options} sets {@code initTimeoutMs} to something else.
   *
   * @param tableName an existing table; its partition key is {@code namespace} and its sort key {@code key}, both strings
   * @return its settings
   */
  public static DynamoDbStoreBuilder<PersistentDataStore> dataStore(String tableName) {
    return new DynamoDbStoreBuilder<>(
        tableName, "DataStore", new StoreOptions().initTimeoutMs(INIT_TIMEOUT_MS), DynamoDbDataStore::new);
  }

  /**
   * A store of Big Segments, for {@code Components.bigSegments}.
   *
   * @param tableName an existing table
   * @return its settings
   */
  public static DynamoDbStoreBuilder<BigSegmentStore> bigSegmentStore(String tableName) {
    return new DynamoDbStoreBuilder<>(tableName, "BigSegments", new StoreOptions(), DynamoDbBigSegmentStore::new);
  }
}
