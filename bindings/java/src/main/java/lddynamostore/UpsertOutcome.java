package lddynamostore;

/** What became of an upsert that did not fail. */
public enum UpsertOutcome {
  /** The item is stored. */
  UPDATED,
  /** The stored item has the same or a higher version and stays. */
  NOT_NEWER,
  /** The item is over DynamoDB's size limit; the stored item stays, and an error was logged. */
  TOO_LARGE
}
