package lddynamostore.launchdarkly;

import static org.junit.Assert.assertEquals;

import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import com.launchdarkly.sdk.LDContext;
import lddynamostore.ChildJvm;
import lddynamostore.Credentials;
import lddynamostore.Engine;
import lddynamostore.Store;
import lddynamostore.internal.Stub;
import org.junit.Test;

/** Programs without the optional dependencies. */
public class WithoutAwsTest {
  /** LaunchDarkly's client without the AWS SDK. */
  public static final class Client {
    public static void main(String[] arguments) throws Exception {
      LDConfig config =
          new LDConfig.Builder()
              .events(Components.noEvents())
              .logging(Components.noLogging())
              .dataSource(Components.externalUpdatesOnly())
              .dataStore(
                  Components.persistentDataStore(
                      DynamoDb.dataStore(arguments[1])
                          .prefix("")
                          .options(
                              options ->
                                  options
                                      .endpoint(arguments[0])
                                      .region("us-east-1")
                                      .credentials(new Credentials("local", "local")))))
              .build();
      try (LDClient client = new LDClient("sdk-key", config)) {
        System.out.println(client.isInitialized() + " " + client.boolVariation("a", LDContext.create("user"), false));
      }
      System.out.println(isThere("software.amazon.awssdk.services.dynamodb.DynamoDbClient"));
    }
  }

  /** A store without anything else. */
  public static final class Alone {
    public static void main(String[] arguments) {
      try (Store store = Store.fromJson("{\"table\":\"table\"}")) {
        System.out.println(store.get("features", "a").get());
      }
      System.out.println(isThere("com.launchdarkly.sdk.server.LDClient") + " " + isThere("com.sun.jna.Native"));
    }
  }

  private static boolean isThere(String name) {
    try {
      Class.forName(name);
      return true;
    } catch (ClassNotFoundException missing) {
      return false;
    }
  }

  @Test
  public void theAdapterNeedsNoAwsSdk() {
    try (Engine engine = Engine.embedded()) {
      String table = engine.newTable();
      try (Store writer = engine.store(table)) {
        writer.init("{\"features\":{\"a\":{\"key\":\"a\",\"version\":1,\"on\":false,\"offVariation\":0,\"variations\":[true]}}}");
      }
      String printed =
          new ChildJvm()
              .without(part -> part.contains("awssdk"))
              .variable("LD_DYNAMO_STORE_LIBRARY", Engine.LIBRARY)
              .run(Client.class, engine.endpoint().toString(), table);
      assertEquals("true true\nfalse\n", printed);
    }
  }

  @Test
  public void theStoreNeedsNothing() {
    String printed =
        new ChildJvm()
            .without(part -> part.endsWith(".jar"))
            .variable("LD_DYNAMO_STORE_LIBRARY", Stub.path())
            .run(Alone.class);
    assertEquals("{\"key\":\"a\",\"version\":1}\nfalse false\n", printed);
  }
}
