package lddynamostore.internal;

import com.sun.jna.Callback;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Calls through JNA, which needs no shim of ours. Loaded only where JNA is there. */
final class JnaNative implements Native {
  private final NativeLibrary library;
  private final Map<String, Function> functions = new HashMap<>();

  private JnaNative(NativeLibrary library) {
    this.library = library;
  }

  /** Loads a library. Throws an UnsatisfiedLinkError with the loader's message. */
  static JnaNative open(String path) {
    try {
      return new JnaNative(NativeLibrary.getInstance(path));
    } catch (UnsatisfiedLinkError failure) {
      // The first line is JNA's own, the second one the loader's; the last one has the whole class path.
      String[] lines = String.valueOf(failure.getMessage()).split("\n");
      throw new UnsatisfiedLinkError(lines[Math.min(1, lines.length - 1)]);
    }
  }

  /** Receives a log message, on the thread that made the call. */
  public interface Log extends Callback {
    void invoke(Pointer userdata, int level, Pointer message);
  }

  /** Receives a member of a JSON object. */
  public interface Member extends Callback {
    void invoke(Pointer userdata, Pointer name, long nameLength, Pointer value, long valueLength);
  }

  // Of each thread, for the calls that are under way on it.
  private static final ThreadLocal<ByteArrayOutputStream> LOGS = new ThreadLocal<>();
  private static final ThreadLocal<ByteArrayOutputStream> MEMBERS = new ThreadLocal<>();

  // Once and for ever, so that no native call can find them gone; and native code for each one more would wait for the garbage.
  private static final Log COLLECT_LOG =
      (userdata, level, message) -> {
        ByteArrayOutputStream logs = LOGS.get();
        if (logs != null) {
          byte[] text = bytes(message);
          append(logs, level, text.length, text);
        }
      };

  private static final Member COLLECT_MEMBER =
      (userdata, name, nameLength, value, valueLength) -> {
        byte[] text = value.getByteArray(0, (int) valueLength);
        append(MEMBERS.get(), (int) nameLength, text.length, name.getByteArray(0, (int) nameLength), text);
      };

  @Override
  public boolean has(String function) {
    try {
      library.getFunction(function);
      return true;
    } catch (UnsatisfiedLinkError missing) {
      return false;
    }
  }

  @Override
  public int number(String function) {
    return library.getFunction(function).invokeInt(new Object[0]);
  }

  @Override
  public byte[] text(String function) {
    return bytes(library.getFunction(function).invokePointer(new Object[0]));
  }

  @Override
  public void bind() {
    for (String name : Functions.all()) {
      functions.put(name, library.getFunction(name));
    }
  }

  @Override
  public Answer create(byte[] configuration, long[] store) {
    PointerByReference made = new PointerByReference();
    Answer answer = answer(Functions.NEW, null, terminated(configuration), made);
    store[0] = Pointer.nativeValue(made.getValue());
    return answer;
  }

  @Override
  public Answer call(Call call, long store, byte[]... texts) {
    Object[] arguments = new Object[1 + texts.length + (call.shape.hasResult ? 1 : 0)];
    arguments[0] = new Pointer(store);
    for (int place = 0; place < texts.length; place++) {
      arguments[1 + place] = terminated(texts[place]);
    }
    PointerByReference result = null;
    if (call.shape.hasResult) {
      result = new PointerByReference();
      arguments[arguments.length - 1] = result;
    }
    return answer(call.function, result, arguments);
  }

  @Override
  public Answer setSynchronized(long store, long unixMs) {
    return answer(Functions.SET_SYNCHRONIZED, null, new Pointer(store), unixMs);
  }

  @Override
  public Answer collectLogs(long store) {
    return answer(Functions.SET_LOGGER, null, new Pointer(store), COLLECT_LOG, null, null);
  }

  @Override
  public Answer contextHash(byte[] key) {
    PointerByReference result = new PointerByReference();
    return answer(Functions.CONTEXT_HASH, result, terminated(key), result);
  }

  @Override
  public Answer members(byte[] object) {
    ByteArrayOutputStream members = new ByteArrayOutputStream(object.length + 64);
    MEMBERS.set(members);
    Answer answer;
    try {
      answer = answer(Functions.MEMBERS, null, terminated(object), 0, COLLECT_MEMBER, null);
    } finally {
      MEMBERS.remove();
    }
    return answer.status < 0 ? answer : new Answer(answer.status, false, members.toByteArray(), null, null, null);
  }

  @Override
  public void free(long store) {
    functions.get(Functions.FREE).invokeVoid(new Object[] {new Pointer(store)});
  }

  private Answer answer(String function, PointerByReference result, Object... arguments) {
    PointerByReference error = new PointerByReference();
    Object[] all = new Object[arguments.length + 1];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = error;
    ByteArrayOutputStream logs = new ByteArrayOutputStream(0);
    ByteArrayOutputStream outer = LOGS.get();
    LOGS.set(logs);
    int status;
    try {
      status = functions.get(function).invokeInt(all);
    } finally {
      LOGS.set(outer);
    }
    byte[] text = null;
    if (result != null && result.getValue() != null) {
      text = bytes(result.getValue());
      functions.get(Functions.STRING_FREE).invokeVoid(new Object[] {result.getValue()});
    }
    return taken(status, text, logs.size() == 0 ? null : logs.toByteArray(), error.getValue());
  }

  private Answer taken(int status, byte[] text, byte[] logs, Pointer error) {
    if (error == null) {
      return new Answer(status, false, text, null, null, logs);
    }
    Object[] of = {error};
    boolean retriable = functions.get(Functions.ERROR_IS_RETRIABLE).invokeInt(of) != 0;
    byte[] message = bytes(functions.get(Functions.ERROR_MESSAGE).invokePointer(of));
    byte[] serviceCode = bytes(functions.get(Functions.ERROR_SERVICE_CODE).invokePointer(of));
    functions.get(Functions.ERROR_FREE).invokeVoid(of);
    return new Answer(status, retriable, text, message, serviceCode, logs);
  }

  // JNA frees its copy of an array with the call, and that of a Memory with the garbage.
  private static byte[] terminated(byte[] text) {
    return Arrays.copyOf(text, text.length + 1);
  }

  private static byte[] bytes(Pointer text) {
    return text == null ? null : text.getByteArray(0, (int) text.indexOf(0, (byte) 0));
  }

  private static void append(ByteArrayOutputStream to, int first, int second, byte[]... texts) {
    byte[] numbers = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(first).putInt(second).array();
    to.write(numbers, 0, numbers.length);
    for (byte[] text : texts) {
      to.write(text, 0, text.length);
    }
  }
}
