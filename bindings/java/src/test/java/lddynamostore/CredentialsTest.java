package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import lddynamostore.aws.AwsCredentials;
import lddynamostore.exception.ConfigurationException;
import lddynamostore.exception.InvalidJsonException;
import lddynamostore.exception.NoCredentialsException;
import lddynamostore.internal.Stub;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

public class CredentialsTest {
  private static Engine engine;
  private static String table;

  @BeforeClass
  public static void start() {
    engine = Engine.fake();
    table = engine.newTable();
  }

  @AfterClass
  public static void stop() {
    engine.close();
  }

  private static String signer() {
    return engine.control("headers/last", null).getAsJsonObject().get("access_key_id").getAsString();
  }

  private static Store stub(CredentialsProvider provider, List<String> log) {
    StoreOptions options = new StoreOptions().library(Stub.path()).credentialsProvider(provider);
    return new Store("table", options.logHandler((level, message) -> log.add(level + " " + message)));
  }

  @Test
  public void staticOnes() {
    try (Store store = new Store(table, engine.options().credentials(new Credentials("first", "s", "token", null)))) {
      store.get("features", "a");
      assertEquals("first", signer());
    }
    String given = new StoreOptions().credentials(new Credentials("k", "s", "t", null)).toJson("table");
    assertEquals(
        "{\"table\":\"table\",\"credentials\":{\"access_key_id\":\"k\",\"secret_access_key\":\"s\",\"session_token\":\"t\"}}", given);
  }

  @Test
  public void pushedOnes() {
    try (Store store = new Store(table, engine.options().pushedCredentials())) {
      assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      store.setCredentials(new Credentials("second", "secret"));
      store.get("features", "a");
      assertEquals("second", signer());
      store.setCredentials("{\"access_key_id\":\"third\",\"secret_access_key\":\"secret\"}");
      store.get("features", "a");
      assertEquals("third", signer());
      Instant past = Instant.now().minusSeconds(1);
      store.setCredentials(new Credentials("fourth", "secret", null, past));
      NoCredentialsException expired = assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertTrue(expired.retriable());
      assertThrows(InvalidJsonException.class, () -> store.setCredentials("no JSON"));
      assertThrows(ConfigurationException.class, () -> store.setCredentials("{\"access_key_id\":\"a\"}"));
    }
    try (Store store = engine.store(table)) {
      assertThrows(ConfigurationException.class, () -> store.setCredentials(new Credentials("a", "b")));
    }
  }

  @Test
  public void aProviderIsAskedBeforeTheFirstCall() {
    AtomicInteger asked = new AtomicInteger();
    Thread[] thread = new Thread[1];
    CredentialsProvider provider =
        () -> {
          asked.incrementAndGet();
          thread[0] = Thread.currentThread();
          return new Credentials("found", "secret");
        };
    try (Store store = new Store(table, engine.options().credentialsProvider(provider))) {
      assertEquals(0, asked.get());
      for (int call = 0; call < 3; call++) {
        store.get("features", "a");
      }
      assertEquals("found", signer());
      assertEquals(1, asked.get());
      assertSame(Thread.currentThread(), thread[0]);
      store.stats();
      assertEquals(1, asked.get());
    }
  }

