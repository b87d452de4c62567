package lddynamostore.internal;

import java.util.Map;
import java.util.Objects;

/** Writes JSON objects of which some values are JSON texts already. */
public final class JsonText {
  private final StringBuilder text = new StringBuilder("{");

  /** Adds a string, where there is one. */
  public JsonText string(String name, String value) {
    if (value != null) {
      name(name);
      quote(value);
    }
    return this;
  }

  /** Adds a JSON text, where there is one. */
  public JsonText json(String name, String value) {
    if (value != null) {
      name(name);
      text.append(value);
    }
    return this;
  }

  /** Adds a number or a truth value, where there is one. */
  public JsonText value(String name, Object value) {
    return json(name, value == null ? null : value.toString());
  }

  /** Begins an object as a member. */
  public JsonText begin(String name) {
    name(name);
    text.append('{');
    return this;
  }

  /** Ends it. */
  public JsonText end() {
    text.append('}');
    return this;
  }

  /** The text of the whole object. */
  public String finish() {
    return text.append('}').toString();
  }

  /** A data set of items by kind and key. */
  public static String dataSet(Map<String, ? extends Map<String, String>> data) {
    JsonText text = new JsonText();
    data.forEach(
        (kind, items) -> {
          Objects.requireNonNull(items, () -> "items of kind " + kind);
          text.begin(kind);
          items.forEach((key, item) -> text.json(key, Objects.requireNonNull(item, () -> "item " + key + " of kind " + kind)));
          text.end();
        });
    return text.finish();
  }

  /** A string with its quotation marks. */
  public static String quoted(String value) {
    JsonText text = new JsonText();
    text.quote(value);
    return text.text.substring(1);
  }

  private void name(String name) {
    if (text.charAt(text.length() - 1) != '{') {
      text.append(',');
    }
    quote(name);
    text.append(':');
  }

  private void quote(String value) {
    text.append('"');
    for (int index = 0; index < value.length(); index++) {
      char character = value.charAt(index);
      if (character == '"' || character == '\\') {
        text.append('\\').append(character);
      } else if (character < ' ') {
        text.append(String.format("\\u%04x", (int) character));
      } else {
        text.append(character);
      }
    }
    text.append('"');
  }
}
