package lddynamostore.exception;

/** Base of every exception that this package throws on purpose. */
public class LdDynamoStoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   */
  public LdDynamoStoreException(String message) {
    super(message);
  }
}
