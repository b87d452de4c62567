package lddynamostore;

/** Receives a store's log messages. */
@FunctionalInterface
public interface LogHandler {
  /**
   * Receives one message, on the thread that made the call, after the call's native part has ended.
   *
   * <p>It may use the store; what its own calls log comes after what it is handling, 256 messages at most. A {@link RuntimeException} from
   * it is dropped, because the call has had its effect.
   *
   * @param level how severe it is
   * @param message one line, never with a secret
   */
  void log(LogLevel level, String message);
}
