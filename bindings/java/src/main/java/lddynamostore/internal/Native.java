package lddynamostore.internal;

/** One loaded native library, and the way to call it: through JNI, or through JNA. */
interface Native {
  /** Whether the library has a function. */
  boolean has(String function);

  /** The result of a function without arguments. */
  int number(String function);

  /** The static text that a function without arguments gives. */
  byte[] text(String function);

  /** Looks up every function, all of which {@link #has} has found. */
  void bind();

  /** Makes a store, whose address goes into the array of one. */
  Answer create(byte[] configuration, long[] store);

  /** Makes a call with as many texts as its shape says. */
  Answer call(Call call, long store, byte[]... texts);

  /** Notes when Big Segments were synchronized. */
  Answer setSynchronized(long store, long unixMs);

  /** Makes what a store logs a part of its answers. */
  Answer collectLogs(long store);

  /** The key under which Big Segments know a context. */
  Answer contextHash(byte[] key);

  /** The members of a JSON object, as {@link Members} reads them. */
  Answer members(byte[] object);

  /** Ends a store. */
  void free(long store);
}
