import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.ObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import lddynamostore.Credentials;
import lddynamostore.Store;
import lddynamostore.StoreOptions;
import lddynamostore.UpsertResult;
import lddynamostore.exception.StoreException;

/**
 * Reads and changes a data set in a DynamoDB table through ld-dynamo-store.
 *
 * <pre>ENDPOINT=http://127.0.0.1:8000 TABLE=my-table java -cp … Main.java [../flags.json]</pre>
 *
 * With a file, writes its data set first. Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the
 * namespace of every row. JSON is parsed by LaunchDarkly's SDK; any other parser will do.
 */
public final class Main {
  private static Store openStore() {
    String endpoint = System.getenv("ENDPOINT");
    StoreOptions options = new StoreOptions().prefix(System.getenv("PREFIX")).endpoint(endpoint);
    if (endpoint != null && System.getenv("AWS_ACCESS_KEY_ID") == null) {
      // A local engine takes any credentials and any region.
      options.region("us-east-1").credentials(new Credentials("local", "local"));
    }
    return new Store(System.getenv("TABLE"), options);
  }

  private static LDValue with(LDValue flag, boolean on, int version) {
    ObjectBuilder changed = LDValue.buildObject();
    for (String name : flag.keys()) {
      changed.put(name, flag.get(name));
    }
    return changed.put("on", on).put("version", version).build();
  }

  private static void run(Store store, String file) throws IOException {
    System.out.println("library " + store.library().version() + ", table " + System.getenv("TABLE"));
    if (file != null) {
      System.out.println("initialized before: " + store.initialized());
      store.init(Files.readAllBytes(Path.of(file)));
      System.out.println("init wrote " + Path.of(file).getFileName() + "; initialized now: " + store.initialized());
    }

    Map<String, LDValue> flags = store.all("features", LDValue::parse);
    System.out.println("all: " + flags.size() + " flags and " + store.all("segments").size() + " segments");

    Optional<String> found =
        flags.entrySet().stream().filter(flag -> !flag.getValue().get("deleted").booleanValue()).map(Map.Entry::getKey).findFirst();
    if (found.isEmpty()) {
      System.err.println("there is no flag: load some, by naming a file");
      System.exit(1);
    }
    String key = found.get();
    LDValue flag = store.get("features", key, LDValue::parse).orElseThrow();
    int version = flag.get("version").intValue();
    boolean on = flag.get("on").booleanValue();
    System.out.println("get " + key + ": version " + version + ", on: " + on);
    System.out.println("get no-such-flag: " + store.get("features", "no-such-flag"));

    LDValue newer = with(flag, !on, version + 1);
    UpsertResult stored = store.upsert("features", key, newer.toJsonString());
    System.out.println("upsert version " + (version + 1) + ": " + stored.outcome());

    UpsertResult refused = store.upsert("features", key, flag.toJsonString());
    int winner = LDValue.parse(refused.stored().orElseThrow()).get("version").intValue();
    System.out.println("upsert version " + version + ": " + refused.outcome() + ", version " + winner + " stays");
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 1 || System.getenv("TABLE") == null) {
      System.err.println("usage: TABLE=my-table java -cp ... Main.java [../flags.json]");
      System.exit(2);
    }
    System.setProperty("java.util.logging.SimpleFormatter.format", "%3$s: %5$s%n");
    try (Store store = openStore()) {
      run(store, arguments.length == 1 ? arguments[0] : null);
    } catch (StoreException failure) {
      System.err.println(
          "status " + failure.status() + ", retriable: " + failure.retriable() + ": " + failure.getMessage());
      System.exit(1);
    }
  }
}
