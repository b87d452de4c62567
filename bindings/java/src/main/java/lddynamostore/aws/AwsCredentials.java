package lddynamostore.aws;

import java.util.Objects;
import java.util.concurrent.ExecutionException;
import lddynamostore.Credentials;
import lddynamostore.CredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;

/** Credentials of the AWS SDK for Java 2. */
public final class AwsCredentials {
  private AwsCredentials() {}

  /**
   * A provider of the AWS SDK as one of this package's, for {@link lddynamostore.StoreOptions#credentialsProvider}. It is asked on the
   * thread that makes a call, and not closed.
   *
   * @param provider such as an {@code AwsCredentialsProvider}
   * @return what asks it
   */
  public static CredentialsProvider from(IdentityProvider<? extends AwsCredentialsIdentity> provider) {
    Objects.requireNonNull(provider, "provider");
    return () -> resolve(provider);
  }

  private static Credentials resolve(IdentityProvider<? extends AwsCredentialsIdentity> provider) throws Exception {
    try {
      return of(provider.resolveIdentity().get());
    } catch (ExecutionException failure) {
      // Whoever reads the message wants to know what the provider said.
      Throwable cause = failure.getCause();
      throw cause instanceof Exception ? (Exception) cause : failure;
    }
  }

  /**
   * Credentials of the AWS SDK as this package's.
   *
   * @param found what a provider has found
   * @return the same credentials
   * @throws IllegalStateException if they have no keys, as anonymous ones
   */
  public static Credentials of(AwsCredentialsIdentity found) {
    if (found.accessKeyId() == null || found.secretAccessKey() == null) {
      throw new IllegalStateException("the AWS SDK's credentials have no keys, as anonymous ones");
    }
    String token =
        found instanceof AwsSessionCredentialsIdentity ? ((AwsSessionCredentialsIdentity) found).sessionToken() : null;
    return new Credentials(found.accessKeyId(), found.secretAccessKey(), token, found.expirationTime().orElse(null));
  }
}
