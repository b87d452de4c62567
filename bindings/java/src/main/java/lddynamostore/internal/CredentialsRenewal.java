package lddynamostore.internal;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import lddynamostore.Credentials;
import lddynamostore.CredentialsProvider;
import lddynamostore.LogHandler;
import lddynamostore.LogLevel;
import lddynamostore.Status;
import lddynamostore.exception.NoCredentialsException;
import lddynamostore.exception.StoreException;

/** Keeps one native store in credentials that a provider finds, on the threads that call the store. */
final class CredentialsRenewal {
  // What expires within this time is asked for again, and what tells no expiry after the other.
  private static final long BEFORE_EXPIRY_MS = TimeUnit.MINUTES.toMillis(5);
  private static final long WITHOUT_EXPIRY_MS = TimeUnit.MINUTES.toMillis(15);
  private static final long BETWEEN_LOOKS_MS = TimeUnit.SECONDS.toMillis(1);
  private static final long BETWEEN_WARNINGS_MS = TimeUnit.MINUTES.toMillis(1);
  private static final int MOST_CHARACTERS_OF_A_FAILURE = 200;

  private final CredentialsProvider provider;
  private final LogHandler logs;
  private final ReentrantLock renewing = new ReentrantLock();
  private volatile Credentials pushed;
  private volatile long nextLookMs = nowMs();
  private Throwable failure;
  private long nextWarningMs = nowMs();

  CredentialsRenewal(CredentialsProvider provider, LogHandler logs) {
    this.provider = provider;
    this.logs = logs;
  }

  /** Pushes what is new. Does nothing most of the time. Throws a NoCredentialsException if none were ever found. */
  void renew(Consumer<byte[]> push) {
    if (pushed != null && !isDue()) {
      return;
    }
    // Only the first credentials are worth waiting for.
    if (pushed == null) {
      renewing.lock();
    } else if (!renewing.tryLock()) {
      return;
    }
    try {
      if (isDue()) {
        look(push);
      }
      // Those who waited for the first credentials fail with whoever asked for them.
      if (pushed == null) {
        throw refusal();
      }
    } finally {
      renewing.unlock();
    }
  }

  private boolean isDue() {
    return nowMs() - nextLookMs >= 0;
  }

  private void look(Consumer<byte[]> push) {
    // First: a provider that calls the store would come here again.
    nextLookMs = nowMs() + BETWEEN_LOOKS_MS;
    try {
      Credentials found = provider.resolve();
      if (found == null) {
        throw new IllegalStateException("it has none");
      }
      if (!found.equals(pushed)) {
        push.accept(toJson(found));
        pushed = found;
      }
      nextLookMs = nowMs() + untilNextLookMs(found.expiresAt());
    } catch (Exception wrong) {
      if (wrong instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      failure = wrong;
      nextLookMs = nowMs() + BETWEEN_LOOKS_MS;
      if (pushed != null) {
        warn();
      }
    } catch (Error wrong) {
      // Such as a class that is missing: for whoever called, and the cause of what those who come within a second are told.
      failure = wrong;
      throw wrong;
    }
  }

  static long untilNextLookMs(Instant expiresAt) {
    if (expiresAt == null) {
      return WITHOUT_EXPIRY_MS;
    }
    long left = expiresAt.toEpochMilli() - System.currentTimeMillis() - BEFORE_EXPIRY_MS;
    return Math.max(BETWEEN_LOOKS_MS, Math.min(left, WITHOUT_EXPIRY_MS));
  }

  /** The text that the native library takes. */
  static byte[] toJson(Credentials credentials) {
    Instant expiresAt = credentials.expiresAt();
    String text =
        new JsonText()
            .string("access_key_id", credentials.accessKeyId())
            .string("secret_access_key", credentials.secretAccessKey())
            .string("session_token", credentials.sessionToken())
            .value("expires_ms", expiresAt == null ? null : expiresAt.toEpochMilli())
            .finish();
    return Arguments.json(text, "credentials");
  }

  private StoreException refusal() {
    if (failure instanceof StoreException) {
      StoreException known = (StoreException) failure;
      return Failures.of(known.status(), known.getMessage(), known.retriable(), known.serviceCode());
    }
    String message = "no AWS credentials came from the credentials provider: " + said();
    // Whoever hands them out may do so again later.
    StoreException refusal = new NoCredentialsException(message, Status.NO_CREDENTIALS, true, null);
    refusal.initCause(failure);
    return refusal;
  }

  private void warn() {
    if (nowMs() - nextWarningMs >= 0) {
      nextWarningMs = nowMs() + BETWEEN_WARNINGS_MS;
      String message = "the AWS credentials were not renewed, and those that are known are used: " + said();
      LogDelivery.deliver(logs, LogLevel.WARN, message);
    }
  }

  private String said() {
    if (failure == null) {
      return "it called the store that asks it";
    }
    String text = (failure.getClass().getSimpleName() + ": " + failure.getMessage()).replaceAll("\\s+", " ");
    return text.length() <= MOST_CHARACTERS_OF_A_FAILURE
        ? text
        : text.substring(0, MOST_CHARACTERS_OF_A_FAILURE - 1) + "…";
  }

  private static long nowMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }
}
