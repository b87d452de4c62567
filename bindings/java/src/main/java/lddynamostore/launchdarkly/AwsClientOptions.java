package lddynamostore.launchdarkly;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import lddynamostore.StoreOptions;
import lddynamostore.aws.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.retries.AdaptiveRetryStrategy;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.retries.LegacyRetryStrategy;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;

/**
 * Translates what LaunchDarkly's own builder takes of the AWS SDK. An option without a counterpart is an error that names it, never a
 * silent difference. Loaded only where the program uses the AWS SDK.
 */
final class AwsClientOptions {
  // The library's own defaults.
  private static final long ATTEMPT_TIMEOUT_MS = 2000;
  private static final long OPERATION_TIMEOUT_MS = 5000;
  private static final int ATTEMPTS = 3;

  /** What a client of the AWS SDK does where nobody has set anything. */
  private static final int ATTEMPTS_OF_A_CLIENT = 9;

  private static final String OVERRIDE = "clientOverrideConfiguration";
  private static final String CLIENT = "existingClient";
  private static final String LEAVE_OUT = "leave it out: this store has no counterpart";
  private static final String OWN_NAME = "leave it out: the library names itself";

  private AwsClientOptions() {}

  /** Takes a provider's credentials. Of the very type that the builder has: to convert it there would load the AWS SDK. */
  static void credentials(AwsCredentialsProvider provider, StoreOptions settings) {
    identity(provider, settings);
  }

  private static void identity(IdentityProvider<? extends AwsCredentialsIdentity> provider, StoreOptions settings) {
    if (provider == null) {
      settings.credentials(null);
    } else if (provider instanceof StaticCredentialsProvider) {
      settings.credentials(AwsCredentials.of(((StaticCredentialsProvider) provider).resolveCredentials()));
    } else {
      settings.credentialsProvider(AwsCredentials.from(provider));
    }
  }

  /** Takes what a user has set, which is looked at now. */
  static Consumer<StoreOptions> ofOverride(ClientOverrideConfiguration config) {
    Objects.requireNonNull(config, "config");
    requireTranslatable(config, OVERRIDE);
    refuse(config.defaultProfileFile().isPresent(), OVERRIDE + ".defaultProfileFile", "set AWS_CONFIG_FILE, or give credentials");
    refuse(
        config.retryMode().filter(mode -> mode == RetryMode.LEGACY).isPresent(),
        OVERRIDE + ".retryMode LEGACY",
        "use RetryMode.STANDARD or RetryMode.ADAPTIVE_V2");
    Optional<String> ofStrategy = config.retryStrategy().map(strategy -> name(strategy, OVERRIDE));
    String mode = ofStrategy.orElseGet(() -> config.retryMode().map(AwsClientOptions::name).orElse(null));
    OptionalInt attempts = attempts(config);
    return settings -> {
      settings.profile(config.defaultProfileName().orElse(null));
      settings.retryMode(mode);
      setTimes(config, attempts, settings);
    };
  }

  /** Takes what a client was made with; the client is looked at now, and its credentials are asked for later. */
  static Consumer<StoreOptions> ofClient(DynamoDbClient client) {
    DynamoDbServiceClientConfiguration made = client.serviceClientConfiguration();
    ClientOverrideConfiguration config = made.overrideConfiguration();
    requireTranslatable(config, CLIENT);
    refuse(
        made.endpointProvider().filter(provider -> !isOfTheSdk(provider)).isPresent(),
        CLIENT + ".endpointProvider",
        "give the address as endpoint");
    String mode = config.retryStrategy().map(strategy -> name(strategy, CLIENT)).orElse(null);
    OptionalInt attempts = attempts(config);
    return settings -> {
      settings.region(made.region() == null ? null : made.region().id());
      settings.endpoint(made.endpointOverride().map(Object::toString).orElse(null));
      settings.profile(null);
      identity(made.credentialsProvider(), settings);
      settings.retryMode(mode);
      setTimes(config, isDefault(config, attempts) ? OptionalInt.empty() : attempts, settings);
    };
  }

  private static boolean isDefault(ClientOverrideConfiguration config, OptionalInt attempts) {
    return config.retryStrategy().filter(LegacyRetryStrategy.class::isInstance).isPresent()
        && attempts.orElse(0) == ATTEMPTS_OF_A_CLIENT;
  }