  @Test
  public void whatExpiresIsAskedForAgainBefore() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    List<String> log = new ArrayList<>();
    CredentialsProvider provider =
        () -> new Credentials("key-" + asked.incrementAndGet(), "s", "t", Instant.now().plus(Duration.ofMinutes(4)));
    int before = Stub.count("stub_pushes");
    try (Store store = stub(provider, log)) {
      store.get("features", "a");
      store.get("features", "a");
      assertEquals("at most once a second", 1, asked.get());
      Thread.sleep(1100);
      store.get("features", "a");
      assertEquals(2, asked.get());
      assertEquals(before + 2, Stub.count("stub_pushes"));
      String expected = "{\"access_key_id\":\"key-2\",\"secret_access_key\":\"s\",\"session_token\":\"t\",\"expires_ms\":";
      assertTrue(Stub.text("stub_last_credentials").startsWith(expected));
    }
    asked.set(0);
    CredentialsProvider lasting =
        () -> new Credentials("key-" + asked.incrementAndGet(), "s", null, Instant.now().plus(Duration.ofHours(1)));
    try (Store store = stub(lasting, log)) {
      store.get("features", "a");
      Thread.sleep(1100);
      store.get("features", "a");
      assertEquals(1, asked.get());
    }
  }

  @Test
  public void aProviderThatFails() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    List<String> log = new ArrayList<>();
    CredentialsProvider provider =
        () -> {
          if (asked.incrementAndGet() != 2) {
            throw new IllegalStateException("no\nluck");
          }
          return new Credentials("key", "secret-value", null, Instant.now().plusSeconds(60));
        };
    try (Store store = stub(provider, log)) {
      NoCredentialsException first = assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertEquals(
          "no AWS credentials came from the credentials provider: IllegalStateException: no luck", first.getMessage());
      assertTrue(first.retriable());
      assertSame(IllegalStateException.class, first.getCause().getClass());
      Thread.sleep(1100);
      assertTrue(store.get("features", "a").isPresent());
      Thread.sleep(1100);
      // What is known is used.
      assertTrue(store.get("features", "a").isPresent());
      assertEquals(3, asked.get());
      Thread.sleep(1100);
      assertTrue(store.get("features", "a").isPresent());
      assertEquals("it is asked again, and the log hears of it once a minute", 4, asked.get());
      assertEquals(
          List.of(
              "WARN the AWS credentials were not renewed, and those that are known are used: IllegalStateException: no luck"),
          log);
    }
    try (Store store = stub(() -> null, log)) {
      NoCredentialsException none = assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertTrue(none.getMessage(), none.getMessage().endsWith("IllegalStateException: it has none"));
    }
  }

  /** Only the first credentials are worth waiting for. */
  @Test
  public void whoAsksAtTheSameTimeWaitsForTheFirstOnesAndForNoOthers() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch laterLook = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CredentialsProvider slow =
        () -> {
          if (asked.incrementAndGet() == 1) {
            Thread.sleep(300);
          } else {
            laterLook.countDown();
            end.await();
          }
          return new Credentials("key", "s", null, Instant.now().plusSeconds(60));
        };
    int before = Stub.count("stub_pushes");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Store store = stub(slow, new ArrayList<>())) {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int call = 0; call < 4; call++) {
        calls.add(threads.submit(() -> store.get("features", "a").map(item -> Stub.count("stub_pushes") - before).get()));
      }
      for (Future<Integer> call : calls) {
        assertEquals("pushed when the call is over", 1, (int) call.get());
      }
      assertEquals(1, asked.get());
      Thread.sleep(1100);
      Future<Boolean> looking = threads.submit(() -> store.get("features", "a").isPresent());
      assertTrue(laterLook.await(10, TimeUnit.SECONDS));
      // A look is due again, and somebody is at it.
      Thread.sleep(1100);
      assertTrue(threads.submit(() -> store.get("features", "a").isPresent()).get(10, TimeUnit.SECONDS));
      assertFalse(looking.isDone());
      end.countDown();
      assertTrue(looking.get());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  public void anInterruptOfAProviderIsKept() {
    CredentialsProvider interrupted =
        () -> {
          throw new InterruptedException("sign-in");
        };
    try (Store store = stub(interrupted, new ArrayList<>())) {
      assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  public void aProviderWithADefect() {
    List<String> log = new ArrayList<>();
    CredentialsProvider broken =
        () -> {
          throw new NoClassDefFoundError("a/Missing");
        };
    try (Store store = stub(broken, log)) {
      assertThrows(NoClassDefFoundError.class, () -> store.get("features", "a"));
      NoCredentialsException next = assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertTrue(next.getMessage(), next.getMessage().endsWith(": NoClassDefFoundError: a/Missing"));
    }
    Store[] own = new Store[1];
    CredentialsProvider recursive =
        () -> {
          own[0].get("features", "a");
          return new Credentials("a", "s");
        };
    try (Store store = stub(recursive, log)) {
      own[0] = store;
      NoCredentialsException refused = assertThrows(NoCredentialsException.class, () -> store.get("features", "a"));
      assertTrue(refused.getMessage(), refused.getMessage().endsWith(": it called the store that asks it"));
    }
  }

  @Test
  public void providersOfTheAwsSdk() throws Exception {
    Instant expiry = Instant.now().plusSeconds(3600);
    AwsCredentialsProvider provider =
        () -> AwsSessionCredentials.builder().accessKeyId("a").secretAccessKey("s").sessionToken("t").expirationTime(expiry).build();
    Credentials found = AwsCredentials.from(provider).resolve();
    assertEquals(new Credentials("a", "s", "t", expiry), found);
    AwsCredentialsProvider failing =
        () -> {
          throw new IllegalStateException("expired sign-in");
        };
    assertThrows(IllegalStateException.class, () -> AwsCredentials.from(failing).resolve());
    CredentialsProvider anonymous = AwsCredentials.from(AnonymousCredentialsProvider.create());
    assertThrows(IllegalStateException.class, anonymous::resolve);
  }

  /** What is equal to what was pushed is not pushed again. */
  @Test
  public void equalOnesAreSoInAllTheirMembers() {
    Credentials all = new Credentials("a", "s", "t", Instant.EPOCH);
    assertEquals(all, new Credentials("a", "s", "t", Instant.EPOCH));
    assertEquals(all.hashCode(), new Credentials("a", "s", "t", Instant.EPOCH).hashCode());
    List<Credentials> others =
        List.of(
            new Credentials("b", "s", "t", Instant.EPOCH),
            new Credentials("a", "r", "t", Instant.EPOCH),
            new Credentials("a", "s", "u", Instant.EPOCH),
            new Credentials("a", "s", null, Instant.EPOCH),
            new Credentials("a", "s", "t", Instant.EPOCH.plusMillis(1)),
            new Credentials("a", "s", "t", null));
    for (Credentials other : others) {
      assertNotEquals(all, other);
    }
    assertNotEquals(new Credentials("a", "s"), new Credentials("b", "s"));
    assertNotEquals(all, "a");
  }

  @Test
  public void theLastMethodCounts() {
    Credentials credentials = new Credentials("key", "secret-value");
    String given = new StoreOptions().pushedCredentials().credentials(credentials).toJson("t");
    assertTrue(given, given.contains("\"access_key_id\":\"key\""));
    StoreOptions keys = new StoreOptions().credentialsProvider(() -> credentials).credentials(credentials);
    assertTrue(keys.toJson("t"), keys.toJson("t").contains("\"access_key_id\":\"key\""));
    assertNull(keys.credentialsProvider());
    assertNull(new StoreOptions().credentialsProvider(() -> credentials).pushedCredentials().credentialsProvider());
    assertEquals("{\"table\":\"t\"}", new StoreOptions().pushedCredentials().credentials(null).toJson("t"));
    String pushed = new StoreOptions().credentials(credentials).credentialsProvider(() -> credentials).toJson("t");
    assertEquals("{\"table\":\"t\",\"credentials\":\"pushed\"}", pushed);
  }

  @Test
  public void secretsAreNotShown() {
    Credentials credentials = new Credentials("key", "secret-value", "token-value", null);
    assertFalse(credentials.toString(), credentials.toString().contains("-value"));
    StoreOptions options = new StoreOptions().credentials(credentials);
    assertFalse(options.toString().contains("-value"));
  }
}
