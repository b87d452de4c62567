package lddynamostore.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.logging.Level;
import java.util.logging.Logger;
import lddynamostore.LogHandler;
import lddynamostore.LogLevel;

/** Hands what a call has logged to the store's handler, after the call. */
public final class LogDelivery {
  // What the calls of a handler may log beyond the call that the handler is told of; a handler may go round.
  private static final int MOST_MESSAGES_OF_HANDLERS = 256;

  // The messages that this thread is handing out now.
  private static final ThreadLocal<Deque<Message>> BEING_LOGGED = new ThreadLocal<>();

  private LogDelivery() {}

  private static final class Message {
    final LogHandler handler;
    final LogLevel level;
    final String text;

    Message(LogHandler handler, LogLevel level, String text) {
      this.handler = handler;
      this.level = level;
      this.text = text;
    }
  }

  /** The handler of stores that were given none: the logger "lddynamostore" of java.util.logging. */
  public static LogHandler toJavaLogging() {
    Logger logger = Logger.getLogger("lddynamostore");
    return (level, message) -> logger.logp(javaLevel(level), "lddynamostore.Store", null, message);
  }

  private static Level javaLevel(LogLevel level) {
    switch (level) {
      case ERROR:
        return Level.SEVERE;
      case WARN:
        return Level.WARNING;
      case INFO:
        return Level.INFO;
      case DEBUG:
        return Level.FINE;
      default:
        return Level.FINER;
    }
  }

  /** Delivers messages as the linkage packs them: level and length as numbers, then the text. */
  static void deliver(LogHandler handler, byte[] packed) {
    Deque<Message> messages = new ArrayDeque<>();
    ByteBuffer numbers = ByteBuffer.wrap(packed).order(ByteOrder.nativeOrder());
    for (int at = 0; at < packed.length; ) {
      int length = numbers.getInt(at + Integer.BYTES);
      String text = new String(packed, at + 2 * Integer.BYTES, length, StandardCharsets.UTF_8);
      messages.add(new Message(handler, LogLevel.of(numbers.getInt(at)), text));
      at += 2 * Integer.BYTES + length;
    }
    deliver(messages);
  }

  /** Delivers one message of this package's own. */
  public static void deliver(LogHandler handler, LogLevel level, String text) {
    Deque<Message> messages = new ArrayDeque<>();
    messages.add(new Message(handler, level, text));
    deliver(messages);
  }

  private static void deliver(Deque<Message> messages) {
    Deque<Message> outer = BEING_LOGGED.get();
    if (outer != null) {
      // A handler called the store: after what it handles now, so that one that always does cannot recurse.
      outer.addAll(messages);
      return;
    }
    BEING_LOGGED.set(messages);
    try {
      int most = messages.size() + MOST_MESSAGES_OF_HANDLERS;
      for (Message message = messages.poll(); message != null && most > 0; message = messages.poll()) {
        most--;
        deliver(message);
      }
    } finally {
      BEING_LOGGED.remove();
    }
  }

  private static void deliver(Message message) {
    try {
      message.handler.log(message.level, message.text);
    } catch (RuntimeException dropped) {
      // The call has had its effect, and its caller must learn that.
    }
  }
}
