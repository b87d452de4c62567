package lddynamostore.exception;

/** A call on a store after {@code close}. */
public class StoreClosedException extends LdDynamoStoreException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   */
  public StoreClosedException(String message) {
    super(message);
  }
}
