package lddynamostore;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import lddynamostore.internal.Members;
import lddynamostore.internal.NativeStore;

/**
 * What a store counted since it was made, or with {@code share} all stores that share. Immutable. A field that the library does not have is
 * 0.
 */
public final class Stats {
  private final String text;
  private final Map<String, String> fields;

  private Stats(String text, Map<String, String> fields) {
    this.text = text;
    this.fields = fields;
  }

  /** Reads a JSON object, of which the fields may be objects themselves. */
  static Stats read(NativeStore store, byte[] text) {
    Map<String, String> fields = new HashMap<>();
    Members members = store.members(text);
    while (members.next()) {
      if (members.value().startsWith("{")) {
        Members inner = store.members(members.value().getBytes(StandardCharsets.UTF_8));
        while (inner.next()) {
          fields.put(members.name() + "." + inner.name(), inner.value());
        }
      } else {
        fields.put(members.name(), members.value());
      }
    }
    return new Stats(new String(text, StandardCharsets.UTF_8), fields);
  }

  /**
   * Everything that was counted, also what this class has no method for.
   *
   * @return a JSON object
   */
  public String text() {
    return text;
  }

  /**
   * Calls answered from the cache.
   *
   * @return a count
   */
  public long hits() {
    return (long) number("hits");
  }

  /**
   * Calls that were not, while there is a cache.
   *
   * @return a count
   */
  public long misses() {
    return (long) number("misses");
  }

  /**
   * Misses whose read failed, and that were served what was known before.
   *
   * @return a count
   */
  public long staleHits() {
    return (long) number("stale_hits");
  }

  /**
   * Misses served the answer to another caller's request.
   *
   * @return a count
   */
  public long joinedCalls() {
    return (long) number("joined_calls");
  }

  /**
   * HTTP requests to DynamoDB, retries included.
   *
   * @return a count
   */
  public long requests() {
    return (long) number("requests");
  }

  /**
   * Those of them that the calling thread sent itself, past the AWS SDK.
   *
   * @return a count
   */
  public long directRequests() {
    return (long) number("direct_requests");
  }

  /**
   * Requests that repeat one that failed.
   *
   * @return a count
   */
  public long retries() {
    return (long) number("retries");
  }

  /**
   * Answers that said that the table or the account is asked too much.
   *
   * @return a count
   */
  public long throttles() {
    return (long) number("throttles");
  }

  /**
   * Rows of batches that DynamoDB left undone, each time; they are sent again.
   *
   * @return a count
   */
  public long unprocessedRows() {
    return (long) number("unprocessed_rows");
  }

  /**
   * A number of the process that counted this.
   *
   * @return a number
   */
  public long generation() {
    return (long) number("generation");
  }

  /**
   * Rows that the last {@code init} that succeeded has written.
   *
   * @return a count
   */
  public long writtenByLastInit() {
    return (long) number("last_init.written");
  }

  /**
   * Rows that it found as they should be.
   *
   * @return a count
   */
  public long unchangedByLastInit() {
    return (long) number("last_init.unchanged");
  }

  /**
   * Rows that it has deleted.
   *
   * @return a count
   */
  public long deletedByLastInit() {
    return (long) number("last_init.deleted");
  }

  /**
   * Items that it left out for their size.
   *
   * @return a count
   */
  public long droppedByLastInit() {
    return (long) number("last_init.dropped");
  }

  /**
   * Read units that DynamoDB bills, halves included.
   *
   * @return units
   */
  public double consumedReadUnits() {
    return number("consumed_read_units");
  }

  /**
   * Write units that DynamoDB bills.
   *
   * @return units
   */
  public double consumedWriteUnits() {
    return number("consumed_write_units");
  }

  private double number(String field) {
    String value = fields.get(field);
    return value == null || value.equals("null") ? 0 : Double.parseDouble(value);
  }

  @Override
  public String toString() {
    return text;
  }
}
