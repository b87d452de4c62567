package lddynamostore.launchdarkly;

import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.Test;

public class RepeatedFailuresTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @Test
  public void eachIsDueOnceAMinute() {
    RepeatedFailures failures = new RepeatedFailures();
    assertTrue(failures.isDue("one", 0));
    assertFalse(failures.isDue("one", 59 * SECOND));
    assertTrue(failures.isDue("another", 59 * SECOND));
    assertTrue(failures.isDue("one", 60 * SECOND));
    assertFalse(failures.isDue("one", 61 * SECOND));
  }

  /** Each row of a table may be damaged, each in its own way. */
  @Test
  public void aThousandAreRemembered() {
    RepeatedFailures failures = new RepeatedFailures();
    for (int failure = 0; failure < 1000; failure++) {
      assertTrue(failures.isDue("failure " + failure, 0));
    }
    assertFalse(failures.isDue("failure 0", 0));
    assertTrue(failures.isDue("one more", 0));
    assertTrue("they are forgotten", failures.isDue("failure 0", 0));
  }
}
