package lddynamostore.internal;

import java.nio.charset.StandardCharsets;

/** Calls through the JNI shim. */
final class JniNative implements Native {
  private static final int RESULT = 0;
  private static final int MESSAGE = 1;
  private static final int SERVICE_CODE = 2;
  private static final int LOGS = 3;

  private final long handle;
  private final long[] calls = new long[Call.values().length];
  private long answers;
  private long create;
  private long setSynchronized;
  private long setLogger;
  private long contextHash;
  private long members;
  private long free;

  private JniNative(long handle) {
    this.handle = handle;
  }

  /** Loads a library. Throws an UnsatisfiedLinkError with the loader's message. */
  static JniNative open(String path) {
    byte[][] failure = new byte[1][];
    long handle = Jni.open(bytes(path), failure);
    if (handle == 0) {
      throw new UnsatisfiedLinkError(new String(failure[0], StandardCharsets.UTF_8));
    }
    return new JniNative(handle);
  }

  @Override
  public boolean has(String function) {
    return find(function) != 0;
  }

  @Override
  public int number(String function) {
    return Jni.number(find(function));
  }

  @Override
  public byte[] text(String function) {
    return Jni.text(find(function));
  }

  @Override
  public void bind() {
    for (Call call : Call.values()) {
      calls[call.ordinal()] = find(call.function);
    }
    answers =
        Jni.answers(
            find(Functions.STRING_FREE),
            find(Functions.ERROR_MESSAGE),
            find(Functions.ERROR_SERVICE_CODE),
            find(Functions.ERROR_IS_RETRIABLE),
            find(Functions.ERROR_FREE));
    create = find(Functions.NEW);
    setSynchronized = find(Functions.SET_SYNCHRONIZED);
    setLogger = find(Functions.SET_LOGGER);
    contextHash = find(Functions.CONTEXT_HASH);
    members = find(Functions.MEMBERS);
    free = find(Functions.FREE);
  }

  @Override
  public Answer create(byte[] configuration, long[] store) {
    byte[][] texts = new byte[4][];
    return answer(Jni.create(answers, create, configuration, store, texts), texts);
  }

  @Override
  public Answer call(Call call, long store, byte[]... arguments) {
    byte[][] texts = new byte[4][];
    byte[] first = arguments.length > 0 ? arguments[0] : null;
    byte[] second = arguments.length > 1 ? arguments[1] : null;
    byte[] third = arguments.length > 2 ? arguments[2] : null;
    long function = calls[call.ordinal()];
    return answer(Jni.call(answers, function, call.shape.ordinal(), store, first, second, third, texts), texts);
  }

  @Override
  public Answer setSynchronized(long store, long unixMs) {
    byte[][] texts = new byte[4][];
    return answer(Jni.callWithNumber(answers, setSynchronized, store, unixMs, texts), texts);
  }

  @Override
  public Answer collectLogs(long store) {
    byte[][] texts = new byte[4][];
    return answer(Jni.collectLogs(answers, setLogger, store, texts), texts);
  }

  @Override
  public Answer contextHash(byte[] key) {
    byte[][] texts = new byte[4][];
    int shape = Call.Shape.TEXT_RESULT.ordinal();
    return answer(Jni.call(answers, contextHash, shape, 0, key, null, null, texts), texts);
  }

  @Override
  public Answer members(byte[] object) {
    byte[][] texts = new byte[4][];
    return answer(Jni.members(answers, members, object, texts), texts);
  }

  @Override
  public void free(long store) {
    Jni.free(free, store);
  }

  private long find(String function) {
    return Jni.find(handle, bytes(function));
  }

  private static Answer answer(long outcome, byte[][] texts) {
    boolean retriable = outcome >>> 32 != 0;
    return new Answer((int) outcome, retriable, texts[RESULT], texts[MESSAGE], texts[SERVICE_CODE], texts[LOGS]);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
