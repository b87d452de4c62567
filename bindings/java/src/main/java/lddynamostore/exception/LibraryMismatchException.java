package lddynamostore.exception;

/** The file is not this library, or its ABI version does not fit this package. */
public class LibraryMismatchException extends LibraryException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   */
  public LibraryMismatchException(String message) {
    super(message);
  }
}
