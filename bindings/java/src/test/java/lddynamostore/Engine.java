package lddynamostore;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;

/** A DynamoDB engine of this repository in a process of its own, which ends with this one. */
public final class Engine implements AutoCloseable {
  public static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent().getParent();
  public static final Path LIBRARY = library();
  public static final String REGION = "us-east-1";

  private static final AtomicInteger TABLES = new AtomicInteger();

  private final Process process;
  private final URI endpoint;
  private final DynamoDbClient client;

  private Engine(String program, String... arguments) {
    Path path = REPOSITORY.resolve("target/release").resolve(program);
    if (!Files.isRegularFile(path)) {
      throw new IllegalStateException(path + " is missing: run cargo build --release -p " + program);
    }
    List<String> command = new ArrayList<>(List.of(path.toString(), "--exit-with-stdin"));
    command.addAll(List.of(arguments));
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      endpoint = URI.create(new BufferedReader(new InputStreamReader(process.getInputStream())).readLine());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    client =
        DynamoDbClient.builder()
            .endpointOverride(endpoint)
            .region(Region.of(REGION))
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
            .build();
  }

  private static Path library() {
    String named = System.getenv("LD_DYNAMO_STORE_LIBRARY");
    if (named != null) {
      return Path.of(named);
    }
    Path built = REPOSITORY.resolve("target/release/libld_dynamo_store.so");
    String script = REPOSITORY.resolve("tests/require_current.sh").toString();
    try {
      if (new ProcessBuilder(script, built.toString()).inheritIO().start().waitFor() != 0) {
        throw new IllegalStateException("the library is older than its sources");
      }
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(script, failure);
    }
    return built;
  }

  /** The real engine. */
  public static Engine embedded() {
    return new Engine("local-dynamodb");
  }

  /** The scripted endpoint: it also counts requests, and fails on demand. */
  public static Engine fake(String... arguments) {
    return new Engine("fake-dynamodb", arguments);
  }

  public URI endpoint() {
    return endpoint;
  }

  public DynamoDbClient client() {
    return client;
  }

  /** A fresh table. */
  public String newTable() {
    return newTable("table-" + TABLES.incrementAndGet());
  }

  public String newTable(String name) {
    client.createTable(
        table ->
            table
                .tableName(name)
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .keySchema(
                    KeySchemaElement.builder().attributeName("namespace").keyType(KeyType.HASH).build(),
                    KeySchemaElement.builder().attributeName("key").keyType(KeyType.RANGE).build())
                .attributeDefinitions(
                    AttributeDefinition.builder().attributeName("namespace").attributeType("S").build(),
                    AttributeDefinition.builder().attributeName("key").attributeType("S").build()));
    return name;
  }

  /** What a store on this engine needs, without a cache. */
  public StoreOptions options() {
    return new StoreOptions()
        .endpoint(endpoint.toString())
        .region(REGION)
        .credentials(new Credentials("local", "local"))
        .cacheTtlMs(0)
        .library(LIBRARY);
  }

  public Store store(String table) {
    return new Store(table, options());
  }

  /** Puts a row as another writer would. */
  public void put(String table, String namespace, String key, Map<String, AttributeValue> attributes) {
    Map<String, AttributeValue> row = new java.util.HashMap<>(attributes);
    row.put("namespace", AttributeValue.fromS(namespace));
    row.put("key", AttributeValue.fromS(key));
    client.putItem(put -> put.tableName(table).item(row));
  }

  public void putItem(String table, String namespace, String key, int version, String item) {
    put(
        table,
        namespace,
        key,
        Map.of("version", AttributeValue.fromN("" + version), "item", AttributeValue.fromS(item)));
  }

  public Map<String, AttributeValue> row(String table, String namespace, String key) {
    Map<String, AttributeValue> place =
        Map.of("namespace", AttributeValue.fromS(namespace), "key", AttributeValue.fromS(key));
    return client.getItem(get -> get.tableName(table).key(place).consistentRead(true)).item();
  }

  /** Removes every row. */
  public void clear(String table) {
    for (Map<String, AttributeValue> row : client.scan(scan -> scan.tableName(table)).items()) {
      Map<String, AttributeValue> place = Map.of("namespace", row.get("namespace"), "key", row.get("key"));
      client.deleteItem(delete -> delete.tableName(table).key(place));
    }
  }

  /** Sends a control request to the scripted endpoint: POST with a body, else GET. */
  public JsonElement control(String command, String body) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) endpoint.resolve("/_control/" + command).toURL().openConnection();
      if (body != null) {
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
      }
      return JsonParser.parseString(
          new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public void rule(String rule) {
    control("rules", rule);
  }

  public int requests(String operation) {
    JsonObject counters = control("counters", null).getAsJsonObject();
    return counters.getAsJsonObject("requests").get(operation).getAsInt();
  }

  /** Ends the engine at once, as an outage does. */
  @Override
  public void close() {
    client.close();
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
    }
  }
}
