package lddynamostore.exception;

/** The native library could not be used. */
public class LibraryException extends LdDynamoStoreException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   */
  public LibraryException(String message) {
    super(message);
  }
}
