package lddynamostore;

/** How severe a log message is. */
public enum LogLevel {
  /** Something was lost or is wrong with the data. */
  ERROR(1),
  /** Something may be wrong. */
  WARN(2),
  /** An init was done. */
  INFO(3),
  /** Attempts, retries and time-outs of requests, and where region and credentials come from. */
  DEBUG(4),
  /** The steps within an attempt. */
  TRACE(5);

  private final int number;

  LogLevel(int number) {
    this.number = number;
  }

  /**
   * The number in the C header.
   *
   * @return 1 for the most severe
   */
  public int number() {
    return number;
  }

  /**
   * The level of a number, also of one that a newer library added.
   *
   * @param number a number as in the C header
   * @return {@link #TRACE} for what is not known
   */
  public static LogLevel of(int number) {
    for (LogLevel level : values()) {
      if (level.number == number) {
        return level;
      }
    }
    return TRACE;
  }
}
