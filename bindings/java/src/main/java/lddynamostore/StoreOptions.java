package lddynamostore;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import lddynamostore.internal.JsonText;

/**
 * How a store works: the keys of docs/configuration.md. What is not set, or is null, is the library's default, which stands in
 * parentheses.
 *
 * <p>Times are in milliseconds, and 0 is no limit. Not for several threads at once; a store takes what is set when it is made.
 */
public final class StoreOptions {
  // By the library's own names; what is not set is not there.
  private final Map<String, Object> settings = new LinkedHashMap<>();
  private Credentials credentials;
  private CredentialsProvider credentialsProvider;
  private boolean pushedCredentials;
  private LogHandler logHandler;
  private Path library;

  /** The library's defaults. */
  public StoreOptions() {}

  /**
   * Goes before every namespace with a colon, so that environments share a table ("", none).
   *
   * @param prefix the prefix
   * @return these options
   */
  public StoreOptions prefix(String prefix) {
    return set("prefix", prefix);
  }

  /**
   * The AWS region (environment, profile, instance metadata).
   *
   * @param region such as {@code eu-west-1}
   * @return these options
   */
  public StoreOptions region(String region) {
    return set("region", region);
  }

  /**
   * The service's address, for a local engine or a VPC endpoint (environment, profile, then the region's).
   *
   * @param endpoint a URL
   * @return these options
   */
  public StoreOptions endpoint(String endpoint) {
    return set("endpoint", endpoint);
  }

  /**
   * An AWS profile, which goes before the keys in the environment ({@code AWS_PROFILE}).
   *
   * @param profile its name
   * @return these options
   */
  public StoreOptions profile(String profile) {
    return set("profile", profile);
  }

  /**
   * Static credentials (the AWS chain: environment, profile, web identity, ECS, IMDS). Their time of expiry is not looked at. Of the three
   * methods about credentials, the one called last counts.
   *
   * @param credentials what to sign requests with
   * @return these options
   */
  public StoreOptions credentials(Credentials credentials) {
    this.credentials = credentials;
    this.credentialsProvider = null;
    this.pushedCredentials = false;
    return this;
  }

  /**
   * Credentials that the program finds itself. Region and endpoint are not taken from the provider, and {@code share} is not possible.
   *
   * @param credentialsProvider asked on the calling thread before a call
   * @return these options
   */
  public StoreOptions credentialsProvider(CredentialsProvider credentialsProvider) {
    credentials(null);
    this.credentialsProvider = credentialsProvider;
    return this;
  }

  /**
   * Leaves it to {@link Store#setCredentials} to give credentials.
   *
   * @return these options
   */
  public StoreOptions pushedCredentials() {
    credentials(null);
    this.pushedCredentials = true;
    return this;
  }

  /**
   * Whether reads are strongly consistent, at twice the price of eventual ones (true).
   *
   * @param consistentReads false for eventual ones
   * @return these options
   */
  public StoreOptions consistentReads(boolean consistentReads) {
    return set("consistent_reads", consistentReads);
  }

  /**
   * Whether {@code init}, {@code upsert} and what writes Big Segments are refused before any request (false).
   *
   * @param readOnly true to refuse them
   * @return these options
   */
  public StoreOptions readOnly(boolean readOnly) {
    return set("read_only", readOnly);
  }

  /**
   * For one connection (1000).
   *
   * @param connectTimeoutMs milliseconds
   * @return these options
   */
  public StoreOptions connectTimeoutMs(long connectTimeoutMs) {
    return set("connect_timeout_ms", connectTimeoutMs);
  }

  /**
   * For one HTTP attempt (2000), and one second more for each 500,000 bytes under way.
   *
   * @param attemptTimeoutMs milliseconds
   * @return these options
   */
  public StoreOptions attemptTimeoutMs(long attemptTimeoutMs) {
    return set("attempt_timeout_ms", attemptTimeoutMs);
  }

  /**
   * For a whole call with its retries (5000).
   *
   * @param operationTimeoutMs milliseconds
   * @return these options
   */
  public StoreOptions operationTimeoutMs(long operationTimeoutMs) {
    return set("operation_timeout_ms", operationTimeoutMs);
  }

  /**
   * For a whole {@code init} or patch of Big Segments (300000).
   *
   * @param initTimeoutMs milliseconds
   * @return these options
   */
  public StoreOptions initTimeoutMs(long initTimeoutMs) {
    return set("init_timeout_ms", initTimeoutMs);
  }

  /**
   * HTTP attempts of one request, the first included (3).
   *
   * @param maxAttempts at least 1
   * @return these options
   */
  public StoreOptions maxAttempts(int maxAttempts) {
    return set("max_attempts", maxAttempts);
  }

  /**
   * How the AWS SDK waits between attempts ({@code "standard"}).
   *
   * @param retryMode {@code "standard"} or {@code "adaptive"}
   * @return these options
   */
  public StoreOptions retryMode(String retryMode) {
    return set("retry_mode", retryMode);
  }

  /**
   * How requests reach the table ({@code "auto"}).
   *
   * @param transport {@code "auto"}, or {@code "sdk"} to send all of them through the AWS SDK
   * @return these options
   */
  public StoreOptions transport(String transport) {
    return set("transport", transport);
  }

