package lddynamostore;

import java.util.Optional;

/** What became of an upsert. Immutable. */
public final class UpsertResult {
  private final UpsertOutcome outcome;
  private final String stored;

  UpsertResult(UpsertOutcome outcome, String stored) {
    this.outcome = outcome;
    this.stored = stored;
  }

  /**
   * What became of it.
   *
   * @return one of three
   */
  public UpsertOutcome outcome() {
    return outcome;
  }

  /**
   * Whether the item is stored now.
   *
   * @return true for {@link UpsertOutcome#UPDATED}
   */
  public boolean isUpdated() {
    return outcome == UpsertOutcome.UPDATED;
  }

  /**
   * The JSON text of the item that won. A deleted item is a tombstone.
   *
   * @return present for {@link UpsertOutcome#NOT_NEWER} only
   */
  public Optional<String> stored() {
    return Optional.ofNullable(stored);
  }

  @Override
  public String toString() {
    return "UpsertResult{" + outcome + "}";
  }
}
