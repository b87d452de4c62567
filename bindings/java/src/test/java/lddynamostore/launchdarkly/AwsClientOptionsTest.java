package lddynamostore.launchdarkly;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.gson.JsonParser;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import lddynamostore.Store;
import lddynamostore.StoreOptions;
import lddynamostore.internal.Stub;
import org.junit.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.core.retry.RetryPolicy;
import software.amazon.awssdk.metrics.LoggingMetricPublisher;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The official builder's methods, and what the library is told. */
public class AwsClientOptionsTest {
  private static final StaticCredentialsProvider STATIC =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret"));

  /** The configuration that the stand-in was given. */
  private static String configuration(Consumer<DynamoDbStoreBuilder<?>> settings) {
    DynamoDbStoreBuilder<?> builder = DynamoDb.dataStore("table");
    settings.accept(builder);
    builder.options(options -> options.library(Stub.path()));
    builder.build(Adapters.context());
    return Stub.text("stub_last_configuration");
  }

  private static void assertJson(String expected, String json) {
    assertEquals(JsonParser.parseString(expected), JsonParser.parseString(json));
  }

  private static String override(Consumer<ClientOverrideConfiguration.Builder> settings) {
    ClientOverrideConfiguration config = ClientOverrideConfiguration.builder().applyMutation(settings).build();
    return configuration(builder -> builder.clientOverrideConfiguration(config))
        .replace(",\"cache_ttl_ms\":0", "")
        .replace("\"table\":\"table\"", "")
        .replace(",\"init_timeout_ms\":30000", "")
        .replace("{,", "{");
  }

  @Test
  public void theBuildersOwnMethods() {
    assertJson("{\"table\":\"table\",\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}", configuration(builder -> {}));
    assertJson(
        "{\"table\":\"table\",\"prefix\":\"p\",\"region\":\"eu-west-1\",\"endpoint\":\"http://127.0.0.1:1\",\"credentials\":"
            + "{\"access_key_id\":\"key\",\"secret_access_key\":\"secret\"},\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}",
        configuration(
            builder ->
                builder.prefix("p").region(Region.EU_WEST_1).endpoint(URI.create("http://127.0.0.1:1")).credentials(STATIC)));
    AwsCredentialsProvider custom = () -> AwsBasicCredentials.create("key", "secret");
    assertJson(
        "{\"table\":\"table\",\"credentials\":\"pushed\",\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}",
        configuration(builder -> builder.credentials(custom)));
  }

