package lddynamostore.launchdarkly;

import static com.launchdarkly.sdk.server.subsystems.BigSegmentStoreTypes.createMembershipFromSegmentRefs;

import com.launchdarkly.logging.LDLogger;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStore;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStoreTypes.Membership;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStoreTypes.StoreMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import lddynamostore.Store;
import lddynamostore.exception.CorruptItemException;

/** The SDK's Big Segments interface over one {@link Store}. */
final class DynamoDbBigSegmentStore implements BigSegmentStore {
  private final Store store;
  private final LDLogger logger;
  private final RepeatedFailures failures = new RepeatedFailures();

  DynamoDbBigSegmentStore(Store store, LDLogger logger) {
    this.store = store;
    this.logger = logger;
  }

  @Override
  public Membership getMembership(String contextHash) {
    Optional<Map<String, Boolean>> found =
        orIfCorrupt(Optional.empty(), () -> store.bigSegmentsMembership(contextHash));
    if (!found.isPresent()) {
      return null;
    }
    List<String> included = new ArrayList<>();
    List<String> excluded = new ArrayList<>();
    found.get().forEach((segment, isIncluded) -> (isIncluded ? included : excluded).add(segment));
    return createMembershipFromSegmentRefs(included, excluded);
  }

  @Override
  public StoreMetadata getMetadata() {
    OptionalLong when = orIfCorrupt(OptionalLong.empty(), store::bigSegmentsSynchronizedOn);
    return when.isPresent() ? new StoreMetadata(when.getAsLong()) : null;
  }

  @Override
  public void close() {
    store.close();
  }

  // The SDK takes any exception for an outage, and the table did answer.
  private <R> R orIfCorrupt(R absent, Supplier<R> read) {
    try {
      return read.get();
    } catch (CorruptItemException corrupt) {
      if (failures.isDue(corrupt.getMessage())) {
        logger.error(corrupt.getMessage());
      }
      return absent;
    }
  }
}
