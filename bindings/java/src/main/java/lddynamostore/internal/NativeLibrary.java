package lddynamostore.internal;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import lddynamostore.exception.LibraryMismatchException;
import lddynamostore.exception.LibraryNotFoundException;

/** One loaded native library that fits this package, and the search for it. */
public final class NativeLibrary {
  /** The ABI's major version that this package was written for. */
  public static final int ABI_MAJOR = 1;

  /** The least minor version that it needs. */
  public static final int ABI_MINOR = 3;

  static final String PROPERTY = "lddynamostore.library";
  static final String VARIABLE = "LD_DYNAMO_STORE_LIBRARY";

  private static final String FILE = "libld_dynamo_store.so";
  private static final String[] SYSTEM_NAMES = {FILE + "." + ABI_MAJOR, FILE};
  private static final ConcurrentHashMap<String, NativeLibrary> LOADED = new ConcurrentHashMap<>();

  private final String path;
  private final Native functions;
  private final int abi;

  private NativeLibrary(String path, Native functions) {
    this.path = path;
    this.functions = functions;
    this.abi = checkedAbi();
    for (String name : Functions.all()) {
      if (!functions.has(name)) {
        throw new LibraryMismatchException(path + " has no function " + name + ": upgrade the native library");
      }
    }
    functions.bind();
  }

  /**
   * Loads the native library, once for each path. The first of these that is given or exists is used, and an error in it is not covered up
   * by the next one: the argument, the system property, the environment variable, the packaged file, the system's loader.
   */
  public static NativeLibrary load(Path argument) {
    if (argument != null) {
      return loadFile(argument, "the option library");
    }
    String property = System.getProperty(PROPERTY);
    if (property != null && !property.isEmpty()) {
      return loadFile(Paths.get(property), "the system property " + PROPERTY);
    }
    String variable = System.getenv(VARIABLE);
    if (variable != null && !variable.isEmpty()) {
      return loadFile(Paths.get(variable), "the environment variable " + VARIABLE);
    }
    if (PackagedFiles.has(FILE)) {
      return PackagedFiles.use(FILE, path -> loadNow(path.toString()));
    }
    return loadFromSystem();
  }

  private static NativeLibrary loadFromSystem() {
    List<String> failures = new ArrayList<>();
    for (String name : SYSTEM_NAMES) {
      try {
        return loadNow(name);
      } catch (UnsatisfiedLinkError failure) {
        failures.add(failure.getMessage());
      }
    }
    throw new LibraryNotFoundException(
        "the native library was not found: no option library, no system property "
            + PROPERTY
            + ", no variable "
            + VARIABLE
            + ", no "
            + PackagedFiles.resource(FILE)
            + " on the class path, and the system's loader says: "
            + String.join("; ", failures));
  }

  private static NativeLibrary loadFile(Path given, String source) {
    String path = given.toAbsolutePath().toString();
    if (!Files.isRegularFile(given)) {
      throw new LibraryNotFoundException(
          source + " names " + path + " as the native library, but there is no such file");
    }
    try {
      return loadNow(path);
    } catch (UnsatisfiedLinkError failure) {
      String said = String.valueOf(failure.getMessage());
      throw new LibraryNotFoundException(
          "the native library " + path + " cannot be loaded: " + said + Platform.advice(said));
    }
  }

  private static NativeLibrary loadNow(String path) {
    NativeLibrary loaded = LOADED.get(path);
    if (loaded == null) {
      // Two threads may both come here; the system's loader gives both the same library.
      NativeLibrary made = new NativeLibrary(path, Linkage.open(path));
      loaded = LOADED.putIfAbsent(path, made);
      loaded = loaded == null ? made : loaded;
    }
    return loaded;
  }

  private int checkedAbi() {
    if (!functions.has(Functions.ABI_VERSION)) {
      throw new LibraryMismatchException(path + " is another library: it has no function " + Functions.ABI_VERSION);
    }
    int packed = functions.number(Functions.ABI_VERSION);
    int major = packed >>> 16;
    int minor = packed & 0xFFFF;
    if (major != ABI_MAJOR || minor < ABI_MINOR) {
      throw new LibraryMismatchException(
          path
              + " has ABI version "
              + major
              + "."
              + minor
              + ", but this package needs "
              + ABI_MAJOR
              + "."
              + ABI_MINOR
              + " or a later "
              + ABI_MAJOR
              + ".x: upgrade the "
              + (major > ABI_MAJOR ? "Java package" : "native library"));
    }
    return packed;
  }

  /** What the loader was given. */
  public String path() {
    return path;
  }

  /** The library's own version. */
  public String version() {
    return new String(functions.text(Functions.VERSION), StandardCharsets.UTF_8);
  }

  /** The major version of its ABI. */
  public int abiMajor() {
    return abi >>> 16;
  }

  /** The minor version of its ABI. */
  public int abiMinor() {
    return abi & 0xFFFF;
  }

  /** How it is called: "jni" or "jna". */
  public String linkage() {
    return Linkage.name();
  }

  /** The hash of a context's key. */
  public String contextHash(String key) {
    return functions.contextHash(Arguments.key(key, "key")).orThrow().text();
  }

  Native functions() {
    return functions;
  }
}
