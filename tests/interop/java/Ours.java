import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.launchdarkly.logging.LDLogger;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.EvaluationDetail;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.json.JsonSerialization;
import com.launchdarkly.sdk.json.SerializationException;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.DataModel;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import com.launchdarkly.sdk.server.subsystems.ClientContext;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.DataKind;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.FullDataSet;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.KeyedItems;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.SerializedItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lddynamostore.Credentials;
import lddynamostore.Frames;
import lddynamostore.launchdarkly.DynamoDb;
import lddynamostore.launchdarkly.DynamoDbStoreBuilder;

/**
 * This library's adapter in LaunchDarkly's SDK for Java, as a driver of tests/cases/README.md's protocol: it writes a data set as the SDK hands it
 * over, and evaluates.
 */
public final class Ours {
  private static final List<DataKind> KINDS = List.of(DataModel.SEGMENTS, DataModel.FEATURES);
  private static final Gson GSON = new Gson().newBuilder().serializeNulls().create();

  private final String table;
  private final String endpoint;

  private Ours(String configuration) {
    JsonObject given = JsonParser.parseString(configuration).getAsJsonObject();
    table = given.get("table").getAsString();
    endpoint = given.get("endpoint").getAsString();
  }

  public static void main(String[] arguments) throws IOException {
    InputStream input = new BufferedInputStream(System.in);
    OutputStream output = new BufferedOutputStream(System.out);
    Map<String, Ours> stores = new HashMap<>();
    for (List<String> request = Frames.read(input); request != null; request = Frames.read(input)) {
      String name = request.get(1);
      try {
        String result = null;
        switch (request.get(0)) {
          case "new" -> stores.put(name, new Ours(request.get(2)));
          case "init" -> stores.get(name).init(request.get(2));
          case "evaluate" -> result = stores.get(name).evaluate(request.get(2), request.get(3));
          default -> throw new IllegalArgumentException("there is no call " + request.get(0));
        }
        Frames.write(output, "0", result, null, null, null);
      } catch (Exception failure) {
        Frames.write(output, "-1", null, failure.toString(), null, null);
      }
    }
  }

  private <T> DynamoDbStoreBuilder<T> at(DynamoDbStoreBuilder<T> builder) {
    return builder.options(
        options -> options.endpoint(endpoint).region("us-east-1").credentials(new Credentials("local", "local")));
  }

  /** Each item is read and written by the SDK, as one that comes from LaunchDarkly is. */
  private void init(String dataSet) throws IOException {
    JsonObject given = JsonParser.parseString(dataSet).getAsJsonObject();
    List<Map.Entry<DataKind, KeyedItems<SerializedItemDescriptor>>> collections = new ArrayList<>();
    for (DataKind kind : KINDS) {
      List<Map.Entry<String, SerializedItemDescriptor>> items = new ArrayList<>();
      for (Map.Entry<String, JsonElement> item : given.getAsJsonObject(kind.getName()).entrySet()) {
        var descriptor = kind.deserialize(GSON.toJson(item.getValue()));
        boolean isDeleted = descriptor.getItem() == null;
        items.add(
            Map.entry(
                item.getKey(),
                new SerializedItemDescriptor(descriptor.getVersion(), isDeleted, kind.serialize(descriptor))));
      }
      collections.add(Map.entry(kind, new KeyedItems<>(items)));
    }
    ClientContext context = new ClientContext("no-sdk-key") {
      @Override
      public LDLogger getBaseLogger() {
        return LDLogger.none();
      }
    };
    try (PersistentDataStore store = at(DynamoDb.dataStore(table)).build(context)) {
      store.init(new FullDataSet<>(collections));
    }
  }

  /** What a client in daemon mode makes of each flag for each context, in this order. */
  private String evaluate(String keys, String contexts) throws IOException, SerializationException {
    LDConfig config =
        new LDConfig.Builder()
            .dataStore(Components.persistentDataStore(at(DynamoDb.dataStore(table))).cacheTime(Duration.ofMinutes(10)))
            .bigSegments(Components.bigSegments(at(DynamoDb.bigSegmentStore(table))))
            .dataSource(Components.externalUpdatesOnly())
            .events(Components.noEvents())
            .logging(Components.logging(Logs.none()))
            .build();
    List<LDContext> visitors = new ArrayList<>();
    for (JsonElement context : JsonParser.parseString(contexts).getAsJsonArray()) {
      visitors.add(JsonSerialization.deserialize(GSON.toJson(context), LDContext.class));
    }
    JsonObject details = new JsonObject();
    try (LDClient client = new LDClient("no-sdk-key", config)) {
      for (JsonElement key : JsonParser.parseString(keys).getAsJsonArray()) {
        JsonArray ofKey = new JsonArray();
        for (LDContext visitor : visitors) {
          EvaluationDetail<LDValue> detail =
              client.jsonValueVariationDetail(key.getAsString(), visitor, LDValue.ofNull());
          JsonArray found = new JsonArray();
          found.add(JsonParser.parseString(detail.getValue().toJsonString()));
          int variation = detail.getVariationIndex();
          found.add(variation < 0 ? JsonNull.INSTANCE : GSON.toJsonTree(variation));
          found.add(JsonParser.parseString(JsonSerialization.serialize(detail.getReason())));
          ofKey.add(found);
        }
        details.add(key.getAsString(), ofKey);
      }
    }
    return GSON.toJson(details);
  }
}
