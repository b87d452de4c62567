package lddynamostore.internal;

/** The native functions that take texts and give a text at most, and the shape of each. */
public enum Call {
  INIT("init", Shape.STORE_TEXT),
  GET("get", Shape.STORE_TWO_TEXTS_RESULT),
  GET_CACHED("get_cached", Shape.STORE_TWO_TEXTS_RESULT),
  ALL("all", Shape.STORE_TEXT_RESULT),
  ALL_CACHED("all_cached", Shape.STORE_TEXT_RESULT),
  UPSERT("upsert", Shape.STORE_THREE_TEXTS_RESULT),
  INITIALIZED("initialized", Shape.STORE),
  INITIALIZED_CACHED("initialized_cached", Shape.STORE),
  AVAILABLE("available", Shape.STORE),
  BIG_SEGMENTS_METADATA("big_segments_metadata", Shape.STORE_RESULT),
  BIG_SEGMENTS_CURSOR("big_segments_cursor", Shape.STORE_RESULT),
  BIG_SEGMENTS_MEMBERSHIP("big_segments_membership", Shape.STORE_TEXT_RESULT),
  BIG_SEGMENTS_APPLY_PATCH("big_segments_apply_patch", Shape.STORE_TEXT),
  SET_CREDENTIALS("set_credentials", Shape.STORE_TEXT),
  STATS("stats", Shape.STORE_RESULT);

  /** The order is that of the constants in ld_dynamo_store_jni.c. */
  enum Shape {
    STORE(0, false),
    STORE_RESULT(0, true),
    STORE_TEXT(1, false),
    STORE_TEXT_RESULT(1, true),
    STORE_TWO_TEXTS_RESULT(2, true),
    STORE_THREE_TEXTS_RESULT(3, true),
    TEXT_RESULT(1, true);

    final int texts;
    final boolean hasResult;

    Shape(int texts, boolean hasResult) {
      this.texts = texts;
      this.hasResult = hasResult;
    }
  }

  final String function;
  final Shape shape;

  Call(String name, Shape shape) {
    this.function = "ld_dynamo_store_" + name;
    this.shape = shape;
  }
}
