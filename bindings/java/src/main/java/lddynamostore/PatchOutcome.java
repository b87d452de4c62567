package lddynamostore;

/** What became of a patch of Big Segments that did not fail. */
public enum PatchOutcome {
  /** All of it is stored, and the table's cursor is the patch's {@code version}. */
  APPLIED,
  /** The table's cursor is not the patch's {@code previousVersion}; a patch of one transaction has changed nothing. */
  OUT_OF_ORDER
}