  @Test
  public void timeoutsAndRetries() {
    assertJson("{}", override(config -> {}));
    assertJson("{\"operation_timeout_ms\":7000}", override(config -> config.apiCallTimeout(Duration.ofSeconds(7))));
    assertJson(
        "{\"attempt_timeout_ms\":1,\"operation_timeout_ms\":1}",
        override(config -> config.apiCallTimeout(Duration.ofNanos(1)).apiCallAttemptTimeout(Duration.ofNanos(1))));
    // A call may last as long as all of its attempts.
    assertJson(
        "{\"attempt_timeout_ms\":4000,\"operation_timeout_ms\":12000}",
        override(config -> config.apiCallAttemptTimeout(Duration.ofSeconds(4))));
    assertJson("{\"retry_mode\":\"standard\"}", override(config -> config.retryStrategy(RetryMode.STANDARD)));
    assertJson("{\"retry_mode\":\"adaptive\"}", override(config -> config.retryStrategy(RetryMode.ADAPTIVE_V2)));
    assertJson(
        "{\"operation_timeout_ms\":14000,\"max_attempts\":7,\"retry_mode\":\"standard\"}",
        override(config -> config.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(7).build())));
    assertJson(
        "{\"max_attempts\":2,\"retry_mode\":\"adaptive\"}",
        override(config -> config.retryStrategy(AwsRetryStrategy.adaptiveRetryStrategy().toBuilder().maxAttempts(2).build())));
    assertJson("{\"max_attempts\":2}", override(config -> config.retryStrategy(strategy -> strategy.maxAttempts(2))));
    assertJson("{\"profile\":\"p\"}", override(config -> config.defaultProfileName("p")));
    assertJson("{\"max_attempts\":2}", override(AwsClientOptionsTest::oneRetry));
    // The last one counts, and all of it.
    ClientOverrideConfiguration first =
        ClientOverrideConfiguration.builder()
            .defaultProfileName("p")
            .retryStrategy(RetryMode.ADAPTIVE_V2)
            .apiCallTimeout(Duration.ofSeconds(7))
            .build();
    ClientOverrideConfiguration last = ClientOverrideConfiguration.builder().build();
    assertJson(
        "{\"table\":\"table\",\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}",
        configuration(builder -> builder.clientOverrideConfiguration(first).clientOverrideConfiguration(last)));
  }

  @Test
  public void optionsCountMoreThanTheConfigurationOfAClient() {
    try (DynamoDbClient client = client(config -> config.apiCallTimeout(Duration.ofSeconds(7)))) {
      String told = configuration(builder -> builder.options(options -> options.operationTimeoutMs(1234)).existingClient(client));
      assertTrue(told, told.contains("\"operation_timeout_ms\":1234"));
    }
    String override =
        configuration(
            builder ->
                builder
                    .options(options -> options.operationTimeoutMs(1234))
                    .clientOverrideConfiguration(
                        ClientOverrideConfiguration.builder().apiCallTimeout(Duration.ofSeconds(7)).build()));
    assertTrue(override, override.contains("\"operation_timeout_ms\":1234"));
  }

  @SuppressWarnings("deprecation")
  private static void oneRetry(ClientOverrideConfiguration.Builder config) {
    config.retryPolicy(RetryPolicy.builder().numRetries(1).build());
  }

  @Test
  public void whatHasNoCounterpartIsRefusedByName() {
    Map<String, Consumer<ClientOverrideConfiguration.Builder>> refused =
        Map.of(
            "headers", config -> config.putHeader("x", "y"),
            "executionInterceptors", config -> config.addExecutionInterceptor(new ExecutionInterceptor() {}),
            "metricPublishers", config -> config.addMetricPublisher(LoggingMetricPublisher.create()),
            "USER_AGENT_PREFIX", config -> config.putAdvancedOption(SdkAdvancedClientOption.USER_AGENT_PREFIX, "x"),
            "USER_AGENT_SUFFIX", config -> config.putAdvancedOption(SdkAdvancedClientOption.USER_AGENT_SUFFIX, "x"),
            "appId", config -> config.appId("x"),
            "retryMode LEGACY", config -> config.retryStrategy(RetryMode.LEGACY));
    refused.forEach(
        (name, settings) -> {
          UnsupportedOptionException failure =
              assertThrows(name, UnsupportedOptionException.class, () -> override(settings));
          assertEquals("clientOverrideConfiguration." + name, failure.option());
          assertTrue(failure.getMessage(), failure.getMessage().startsWith(failure.option() + " is not supported; "));
        });
  }

  private static DynamoDbClient client(Consumer<ClientOverrideConfiguration.Builder> settings) {
    return DynamoDbClient.builder()
        .region(Region.EU_WEST_1)
        .credentialsProvider(STATIC)
        .overrideConfiguration(settings)
        .build();
  }

  @Test
  public void anExistingClientGoesBeforeTheRest() {
    String expected =
        "{\"table\":\"table\",\"prefix\":\"p\",\"region\":\"eu-west-1\",\"credentials\":{\"access_key_id\":\"key\",\"secret_access_key\":"
            + "\"secret\"},\"retry_mode\":\"standard\",\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}";
    // Without settings of its own it has none for us.
    assertJson(
        expected,
        configuration(
            builder ->
                builder
                    .prefix("p")
                    .region(Region.US_EAST_1)
                    .endpoint(URI.create("http://x"))
                    .clientOverrideConfiguration(ClientOverrideConfiguration.builder().defaultProfileName("p").build())
                    .existingClient(client(config -> {}))));
    DynamoDbClient adaptive =
        client(config -> config.apiCallTimeout(Duration.ofSeconds(3)).retryStrategy(RetryMode.ADAPTIVE_V2));
    String tuned = configuration(builder -> builder.existingClient(adaptive));
    assertTrue(tuned, tuned.contains("\"operation_timeout_ms\":3000") && tuned.contains("\"retry_mode\":\"adaptive\""));
    // Nine attempts of the legacy strategy are what nobody has chosen.
    DynamoDbClient fourLegacy = client(config -> config.retryStrategy(strategy -> strategy.maxAttempts(4)));
    DynamoDbClient nineStandard =
        client(config -> config.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(9).build()));
    String four = configuration(builder -> builder.existingClient(fourLegacy));
    assertTrue(four, four.contains("\"max_attempts\":4") && four.contains("\"operation_timeout_ms\":8000"));
    String nine = configuration(builder -> builder.existingClient(nineStandard));
    assertTrue(nine, nine.contains("\"max_attempts\":9") && nine.contains("\"operation_timeout_ms\":18000"));
    String slow = configuration(builder -> builder.existingClient(client(config -> config.apiCallAttemptTimeout(Duration.ofSeconds(4)))));
    assertTrue(slow, slow.contains("\"attempt_timeout_ms\":4000") && slow.contains("\"operation_timeout_ms\":12000"));
    DynamoDbClient local = DynamoDbClient.builder().region(Region.EU_WEST_1).endpointOverride(URI.create("http://127.0.0.1:1")).build();
    String pushed = configuration(builder -> builder.existingClient(local));
    assertTrue(pushed, pushed.contains("\"endpoint\":\"http://127.0.0.1:1\"") && pushed.contains("\"credentials\":\"pushed\""));
    for (Consumer<ClientOverrideConfiguration.Builder> settings :
        List.<Consumer<ClientOverrideConfiguration.Builder>>of(
            config -> config.putHeader("x", "y"), config -> config.addExecutionInterceptor(new ExecutionInterceptor() {}))) {
      DynamoDbClient refused = client(settings);
      UnsupportedOptionException failure =
          assertThrows(UnsupportedOptionException.class, () -> DynamoDb.dataStore("table").existingClient(refused));
      assertTrue(failure.option(), failure.option().startsWith("existingClient."));
    }
  }

  /** The SDK hands on no update while it waits for an init. */
  @Test
  public void anInitTakesThirtySecondsUnlessTheOptionsSaySo() {
    DynamoDbStoreBuilder<?> builder = DynamoDb.dataStore("table").options(options -> options.library(Stub.path()));
    String limited = "{\"table\":\"table\",\"init_timeout_ms\":30000,\"cache_ttl_ms\":0}";
    builder.build(Adapters.context());
    assertJson(limited, Stub.text("stub_last_configuration"));
    builder.options(options -> options.initTimeoutMs(300_000)).build(Adapters.context());
    assertJson(limited.replace("30000", "300000"), Stub.text("stub_last_configuration"));
    // The store beside the SDK has the library's own limit.
    new Store("table", new StoreOptions().library(Stub.path())).close();
    assertJson("{\"table\":\"table\"}", Stub.text("stub_last_configuration"));
  }

  @Test
  public void optionsGoFirstAndCachesAreRefused() {
    DynamoDbStoreBuilder<?> builder = DynamoDb.bigSegmentStore("table").region(Region.EU_WEST_1);
    builder.options(options -> options.region("us-west-1").readOnly(true));
    builder.options(options -> options.region("us-west-2").cacheTtlMs(0).library(Stub.path()));
    builder.build(Adapters.context());
    assertJson(
        "{\"table\":\"table\",\"region\":\"us-west-2\",\"read_only\":true,\"cache_ttl_ms\":0}",
        Stub.text("stub_last_configuration"));
    List<Consumer<StoreOptions>> caches =
        List.of(
            options -> options.cacheTtlMs(1), options -> options.contextCacheTtlMs(1), options -> options.contextCacheSize(1));
    for (Consumer<StoreOptions> cache : caches) {
      DynamoDbStoreBuilder<?> caching = DynamoDb.dataStore("table").options(cache);
      UnsupportedOptionException failure =
          assertThrows(UnsupportedOptionException.class, () -> caching.build(Adapters.context()));
      assertTrue(failure.getMessage(), failure.getMessage().contains("is not supported; the SDK caches"));
    }
  }

  /** The store makes requests with what a client has, and leaves the client open. */
  @Test
  public void anExistingClientOnATable() throws Exception {
    try (lddynamostore.Engine engine = lddynamostore.Engine.embedded()) {
      String table = engine.newTable();
      var store =
          DynamoDb.dataStore(table)
              .existingClient(engine.client())
              .options(options -> options.library(lddynamostore.Engine.LIBRARY))
              .build(Adapters.context());
      assertFalse(store.isInitialized());
      assertTrue(store.isStoreAvailable());
      store.close();
      engine.put(table, "features", "a", Map.of("version", AttributeValue.fromN("1")));
    }
  }
}
