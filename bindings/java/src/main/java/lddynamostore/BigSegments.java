package lddynamostore;

import java.nio.file.Path;
import lddynamostore.internal.NativeLibrary;

/** Big Segments beside the store. */
public final class BigSegments {
  private BigSegments() {}

  /**
   * The key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64. LaunchDarkly's SDKs
   * compute it themselves; this is for users without one. Asks no table.
   *
   * @param key the context's key; of a context of several kinds, that of the kind which the segment is about
   * @return the hash
   * @throws lddynamostore.exception.InvalidKeyException if the key has a NUL character or half of a surrogate pair
   * @throws lddynamostore.exception.LibraryException if the native library was not found or does not fit
   */
  public static String contextHash(String key) {
    return contextHash(key, null);
  }

  /**
   * As {@link #contextHash(String)}, with a native library of one's own.
   *
   * @param key the context's key
   * @param library the native library's file; null to search for it
   * @return the hash
   */
  public static String contextHash(String key, Path library) {
    return NativeLibrary.load(library).contextHash(key);
  }
}
