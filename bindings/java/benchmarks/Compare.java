import com.launchdarkly.sdk.server.DataModel;
import com.launchdarkly.sdk.server.subsystems.ClientContext;
import com.launchdarkly.sdk.server.subsystems.ComponentConfigurer;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.FullDataSet;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.KeyedItems;
import com.launchdarkly.sdk.server.subsystems.DataStoreTypes.SerializedItemDescriptor;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import lddynamostore.Engine;
import lddynamostore.launchdarkly.DynamoDb;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/**
 * Compares this package with LaunchDarkly's own Java store, call by call, in one run on one engine: benchmarks/compare.sh runs it. The
 * rounds of the two alternate. Times are medians of wall clock, and means of this process's CPU, which is counted in steps of 10 ms. The
 * engine runs in another process and is the same for both.
 */
public final class Compare {
  private static final String OFFICIAL = "com.launchdarkly.sdk.server.integrations.DynamoDb";
  private static final AwsCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local"));
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final int FLAGS = Integer.getInteger("flags", 2000);
  private static final int ROUNDS = Integer.getInteger("rounds", 9);
  private static final int WARM_ROUNDS = Integer.getInteger("warm", 4);

  private record Cost(double wallMs, double cpuMs) {}

  /** One of the two: how a store on a table is made. */
  private record Contender(String name, Function<String, PersistentDataStore> maker) {}

  private interface Work {
    /** Prepares a round; what it returns is measured. */
    Runnable prepare(Contender contender) throws Exception;
  }

  private final Engine engine = Engine.fake("--latency-ms", "0");
  private final List<Contender> contenders =
      List.of(new Contender("this package", this::ours), new Contender("official store", this::official));

  public static void main(String[] arguments) throws Exception {
    new Compare().run();
  }

  private void run() throws Exception {
    engine.control("logging", "{\"enabled\":false}");
    System.out.printf(
        "Java %s, %,d flags of %.1f KB, %d rounds after %d%n",
        Runtime.version(), FLAGS, text(0, 1).length() / 1000.0, ROUNDS, WARM_ROUNDS);
    for (int latencyMs : new int[] {5, 0}) {
      engine.control("latency", "{\"ms\":" + latencyMs + "}");
      System.out.printf("%nAt %d ms%n%n", latencyMs);
      System.out.println("| call | this package: ms, ms CPU | official store: ms, ms CPU | ratio, CPU ratio | to reach |");
      System.out.println("| --- | ---: | ---: | ---: | --- |");
      measure("init of an empty table", "", this::initEmpty);
      measure("init, unchanged", latencyMs == 0 ? "" : "time 0.1", this::initUnchanged);
      measure("getAll", "time 1", contender -> onFullTable(contender, store -> store.getAll(DataModel.FEATURES)));
      measure("100 gets", "CPU 0.3", contender -> onFullTable(contender, Compare::gets));
      measure("100 upserts", "", contender -> onFullTable(contender, new Upserts()::newer));
      measure("100 upserts, refused", "", contender -> onFullTable(contender, Compare::refused));
    }
    engine.close();
  }

  private void measure(String name, String limit, Work work) throws Exception {
    List<List<Cost>> costs = List.of(new ArrayList<>(), new ArrayList<>());
    for (int round = -WARM_ROUNDS; round < ROUNDS; round++) {
      for (int each = 0; each < contenders.size(); each++) {
        Runnable call = work.prepare(contenders.get(each));
        long wall = System.nanoTime();
        long cpu = SYSTEM.getProcessCpuTime();
        call.run();
        Cost cost = new Cost((System.nanoTime() - wall) / 1e6, (SYSTEM.getProcessCpuTime() - cpu) / 1e6);
        if (round >= 0) {
          costs.get(each).add(cost);
        }
      }
    }
    double[] wall = medians(costs);
    double[] cpu = costs.stream().mapToDouble(all -> all.stream().mapToDouble(Cost::cpuMs).average().orElseThrow()).toArray();
    System.out.printf(
        "| %s | %.1f, %.1f | %.1f, %.1f | %.2f, %.2f | %s |%n",
        name, wall[0], cpu[0], wall[1], cpu[1], wall[0] / wall[1], cpu[0] / cpu[1], limit);
  }

  private static double[] medians(List<List<Cost>> costs) {
    return costs.stream().mapToDouble(all -> all.stream().mapToDouble(Cost::wallMs).sorted().toArray()[all.size() / 2]).toArray();
  }

