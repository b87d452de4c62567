package lddynamostore.internal;

import java.nio.file.Path;
import java.nio.file.Paths;
import lddynamostore.exception.LibraryNotFoundException;

/** How native libraries are loaded: through the JNI shim, or else through JNA. */
final class Linkage {
  /** "jni" or "jna"; by default the first that is there. */
  static final String PROPERTY = "lddynamostore.native";

  /** A file to load as the shim, for systems on which nothing can be extracted. */
  static final String SHIM_PROPERTY = "lddynamostore.shim";

  private static final String SHIM = "libld_dynamo_store_jni.so";
  private static final Linkage CHOSEN = choose(System.getProperty(PROPERTY, ""));

  private final boolean isJni;
  private final String failure;

  private Linkage(boolean isJni, String failure) {
    this.isJni = isJni;
    this.failure = failure;
  }

  /** Loads a library. Throws an UnsatisfiedLinkError with the loader's message. */
  static Native open(String path) {
    if (CHOSEN.failure != null) {
      throw new LibraryNotFoundException(CHOSEN.failure);
    }
    return CHOSEN.isJni ? JniNative.open(path) : JnaNative.open(path);
  }

  /** "jni" or "jna". */
  static String name() {
    return CHOSEN.isJni ? "jni" : "jna";
  }

  private static Linkage choose(String wanted) {
    switch (wanted) {
      case "jni":
        String missing = loadShim();
        return new Linkage(true, missing == null ? null : "the JNI shim cannot be used: " + missing);
      case "jna":
        return new Linkage(false, hasJna() ? null : "JNA is not on the class path: add net.java.dev.jna:jna");
      case "":
        return chooseFirst();
      default:
        return new Linkage(false, "the system property " + PROPERTY + " is \"" + wanted + "\": it must be \"jni\" or \"jna\"");
    }
  }

  private static Linkage chooseFirst() {
    String missing = loadShim();
    if (missing == null) {
      return new Linkage(true, null);
    }
    if (hasJna()) {
      return new Linkage(false, null);
    }
    return new Linkage(
        false,
        "Java cannot call the native library: "
            + missing
            + "; and JNA is not on the class path. Add the jar ld-dynamo-store with the classifier "
            + Platform.name()
            + ", or net.java.dev.jna:jna");
  }

  private static boolean hasJna() {
    try {
      Class.forName("com.sun.jna.NativeLibrary");
      return true;
    } catch (ClassNotFoundException | LinkageError missing) {
      return false;
    }
  }

  /** What is wrong, or null where the shim is loaded. */
  private static String loadShim() {
    String named = System.getProperty(SHIM_PROPERTY);
    try {
      if (named != null && !named.isEmpty()) {
        load(Paths.get(named).toAbsolutePath());
      } else if (PackagedFiles.has(SHIM)) {
        PackagedFiles.use(SHIM, Linkage::load);
      } else {
        return "there is no " + PackagedFiles.resource(SHIM) + " on the class path";
      }
      return null;
    } catch (LibraryNotFoundException | UnsatisfiedLinkError failure) {
      return failure.getMessage();
    }
  }

  private static Path load(Path shim) {
    try {
      System.load(shim.toString());
    } catch (UnsatisfiedLinkError failure) {
      if (!String.valueOf(failure.getMessage()).contains("already loaded in another classloader")) {
        throw failure;
      }
      // A web application that is deployed anew has another class loader.
      PackagedFiles.useCopy(shim, copy -> System.load(copy.toString()));
    }
    return shim;
  }
}
