package lddynamostore.internal;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import lddynamostore.Status;

/** Arguments as the native library takes them: UTF-8 without a NUL character. */
public final class Arguments {
  private Arguments() {}

  /** A kind. */
  public static byte[] kind(String kind) {
    return text(kind, "kind", Status.INVALID_KIND);
  }

  /** A key of something. */
  public static byte[] key(String key, String name) {
    return text(key, name, Status.INVALID_KEY);
  }

  /** Whether a row can have this key, as far as characters go. */
  public static boolean canBeKey(String key) {
    return wrongCharacter(key, 0) < 0;
  }

  /** A JSON text. */
  public static byte[] json(String text, String name) {
    return text(text, name, Status.INVALID_JSON);
  }

  /** A JSON text in UTF-8. */
  public static byte[] json(byte[] text, String name) {
    Objects.requireNonNull(text, name);
    for (int place = 0; place < text.length; place++) {
      if (text[place] == 0) {
        throw Failures.refused(Status.INVALID_JSON, name + " has a NUL character at byte " + place);
      }
    }
    return text;
  }

  /**
   * A JSON text with escapes for what UTF-8 cannot hold: half of a surrogate pair, which is an escape in what LaunchDarkly sends, and which
   * its SDK writes as it is.
   */
  public static String escaped(String json) {
    int wrong = wrongCharacter(json, 0);
    if (wrong < 0) {
      return json;
    }
    StringBuilder text = new StringBuilder(json.length() + 16);
    int next = 0;
    for (; wrong >= 0; wrong = wrongCharacter(json, next)) {
      text.append(json, next, wrong).append(String.format("\\u%04x", (int) json.charAt(wrong)));
      next = wrong + 1;
    }
    return text.append(json, next, json.length()).toString();
  }

  private static byte[] text(String text, String name, int refusal) {
    int wrong = wrongCharacter(Objects.requireNonNull(text, name), 0);
    if (wrong >= 0) {
      String what = text.charAt(wrong) == 0 ? " has a NUL character" : " has half of a surrogate pair";
      throw Failures.refused(refusal, name + what + " at index " + wrong);
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The index of the first character from here on that a C string in UTF-8 cannot hold, or -1. */
  private static int wrongCharacter(String text, int from) {
    for (int index = from; index < text.length(); index++) {
      char character = text.charAt(index);
      if (character == 0) {
        return index;
      }
      if (Character.isSurrogate(character)) {
        boolean isPair =
            index + 1 < text.length() && Character.isSurrogatePair(character, text.charAt(index + 1));
        if (!isPair) {
          return index;
        }
        index++;
      }
    }
    return -1;
  }
}
