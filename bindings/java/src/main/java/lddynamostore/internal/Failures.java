package lddynamostore.internal;

import lddynamostore.Status;
import lddynamostore.exception.AccessDeniedException;
import lddynamostore.exception.ConfigurationException;
import lddynamostore.exception.ConnectivityException;
import lddynamostore.exception.CorruptItemException;
import lddynamostore.exception.InternalException;
import lddynamostore.exception.InvalidArgumentException;
import lddynamostore.exception.InvalidBigSegmentsException;
import lddynamostore.exception.InvalidDataSetException;
import lddynamostore.exception.InvalidItemException;
import lddynamostore.exception.InvalidJsonException;
import lddynamostore.exception.InvalidKeyException;
import lddynamostore.exception.InvalidKindException;
import lddynamostore.exception.InvalidResponseException;
import lddynamostore.exception.InvalidUtf8Exception;
import lddynamostore.exception.NoCredentialsException;
import lddynamostore.exception.NoRegionException;
import lddynamostore.exception.PanicException;
import lddynamostore.exception.ReadOnlyException;
import lddynamostore.exception.ServiceException;
import lddynamostore.exception.StoreException;
import lddynamostore.exception.TableMismatchException;
import lddynamostore.exception.TableNotFoundException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.exception.TimedOutException;
import lddynamostore.exception.UnreachableException;
import lddynamostore.exception.UnsupportedCredentialsException;

/** The exception of each status. */
public final class Failures {
  private Failures() {}

  /** The exception of a failure, also of one that this package does not know yet. */
  public static StoreException of(int status, String message, boolean retriable, String code) {
    switch (status) {
      case Status.INVALID_UTF8:
        return new InvalidUtf8Exception(message, status, retriable, code);
      case Status.INVALID_JSON:
        return new InvalidJsonException(message, status, retriable, code);
      case Status.INVALID_ITEM:
        return new InvalidItemException(message, status, retriable, code);
      case Status.INVALID_KIND:
        return new InvalidKindException(message, status, retriable, code);
      case Status.INVALID_KEY:
        return new InvalidKeyException(message, status, retriable, code);
      case Status.INVALID_DATA_SET:
        return new InvalidDataSetException(message, status, retriable, code);
      case Status.INVALID_BIG_SEGMENTS:
        return new InvalidBigSegmentsException(message, status, retriable, code);
      case Status.UNSUPPORTED_CREDENTIALS:
        return new UnsupportedCredentialsException(message, status, retriable, code);
      case Status.NO_REGION:
        return new NoRegionException(message, status, retriable, code);
      case Status.TABLE_NOT_FOUND:
        return new TableNotFoundException(message, status, retriable, code);
      case Status.TABLE_MISMATCH:
        return new TableMismatchException(message, status, retriable, code);
      case Status.ACCESS_DENIED:
        return new AccessDeniedException(message, status, retriable, code);
      case Status.NO_CREDENTIALS:
        return new NoCredentialsException(message, status, retriable, code);
      case Status.TIMED_OUT:
        return new TimedOutException(message, status, retriable, code);
      case Status.UNREACHABLE:
        return new UnreachableException(message, status, retriable, code);
      case Status.INVALID_RESPONSE:
        return new InvalidResponseException(message, status, retriable, code);
      case Status.PANIC:
        return new PanicException(message, status, retriable, code);
      default:
        return ofGroup(status, message, retriable, code);
    }
  }

  /** The exception for an argument that cannot even be handed to the library. */
  static StoreException refused(int status, String message) {
    return of(status, message, false, null);
  }

  // Statuses are grouped by hundred, so a status that a newer library added still gets the class of its cause.
  private static StoreException ofGroup(int status, String message, boolean retriable, String code) {
    switch (status / -100) {
      case 0:
        return new InvalidArgumentException(message, status, retriable, code);
      case 1:
        return new ConfigurationException(message, status, retriable, code);
      case 2:
        return new ServiceException(message, status, retriable, code);
      case 3:
        return new ThrottledException(message, status, retriable, code);
      case 4:
        return new ConnectivityException(message, status, retriable, code);
      case 5:
        return new CorruptItemException(message, status, retriable, code);
      case 6:
        return new ReadOnlyException(message, status, retriable, code);
      case 9:
        return new InternalException(message, status, retriable, code);
      default:
        return new StoreException(message, status, retriable, code);
    }
  }
}
