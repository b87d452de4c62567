package lddynamostore.launchdarkly;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Failures that come again with every call, and are worth a line a minute. */
final class RepeatedFailures {
  private static final long SILENCE_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int MOST_REMEMBERED = 1000;

  private final Map<String, Long> logged = new HashMap<>();

  /** Whether to log the failure now; if so, it is not due again for a minute. */
  boolean isDue(String failure) {
    return isDue(failure, System.nanoTime());
  }

  synchronized boolean isDue(String failure, long now) {
    Long before = logged.get(failure);
    if (before != null && now - before < SILENCE_NANOS) {
      return false;
    }
    if (logged.size() >= MOST_REMEMBERED) {
      logged.clear();
    }
    logged.put(failure, now);
    return true;
  }
}
