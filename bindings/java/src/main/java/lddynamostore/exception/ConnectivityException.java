package lddynamostore.exception;

/** The table could not be asked. */
public class ConnectivityException extends StoreException {
  private static final long serialVersionUID = 1;

  /**
   * Describes the failure.
   *
   * @param message what is wrong and what to do, in one line
   * @param status the status of the C header, negative
   * @param retriable whether the same call may succeed later
   * @param serviceCode AWS's error code, or null
   */
  public ConnectivityException(String message, int status, boolean retriable, String serviceCode) {
    super(message, status, retriable, serviceCode);
  }
}
