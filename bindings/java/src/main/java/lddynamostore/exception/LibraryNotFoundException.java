package lddynamostore.exception;

/** No native library where it was looked for, or none that loads; the message lists the places. */
public class LibraryNotFoundException extends LibraryException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   */
  public LibraryNotFoundException(String message) {
    super(message);
  }
}
