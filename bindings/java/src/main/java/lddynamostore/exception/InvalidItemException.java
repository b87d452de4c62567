package lddynamostore.exception;

/** An item is not an object, or has no integer {@code version} from 0 to 2<sup>63</sup>-1. */
public class InvalidItemException extends InvalidArgumentException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public InvalidItemException(String message, int status, boolean retriable, String serviceCode) {
    super(message, status, retriable, serviceCode);
  }
}