  /**
   * Batches that {@code init} has under way at once, and idle connections that are kept (16).
   *
   * @param maxConcurrency at least 1
   * @return these options
   */
  public StoreOptions maxConcurrency(int maxConcurrency) {
    return set("max_concurrency", maxConcurrency);
  }

  /**
   * How long a read is answered from memory (15000).
   *
   * @param cacheTtlMs milliseconds; 0 is never, -1 for ever
   * @return these options
   */
  public StoreOptions cacheTtlMs(long cacheTtlMs) {
    return set("cache_ttl_ms", cacheTtlMs);
  }

  /**
   * How long a context's membership in Big Segments is answered from memory (5000); never where {@code cacheTtlMs} is 0.
   *
   * @param contextCacheTtlMs milliseconds; 0 is never
   * @return these options
   */
  public StoreOptions contextCacheTtlMs(long contextCacheTtlMs) {
    return set("context_cache_ttl_ms", contextCacheTtlMs);
  }

  /**
   * How many contexts' memberships are kept (1000).
   *
   * @param contextCacheSize 0 for none
   * @return these options
   */
  public StoreOptions contextCacheSize(int contextCacheSize) {
    return set("context_cache_size", contextCacheSize);
  }

  /**
   * Whether an expired value is served when the table cannot be asked (false).
   *
   * @param staleOnError true to serve it
   * @return these options
   */
  public StoreOptions staleOnError(boolean staleOnError) {
    return set("stale_on_error", staleOnError);
  }

  /**
   * Whether stores of equal configuration use one set of connections and one cache (false).
   *
   * @param share true to share
   * @return these options
   */
  public StoreOptions share(boolean share) {
    return set("share", share);
  }

  /**
   * Root certificates ({@code AWS_CA_BUNDLE}, the profile's, then the system's).
   *
   * @param caBundle a PEM file
   * @return these options
   */
  public StoreOptions caBundle(Path caBundle) {
    return set("ca_bundle", caBundle);
  }

  /**
   * An HTTP proxy (the usual environment variables).
   *
   * @param proxy a URL
   * @return these options
   */
  public StoreOptions proxy(String proxy) {
    return set("proxy", proxy);
  }

  /**
   * The least severe message that is logged ({@code "info"}).
   *
   * @param logLevel {@code "off"}, {@code "error"}, {@code "warn"}, {@code "info"}, {@code "debug"} or {@code "trace"}
   * @return these options
   */
  public StoreOptions logLevel(String logLevel) {
    return set("log_level", logLevel);
  }

  /**
   * Receives the messages (the logger {@code lddynamostore} of {@code java.util.logging}).
   *
   * @param logHandler the handler
   * @return these options
   */
  public StoreOptions logHandler(LogHandler logHandler) {
    this.logHandler = logHandler;
    return this;
  }

  /**
   * The native library's file; see {@link Library#load()}.
   *
   * @param library a path
   * @return these options
   */
  public StoreOptions library(Path library) {
    this.library = library;
    return this;
  }

  private StoreOptions set(String name, Object value) {
    settings.put(name, value);
    settings.values().remove(null);
    return this;
  }

  /**
   * Turns off every cache, for those who cache themselves, as LaunchDarkly's SDKs do.
   *
   * @return these options
   * @throws IllegalStateException if a cache was configured; the message begins with the setting's name
   */
  public StoreOptions withoutCaches() {
    for (String cache : new String[] {"cache_ttl_ms", "context_cache_ttl_ms", "context_cache_size"}) {
      Object value = settings.remove(cache);
      if (value != null && ((Number) value).longValue() != 0) {
        throw new IllegalStateException(cache + " " + value);
      }
    }
    // Memberships are not kept either.
    return cacheTtlMs(0);
  }

  /**
   * The same options again.
   *
   * @return options that may be changed on their own
   */
  public StoreOptions copy() {
    StoreOptions copy = new StoreOptions();
    copy.settings.putAll(settings);
    copy.credentials = credentials;
    copy.credentialsProvider = credentialsProvider;
    copy.pushedCredentials = pushedCredentials;
    copy.logHandler = logHandler;
    copy.library = library;
    return copy;
  }

  /** The configuration in the library's own form. */
  String toJson(String table) {
    JsonText text = new JsonText().string("table", table).json("credentials", credentialsJson());
    settings.forEach(
        (name, value) -> {
          if (value instanceof Number || value instanceof Boolean) {
            text.value(name, value);
          } else {
            text.string(name, value.toString());
          }
        });
    return text.finish();
  }

  private String credentialsJson() {
    if (pushedCredentials || credentialsProvider != null) {
      return "\"pushed\"";
    }
    if (credentials == null) {
      return null;
    }
    return new JsonText()
        .string("access_key_id", credentials.accessKeyId())
        .string("secret_access_key", credentials.secretAccessKey())
        .string("session_token", credentials.sessionToken())
        .finish();
  }

  CredentialsProvider credentialsProvider() {
    return credentialsProvider;
  }

  LogHandler logHandler() {
    return logHandler;
  }

  Path library() {
    return library;
  }
}
