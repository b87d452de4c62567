package lddynamostore.exception;

/** An argument is not UTF-8; the message has its name and the offset of the first wrong byte. */
public class InvalidUtf8Exception extends InvalidArgumentException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public InvalidUtf8Exception(String message, int status, boolean retriable, String serviceCode) {
    super(message, status, retriable, serviceCode);
  }
}