  private static void requireTranslatable(ClientOverrideConfiguration config, String of) {
    refuse(!config.headers().isEmpty(), of + ".headers", LEAVE_OUT);
    boolean hasInterceptors = config.executionInterceptors().stream().anyMatch(each -> !isOfTheSdk(each));
    refuse(hasInterceptors, of + ".executionInterceptors", LEAVE_OUT);
    refuse(!config.metricPublishers().isEmpty(), of + ".metricPublishers", LEAVE_OUT);
    refuse(!config.executionAttributes().getAttributes().isEmpty(), of + ".executionAttributes", LEAVE_OUT);
    refuse(isSet(config, SdkAdvancedClientOption.USER_AGENT_PREFIX), of + ".USER_AGENT_PREFIX", OWN_NAME);
    refuse(isSet(config, SdkAdvancedClientOption.USER_AGENT_SUFFIX), of + ".USER_AGENT_SUFFIX", OWN_NAME);
    refuse(config.appId().isPresent(), of + ".appId", OWN_NAME);
    refuse(hasSigner(config), of + ".SIGNER", "leave it out: requests are signed with Signature Version 4");
  }

  @SuppressWarnings("deprecation")
  private static boolean hasSigner(ClientOverrideConfiguration config) {
    return config.advancedOption(SdkAdvancedClientOption.SIGNER).isPresent();
  }

  private static boolean isSet(ClientOverrideConfiguration config, SdkAdvancedClientOption<String> option) {
    return config.advancedOption(option).filter(value -> !value.isEmpty()).isPresent();
  }

  // A client has several interceptors of the AWS SDK's own.
  private static boolean isOfTheSdk(Object part) {
    return part.getClass().getName().startsWith("software.amazon.awssdk.");
  }

  private static void refuse(boolean isGiven, String option, String instead) {
    if (isGiven) {
      throw new UnsupportedOptionException(option, instead);
    }
  }

  private static String name(RetryMode mode) {
    return mode == RetryMode.STANDARD ? "standard" : "adaptive";
  }

  // The legacy strategy is what the AWS SDK takes where nobody chooses one.
  private static String name(RetryStrategy strategy, String of) {
    if (strategy instanceof AdaptiveRetryStrategy) {
      return "adaptive";
    }
    boolean isKnown = strategy instanceof StandardRetryStrategy || strategy instanceof LegacyRetryStrategy;
    refuse(!isKnown, of + ".retryStrategy " + strategy.getClass().getName(), "use a strategy of the AWS SDK");
    return "standard";
  }

  @SuppressWarnings("deprecation")
  private static OptionalInt attempts(ClientOverrideConfiguration config) {
    Optional<Integer> attempts = config.retryStrategy().map(RetryStrategy::maxAttempts);
    if (!attempts.isPresent()) {
      attempts = config.retryPolicy().map(policy -> policy.numRetries() + 1);
    }
    if (!attempts.isPresent()) {
      attempts =
          config
              .retryStrategyConfigurator()
              .map(
                  configurator -> {
                    StandardRetryStrategy.Builder builder = DefaultRetryStrategy.standardStrategyBuilder();
                    configurator.accept(builder);
                    return builder.build().maxAttempts();
                  });
    }
    return attempts.map(OptionalInt::of).orElseGet(OptionalInt::empty);
  }

  // An attempt, and a whole call, may last as long as the AWS SDK's would.
  private static void setTimes(ClientOverrideConfiguration config, OptionalInt attempts, StoreOptions settings) {
    Optional<Long> attemptTimeoutMs = config.apiCallAttemptTimeout().map(AwsClientOptions::milliseconds);
    Optional<Long> callTimeoutMs = config.apiCallTimeout().map(AwsClientOptions::milliseconds);
    long neededMs = attemptTimeoutMs.orElse(ATTEMPT_TIMEOUT_MS) * attempts.orElse(ATTEMPTS);
    if (callTimeoutMs.isPresent()) {
      settings.operationTimeoutMs(callTimeoutMs.get());
    } else if ((attemptTimeoutMs.isPresent() || attempts.isPresent()) && neededMs > OPERATION_TIMEOUT_MS) {
      settings.operationTimeoutMs(neededMs);
    }
    attemptTimeoutMs.ifPresent(settings::attemptTimeoutMs);
    attempts.ifPresent(settings::maxAttempts);
  }

  // 0 would mean no timeout at all.
  private static long milliseconds(Duration duration) {
    return Math.max(1, duration.toMillis());
  }
}
