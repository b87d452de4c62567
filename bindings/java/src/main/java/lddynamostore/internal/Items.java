package lddynamostore.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import lddynamostore.LogHandler;
import lddynamostore.LogLevel;
import lddynamostore.Status;
import lddynamostore.exception.CorruptItemException;

/** Stored JSON texts, as far as the caller's parser takes them: it may know fewer levels or digits than the native library does. */
public final class Items {
  private static final int MOST_CHARACTERS = 100;

  private Items() {}

  /** What the parser makes of one item; a CorruptItemException where it throws. */
  public static <T> T parse(String text, String kind, String key, Function<? super String, ? extends T> parser) {
    try {
      return parser.apply(text);
    } catch (RuntimeException failure) {
      CorruptItemException corrupt = new CorruptItemException(corrupt(kind, key, failure), Status.CORRUPT_ITEM, false, null);
      corrupt.initCause(failure);
      throw corrupt;
    }
  }

  /** What the parser makes of every item; those for which it throws are logged and left out. */
  public static <T> Map<String, T> parseAll(
      Members members, String kind, Function<? super String, ? extends T> parser, LogHandler logs) {
    Map<String, T> items = new LinkedHashMap<>();
    while (members.next()) {
      String key = members.name();
      try {
        items.put(key, parse(members.value(), kind, key, parser));
      } catch (CorruptItemException corrupt) {
        LogDelivery.deliver(logs, LogLevel.ERROR, corrupt.getMessage());
      }
    }
    return items;
  }

  // As the native library says it.
  private static String corrupt(String kind, String key, RuntimeException failure) {
    String reason = failure.getClass().getSimpleName() + ": " + failure.getMessage();
    String name = "item " + JsonText.quoted(start(key)) + " of kind " + JsonText.quoted(kind);
    return name + " is corrupt: " + start(reason).replaceAll("\\s+", " ");
  }

  private static String start(String text) {
    return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS);
  }
}
