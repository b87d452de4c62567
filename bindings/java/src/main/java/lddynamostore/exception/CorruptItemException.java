package lddynamostore.exception;

/** The row's {@code item} is not a string with a JSON object, or the caller's parser does not take it. */
public class CorruptItemException extends StoreException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public CorruptItemException(String message, int status, boolean retriable, String serviceCode) {
    super(message, status, retriable, serviceCode);
  }
}
