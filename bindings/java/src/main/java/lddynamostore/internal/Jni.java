package lddynamostore.internal;

/** The functions of ld_dynamo_store_jni.c, which says what they do. */
final class Jni {
  private Jni() {}

  static native long open(byte[] path, byte[][] failure);

  static native long find(long handle, byte[] function);

  static native long answers(
      long stringFree, long errorMessage, long errorServiceCode, long errorIsRetriable, long errorFree);

  static native int number(long function);

  static native byte[] text(long function);

  static native long call(
      long answers, long function, int shape, long store, byte[] first, byte[] second, byte[] third, byte[][] answer);

  static native long create(long answers, long function, byte[] configuration, long[] store, byte[][] answer);

  static native long callWithNumber(long answers, long function, long store, long number, byte[][] answer);

  static native long collectLogs(long answers, long function, long store, byte[][] answer);

  static native long members(long answers, long function, byte[] object, byte[][] answer);

  static native void free(long function, long store);
}
