package lddynamostore;

import java.nio.file.Path;
import lddynamostore.internal.NativeLibrary;

/** The native library in use. Immutable. */
public final class Library {
  private final NativeLibrary loaded;

  Library(NativeLibrary loaded) {
    this.loaded = loaded;
  }

  /**
   * Finds and loads the native library, as every store does.
   *
   * <p>The first of these that is given or exists is used, and an error in it is not covered up by the next one: {@link
   * StoreOptions#library}, the system property {@code lddynamostore.library}, the environment variable {@code LD_DYNAMO_STORE_LIBRARY}, the
   * file in a jar for this platform, the system's loader.
   *
   * @return the library that a store without the option would use
   * @throws lddynamostore.exception.LibraryException if there is none, or it does not fit
   */
  public static Library load() {
    return load(null);
  }

  /**
   * Loads a native library.
   *
   * @param path its file; null to search for it
   * @return the library
   * @throws lddynamostore.exception.LibraryException if it is not there, or does not fit
   */
  public static Library load(Path path) {
    return new Library(NativeLibrary.load(path));
  }

  /**
   * What the system's loader was given.
   *
   * @return a path, or a name it searches for
   */
  public String path() {
    return loaded.path();
  }

  /**
   * The library's own version.
   *
   * @return such as {@code 0.1.0}
   */
  public String version() {
    return loaded.version();
  }

  /**
   * The major version of its ABI.
   *
   * @return the one that this package was written for
   */
  public int abiMajor() {
    return loaded.abiMajor();
  }

  /**
   * The minor version of its ABI.
   *
   * @return at least the one that this package needs
   */
  public int abiMinor() {
    return loaded.abiMinor();
  }

  /**
   * How Java calls it.
   *
   * @return {@code "jni"} or {@code "jna"}
   */
  public String linkage() {
    return loaded.linkage();
  }

  @Override
  public String toString() {
    return "Library{" + path() + ", version " + version() + ", ABI " + abiMajor() + "." + abiMinor() + ", " + linkage() + "}";
  }
}
