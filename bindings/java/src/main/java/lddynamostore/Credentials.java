package lddynamostore;

import java.time.Instant;
import java.util.Objects;

/** AWS credentials, and when they expire. Immutable; {@link #toString} shows no secret. */
public final class Credentials {
  private final String accessKeyId;
  private final String secretAccessKey;
  private final String sessionToken;
  private final Instant expiresAt;

  /**
   * Credentials that last for ever.
   *
   * @param accessKeyId the access key id
   * @param secretAccessKey the secret access key
   */
  public Credentials(String accessKeyId, String secretAccessKey) {
    this(accessKeyId, secretAccessKey, null, null);
  }

  /**
   * Temporary credentials.
   *
   * @param accessKeyId the access key id
   * @param secretAccessKey the secret access key
   * @param sessionToken the token of temporary credentials, or null
   * @param expiresAt when they expire, or null where nobody knows or never
   */
  public Credentials(String accessKeyId, String secretAccessKey, String sessionToken, Instant expiresAt) {
    this.accessKeyId = Objects.requireNonNull(accessKeyId, "accessKeyId");
    this.secretAccessKey = Objects.requireNonNull(secretAccessKey, "secretAccessKey");
    this.sessionToken = sessionToken;
    this.expiresAt = expiresAt;
  }

  /**
   * The access key id.
   *
   * @return never null
   */
  public String accessKeyId() {
    return accessKeyId;
  }

  /**
   * The secret access key.
   *
   * @return never null
   */
  public String secretAccessKey() {
    return secretAccessKey;
  }

  /**
   * The token of temporary credentials.
   *
   * @return null where there is none
   */
  public String sessionToken() {
    return sessionToken;
  }

  /**
   * When they expire.
   *
   * @return null where nobody knows or never
   */
  public Instant expiresAt() {
    return expiresAt;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Credentials)) {
      return false;
    }
    Credentials that = (Credentials) other;
    return accessKeyId.equals(that.accessKeyId)
        && secretAccessKey.equals(that.secretAccessKey)
        && Objects.equals(sessionToken, that.sessionToken)
        && Objects.equals(expiresAt, that.expiresAt);
  }

  @Override
  public int hashCode() {
    return Objects.hash(accessKeyId, secretAccessKey, sessionToken, expiresAt);
  }

  @Override
  public String toString() {
    return "Credentials{accessKeyId=" + accessKeyId + "}";
  }
}
