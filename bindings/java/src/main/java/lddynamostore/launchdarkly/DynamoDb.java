package lddynamostore.launchdarkly;

import com.launchdarkly.sdk.server.subsystems.BigSegmentStore;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;

/** Stores for LaunchDarkly's SDK, by the official names. */
public final class DynamoDb {
  private DynamoDb() {}

  /**
   * A store of flags and segments, for {@code Components.persistentDataStore}.
   *
   * @param tableName an existing table; its partition key is {@code namespace} and its sort key {@code key}, both strings
   * @return its settings
   */
  public static DynamoDbStoreBuilder<PersistentDataStore> dataStore(String tableName) {
    return new DynamoDbStoreBuilder<>(tableName, "DataStore", DynamoDbDataStore::new);
  }

  /**
   * A store of Big Segments, for {@code Components.bigSegments}.
   *
   * @param tableName an existing table
   * @return its settings
   */
  public static DynamoDbStoreBuilder<BigSegmentStore> bigSegmentStore(String tableName) {
    return new DynamoDbStoreBuilder<>(tableName, "BigSegments", DynamoDbBigSegmentStore::new);
  }
}
