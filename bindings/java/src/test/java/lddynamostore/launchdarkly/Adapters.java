package lddynamostore.launchdarkly;

import com.launchdarkly.logging.LDLogAdapter;
import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.LDLogger;
import com.launchdarkly.logging.LogCapture;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDConfig;
import com.launchdarkly.sdk.server.subsystems.ClientContext;
import com.launchdarkly.sdk.server.subsystems.PersistentDataStore;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lddynamostore.Credentials;
import lddynamostore.Engine;
import lddynamostore.StoreOptions;

/** Stores for the SDK in tests. */
final class Adapters {
  private Adapters() {}

  /** What a store on the engine needs. */
  static Consumer<StoreOptions> on(Engine engine) {
    return options ->
        options
            .endpoint(engine.endpoint().toString())
            .region(Engine.REGION)
            .credentials(new Credentials("local", "local"))
            .library(Engine.LIBRARY);
  }

  static Consumer<StoreOptions> on(Engine engine, Consumer<StoreOptions> further) {
    return on(engine).andThen(further);
  }

  /** What the SDK hands to a builder, with this log. */
  static ClientContext context(LDLogAdapter log) {
    LDLogger logger = LDLogger.withAdapter(log, "base");
    return new ClientContext("sdk-key") {
      @Override
      public LDLogger getBaseLogger() {
        return logger;
      }
    };
  }

  static ClientContext context() {
    return context(Logs.none());
  }

  static DynamoDbStoreBuilder<PersistentDataStore> dataStore(Engine engine, String table) {
    return DynamoDb.dataStore(table).options(on(engine));
  }

  /** A configuration that connects to nothing. */
  static LDConfig.Builder offline(LDLogAdapter log) {
    return new LDConfig.Builder()
        .events(Components.noEvents())
        .diagnosticOptOut(true)
        .logging(Components.logging(log).level(LDLogLevel.DEBUG));
  }

  /** The texts of the level. */
  static List<String> texts(LogCapture log, LDLogLevel level) {
    return log.getMessages().stream()
        .filter(message -> message.getLevel() == level)
        .map(LogCapture.Message::getText)
        .collect(Collectors.toList());
  }
}
