package lddynamostore.internal;

import java.nio.file.Path;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import lddynamostore.Credentials;
import lddynamostore.CredentialsProvider;
import lddynamostore.LogHandler;
import lddynamostore.Status;

/** One native store, and how calls reach it: from platform and virtual threads, with credentials and logs. */
public final class NativeStore {
  private final NativeLibrary library;
  private final Native functions;
  private final Handle handle;
  private final LogHandler logs;
  private final CredentialsRenewal renewal;

  private NativeStore(NativeLibrary library, long store, LogHandler logs, CredentialsProvider provider) {
    this.library = library;
    this.functions = library.functions();
    this.handle = new Handle(functions, store);
    this.logs = logs == null ? LogDelivery.toJavaLogging() : logs;
    this.renewal = provider == null ? null : new CredentialsRenewal(provider, this.logs);
  }

  /** Makes a native store, which is freed after it has become garbage, at the latest. */
  public static NativeStore open(String configuration, Path library, LogHandler logs, CredentialsProvider provider) {
    NativeLibrary loaded = NativeLibrary.load(library);
    long[] store = new long[1];
    loaded.functions().create(Arguments.json(configuration, "configuration"), store).orThrow();
    NativeStore made = new NativeStore(loaded, store[0], logs, provider);
    made.entered(address -> made.delivered(made.functions.collectLogs(address)));
    return made;
  }

  /** A call that may wait. */
  public Answer call(Call call, byte[]... texts) {
    return entered(store -> waiting(store, () -> functions.call(call, store, texts)));
  }

  /** A call that may wait, but not for what the cache knows. */
  public Answer call(Call call, Call cached, byte[]... texts) {
    return entered(
        store -> {
          if (VirtualThreads.isCurrent()) {
            Answer known = delivered(functions.call(cached, store, texts));
            if (known.status != Status.NOT_CACHED) {
              return known;
            }
          }
          return waiting(store, () -> functions.call(call, store, texts));
        });
  }

  /** A call that never waits. */
  public Answer callNow(Call call, byte[]... texts) {
    return entered(store -> delivered(functions.call(call, store, texts)));
  }

  /** Notes when Big Segments were synchronized. */
  public void setSynchronized(long unixMs) {
    entered(store -> waiting(store, () -> functions.setSynchronized(store, unixMs)));
  }

  /** Gives the store credentials. */
  public void setCredentials(Credentials credentials) {
    callNow(Call.SET_CREDENTIALS, CredentialsRenewal.toJson(credentials));
  }

  /** Takes a JSON object apart. */
  public Members members(byte[] object) {
    return new Members(functions.members(object).orThrow().result);
  }

  /** Where its messages go. */
  public LogHandler logs() {
    return logs;
  }

  /** The library in use. */
  public NativeLibrary library() {
    return library;
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return handle.isClosed();
  }

  /** Refuses further calls; the last one that is under way frees. */
  public void close() {
    handle.close();
  }

  // From its beginning to its end, also while it waits for credentials or a thread: the handle of a store that nobody else holds would be
  // garbage meanwhile.
  private Answer entered(LongFunction<Answer> call) {
    long store = handle.enter();
    try {
      return call.apply(store);
    } finally {
      handle.leave();
    }
  }

  private Answer waiting(long store, Supplier<Answer> call) {
    if (renewal != null) {
      renewal.renew(credentials -> delivered(functions.call(Call.SET_CREDENTIALS, store, credentials)));
    }
    return delivered(VirtualThreads.isCurrent() ? VirtualThreads.run(call) : call.get());
  }

  private Answer delivered(Answer answer) {
    if (answer.logs != null) {
      LogDelivery.deliver(logs, answer.logs);
    }
    return answer.orThrow();
  }
}
