package lddynamostore.internal;

import java.nio.charset.StandardCharsets;
import lddynamostore.exception.StoreException;

/** What a native call came to. Texts are UTF-8, and null where there is none. */
public final class Answer {
  /** The status of the C header. */
  public final int status;

  /** The text that the call gives. */
  public final byte[] result;

  /** The messages it logged, as {@link LogDelivery} takes them. */
  final byte[] logs;

  private final boolean retriable;
  private final byte[] message;
  private final byte[] serviceCode;

  Answer(int status, boolean retriable, byte[] result, byte[] message, byte[] serviceCode, byte[] logs) {
    this.status = status;
    this.retriable = retriable;
    this.result = result;
    this.message = message;
    this.serviceCode = serviceCode;
    this.logs = logs;
  }

  /** The result as text; null where there is none. */
  public String text() {
    return decoded(result);
  }

  /** This answer, unless it is a failure. */
  public Answer orThrow() {
    if (status < 0) {
      throw failure();
    }
    return this;
  }

  private StoreException failure() {
    String said = message == null ? "the native library failed with status " + status : decoded(message);
    return Failures.of(status, said, retriable, decoded(serviceCode));
  }

  private static String decoded(byte[] text) {
    return text == null ? null : new String(text, StandardCharsets.UTF_8);
  }
}
