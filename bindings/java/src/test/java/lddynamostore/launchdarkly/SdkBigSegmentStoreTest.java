package lddynamostore.launchdarkly;

import com.launchdarkly.sdk.server.integrations.BigSegmentStoreTestBase;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStore;
import com.launchdarkly.sdk.server.subsystems.BigSegmentStoreTypes.StoreMetadata;
import com.launchdarkly.sdk.server.subsystems.ComponentConfigurer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lddynamostore.Engine;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** LaunchDarkly's own tests of a store of Big Segments. */
public class SdkBigSegmentStoreTest extends BigSegmentStoreTestBase {
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
  protected ComponentConfigurer<BigSegmentStore> makeStore(String prefix) {
    return DynamoDb.bigSegmentStore(table).prefix(prefix).options(Adapters.on(engine));
  }

  @Override
  protected void clearData(String prefix) {
    engine.clear(table);
  }

  @Override
  protected void setMetadata(String prefix, StoreMetadata metadata) {
    String name = prefix + ":big_segments_metadata";
    engine.put(table, name, name, Map.of("synchronizedOn", AttributeValue.fromN("" + metadata.getLastUpToDate())));
  }

  @Override
  protected void setSegments(
      String prefix, String userHash, Iterable<String> includedRefs, Iterable<String> excludedRefs) {
    Map<String, AttributeValue> sets = new HashMap<>();
    add(sets, "included", includedRefs);
    add(sets, "excluded", excludedRefs);
    engine.put(table, prefix + ":big_segments_user", userHash, sets);
  }

  private static void add(Map<String, AttributeValue> sets, String name, Iterable<String> references) {
    List<String> members = new ArrayList<>();
    if (references != null) {
      references.forEach(members::add);
    }
    if (!members.isEmpty()) {
      sets.put(name, AttributeValue.fromSs(members));
    }
  }
}
