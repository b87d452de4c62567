package lddynamostore;

/**
 * Finds AWS credentials. {@code lddynamostore.aws.AwsCredentials} makes one of a provider of the AWS SDK.
 */
@FunctionalInterface
public interface CredentialsProvider {
  /**
   * Finds the credentials to sign with now.
   *
   * <p>Asked on a thread that makes a call, before the call: the first time; from five minutes before they expire, at most once a second;
   * and every fifteen minutes. One thread at a time asks; others go on with what is known. It must not call the store that asks.
   *
   * @return never null
   * @throws Exception if there are none: at the first time the call fails with it, later it is logged, and what is known is used until it
   *     expires
   */
  Credentials resolve() throws Exception;
}
