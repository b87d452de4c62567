package lddynamostore.internal;

import static org.junit.Assert.assertEquals;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.Test;

public class CredentialsRenewalTest {
  private static long inSeconds(long seconds) {
    long waitedMs = CredentialsRenewal.untilNextLookMs(Instant.now().plusSeconds(seconds));
    return Math.round(waitedMs / 1000.0);
  }

  @Test
  public void aProviderIsAskedFromFiveMinutesBeforeTheEndAndEveryFifteen() {
    assertEquals(TimeUnit.MINUTES.toSeconds(3), inSeconds(TimeUnit.MINUTES.toSeconds(8)));
    assertEquals(TimeUnit.MINUTES.toSeconds(15), inSeconds(TimeUnit.HOURS.toSeconds(6)));
    assertEquals(TimeUnit.MINUTES.toMillis(15), CredentialsRenewal.untilNextLookMs(null));
    assertEquals(1, inSeconds(60));
    assertEquals(1, inSeconds(-60));
  }
}
