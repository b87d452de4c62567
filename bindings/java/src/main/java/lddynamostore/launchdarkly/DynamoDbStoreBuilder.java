package lddynamostore.launchdarkly;

import com.launchdarkly.logging.LDLogger;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.server.subsystems.ClientContext;
import com.launchdarkly.sdk.server.subsystems.ComponentConfigurer;
import com.launchdarkly.sdk.server.subsystems.DiagnosticDescription;
import java.net.URI;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import lddynamostore.LogHandler;
import lddynamostore.Store;
import lddynamostore.StoreOptions;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * Settings of a store for LaunchDarkly's SDK, by the official names. Those that take types of the AWS SDK need it on the class path; {@link
 * #options} does the same without. What has no counterpart is refused when it is given, by name.
 *
 * @param <T> the SDK's interface
 */
public final class DynamoDbStoreBuilder<T> implements ComponentConfigurer<T>, DiagnosticDescription {
  private final String tableName;
  private final String loggerName;
  private final BiFunction<Store, LDLogger, T> maker;
  private final StoreOptions settings;
  private Consumer<StoreOptions> override = options -> {};
  private Consumer<StoreOptions> existing;
  private Consumer<StoreOptions> further = options -> {};

  DynamoDbStoreBuilder(String tableName, String loggerName, StoreOptions settings, BiFunction<Store, LDLogger, T> maker) {
    this.tableName = Objects.requireNonNull(tableName, "tableName");
    this.loggerName = loggerName;
    this.settings = settings;
    this.maker = maker;
  }

  /**
   * Goes before every namespace with a colon, so that environments share a table.
   *
   * @param prefix null or {@code ""} for none
   * @return this builder
   */
  public DynamoDbStoreBuilder<T> prefix(String prefix) {
    settings.prefix(prefix);
    return this;
  }

  /**
   * The AWS region.
   *
   * @param region a region of the AWS SDK
   * @return this builder
   */
  public DynamoDbStoreBuilder<T> region(Region region) {
    settings.region(region == null ? null : region.id());
    return this;
  }

  /**
   * The service's address, for a local engine or a VPC endpoint.
   *
   * @param endpointUri with its scheme
   * @return this builder
   */
  public DynamoDbStoreBuilder<T> endpoint(URI endpointUri) {
    settings.endpoint(endpointUri == null ? null : endpointUri.toString());
    return this;
  }

  /**
   * The AWS credentials: static ones are taken as they are; other providers are asked before calls, and again before what they gave
   * expires.
   *
   * @param credentialsProvider a provider of the AWS SDK; null to search as the AWS SDK does
   * @return this builder
   */
  public DynamoDbStoreBuilder<T> credentials(AwsCredentialsProvider credentialsProvider) {
    AwsClientOptions.credentials(credentialsProvider, settings);
    return this;
  }

  /**
   * Timeouts, retries and the profile of the AWS SDK.
   *
   * @param config what has no counterpart in it is refused by name
   * @return this builder
   * @throws UnsupportedOptionException for what has no counterpart
   */
  public DynamoDbStoreBuilder<T> clientOverrideConfiguration(ClientOverrideConfiguration config) {
    override = AwsClientOptions.ofOverride(config);
    return this;
  }

  /**
   * Region, endpoint, credentials, timeouts and retries of a client of the AWS SDK, which go before those that are set here. The client
   * itself makes no requests, and is not closed. Its HTTP client cannot be looked into: {@link #options} sets a proxy or certificates.
   *
   * @param existingClient null for none
   * @return this builder
   * @throws UnsupportedOptionException for what has no counterpart
   */
  public DynamoDbStoreBuilder<T> existingClient(DynamoDbClient existingClient) {
    existing = existingClient == null ? null : AwsClientOptions.ofClient(existingClient);
    return this;
  }

  /**
   * Everything else, such as {@code options(o -> o.readOnly(true))}. It goes before what other methods set, and adds to what an earlier
   * {@code options} has set. A {@code logHandler} takes the place of the SDK's logger.
   *
   * @param further called when the store is made
   * @return this builder
   */
  public DynamoDbStoreBuilder<T> options(Consumer<StoreOptions> further) {
    this.further = this.further.andThen(Objects.requireNonNull(further, "further"));
    return this;
  }

  /**
   * Makes the store; called by the SDK.
   *
   * @param context gives the logger
   * @return a store that the SDK closes
   * @throws UnsupportedOptionException if a cache is configured, because the SDK caches
   * @throws lddynamostore.exception.ConfigurationException if a setting is wrong; the message names it
   */
  @Override
  public T build(ClientContext context) {
    LDLogger logger = context.getBaseLogger().subLogger(loggerName).subLogger("DynamoDb");
    StoreOptions options = settings.copy().logHandler(handler(logger));
    (existing == null ? override : existing).accept(options);
    further.accept(options);
    try {
      options.withoutCaches();
    } catch (IllegalStateException cache) {
      String instead = "the SDK caches: use the cache settings of Components.persistentDataStore or Components.bigSegments";
      throw new UnsupportedOptionException("options: " + cache.getMessage(), instead);
    }
    return maker.apply(new Store(tableName, options), logger);
  }

  /**
   * The name of this kind of store in the SDK's diagnostic events.
   *
   * @param context not looked at
   * @return {@code "DynamoDB"}
   */
  @Override
  public LDValue describeConfiguration(ClientContext context) {
    return LDValue.of("DynamoDB");
  }

  private static LogHandler handler(LDLogger logger) {
    return (level, message) -> {
      switch (level) {
        case ERROR:
          logger.error(message);
          break;
        case WARN:
          logger.warn(message);
          break;
        case INFO:
          logger.info(message);
          break;
        default:
          logger.debug(message);
          break;
      }
    };
  }
}
