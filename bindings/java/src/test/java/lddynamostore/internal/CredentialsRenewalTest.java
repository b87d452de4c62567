package lddynamostore.internal;

import static org.junit.Assert.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import lddynamostore.Credentials;
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

  @Test
  public void theLibraryIsToldTheMillisecond() {
    Credentials lasting = new Credentials("a", "b");
    Credentials expiring = new Credentials("a", "b", "t", Instant.ofEpochMilli(4_102_444_800_123L));
    assertEquals("{\"access_key_id\":\"a\",\"secret_access_key\":\"b\"}", told(lasting));
    assertEquals(
        "{\"access_key_id\":\"a\",\"secret_access_key\":\"b\",\"session_token\":\"t\",\"expires_ms\":4102444800123}", told(expiring));
  }

  /** Without the NUL character at its end. */
  private static String told(Credentials credentials) {
    return new String(CredentialsRenewal.toJson(credentials), StandardCharsets.UTF_8).replace("\0", "");
  }
}
