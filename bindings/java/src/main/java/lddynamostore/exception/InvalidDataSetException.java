package lddynamostore.exception;

/** A data set of the wrong shape: not an object of objects, a key twice, {@code features} beside {@code flags}. */
public class InvalidDataSetException extends InvalidArgumentException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public InvalidDataSetException(String message, int status, boolean retriable, String serviceCode) {
    super(message, status, retriable, serviceCode);
  }
}