  private Runnable initEmpty(Contender contender) {
    String table = engine.newTable();
    PersistentDataStore store = contender.maker().apply(table);
    FullDataSet<SerializedItemDescriptor> data = data();
    return () -> store.init(data);
  }

  private Runnable initUnchanged(Contender contender) {
    FullDataSet<SerializedItemDescriptor> data = data();
    return onFullTable(contender, store -> store.init(data));
  }

  private interface Call {
    void on(PersistentDataStore store) throws Exception;
  }

  private final Map<String, PersistentDataStore> stores = new java.util.HashMap<>();

  /** A store of each that has been used already, on a table that both have. */
  private Runnable onFullTable(Contender contender, Call call) {
    PersistentDataStore store =
        stores.computeIfAbsent(
            contender.name(),
            name -> {
              String table = engine.newTable();
              PersistentDataStore made = contender.maker().apply(table);
              made.init(data());
              return made;
            });
    return () -> {
      try {
        call.on(store);
      } catch (Exception failure) {
        throw new IllegalStateException(failure);
      }
    };
  }

  private static void gets(PersistentDataStore store) {
    for (int number = 0; number < 100; number++) {
      store.get(DataModel.FEATURES, "flag-" + number);
    }
  }

  private static void refused(PersistentDataStore store) {
    for (int number = 100; number < 200; number++) {
      store.upsert(DataModel.FEATURES, "flag-" + number, item(number, 1));
    }
  }

  /** Each store has a table of its own, so one counter is for both. */
  private static final class Upserts {
    private int version = 1;

    void newer(PersistentDataStore store) {
      version++;
      for (int number = 200; number < 300; number++) {
        store.upsert(DataModel.FEATURES, "flag-" + number, item(number, version));
      }
    }
  }

  private PersistentDataStore ours(String table) {
    return DynamoDb.dataStore(table)
        .options(
            options ->
                options
                    .endpoint(engine.endpoint().toString())
                    .region(Engine.REGION)
                    .credentials(new lddynamostore.Credentials("local", "local"))
                    .library(Engine.LIBRARY))
        .build(new ClientContext("sdk-key"));
  }

  @SuppressWarnings("unchecked")
  private PersistentDataStore official(String table) {
    try {
      Object builder = Class.forName(OFFICIAL).getMethod("dataStore", String.class).invoke(null, table);
      Class<?> type = Class.forName(OFFICIAL + "StoreBuilder");
      type.getMethod("endpoint", URI.class).invoke(builder, engine.endpoint());
      type.getMethod("region", Region.class).invoke(builder, Region.of(Engine.REGION));
      type.getMethod("credentials", AwsCredentialsProvider.class).invoke(builder, CREDENTIALS);
      return ((ComponentConfigurer<PersistentDataStore>) builder).build(new ClientContext("sdk-key"));
    } catch (ClassNotFoundException missing) {
      throw new IllegalStateException(
          "LaunchDarkly's own store is not on the class path: LAUNCHDARKLY_JAVA_DYNAMODB_STORE must name its classes or jar", missing);
    } catch (ReflectiveOperationException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static FullDataSet<SerializedItemDescriptor> data() {
    List<Map.Entry<String, SerializedItemDescriptor>> items = new ArrayList<>();
    for (int number = 0; number < FLAGS; number++) {
      items.add(Map.entry("flag-" + number, item(number, 1)));
    }
    return new FullDataSet<>(
        List.of(
            Map.entry(DataModel.FEATURES, new KeyedItems<>(items)),
            Map.entry(DataModel.SEGMENTS, new KeyedItems<>(List.of()))));
  }

  private static SerializedItemDescriptor item(int number, int version) {
    return new SerializedItemDescriptor(version, false, text(number, version));
  }

  private static String text(int number, int version) {
    StringBuilder values = new StringBuilder();
    for (int value = 0; value < 40; value++) {
      values.append(value == 0 ? "" : ",").append("\"value-").append(value).append('"');
    }
    return "{\"key\":\"flag-" + number + "\",\"version\":" + version
        + ",\"on\":true,\"prerequisites\":[],\"targets\":[],\"rules\":[{\"id\":\"rule\",\"variation\":0,\"clauses\":[{"
        + "\"attribute\":\"country\",\"op\":\"in\",\"values\":["
        + values + "],\"negate\":false}],\"trackEvents\":false}],\"fallthrough\":{\"rollout\":{\"variations\":["
        + "{\"variation\":0,\"weight\":50000},{\"variation\":1,\"weight\":50000}]}},\"offVariation\":1,\"variations\":[true,false],"
        + "\"salt\":\"0123456789abcdef0123456789abcdef\"}";
  }
}
