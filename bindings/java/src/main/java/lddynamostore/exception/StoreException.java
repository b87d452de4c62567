package lddynamostore.exception;

/** A call failed; each cause has a class of its own. */
public class StoreException extends LdDynamoStoreException {
  private static final long serialVersionUID = 1;

  /** The status of the C header. */
  private final int status;

  /** Whether the same call may succeed later. */
  private final boolean retriable;

  /** The error code of AWS, or null. */
  private final String serviceCode;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public StoreException(String message, int status, boolean retriable, String serviceCode) {
    super(message);
    this.status = status;
    this.retriable = retriable;
    this.serviceCode = serviceCode;
  }

  /**
   * The status of the failed call: a number of {@link lddynamostore.Status}, or one that a newer library added.
   *
   * @return always negative
   */
  public int status() {
    return status;
  }

  /**
   * Whether the same call may succeed later without any change.
   *
   * @return true for throttling, time-outs, broken connections and the like
   */
  public boolean retriable() {
    return retriable;
  }

  /**
   * The error code that AWS answered with, such as {@code ResourceNotFoundException}.
   *
   * @return null if AWS gave none
   */
  public String serviceCode() {
    return serviceCode;
  }
}
