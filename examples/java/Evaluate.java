import com.launchdarkly.logging.LDLogLevel;
import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.EvaluationDetail;
import com.launchdarkly.sdk.EvaluationReason;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.LDValue;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import lddynamostore.Credentials;
import lddynamostore.StoreOptions;
import lddynamostore.launchdarkly.DynamoDb;

/**
 * Evaluates flags with LaunchDarkly's Java SDK, which reads them from a DynamoDB table through ld-dynamo-store.
 *
 * <pre>ENDPOINT=http://127.0.0.1:8000 TABLE=my-table java -cp … Evaluate.java</pre>
 *
 * The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table. Without ENDPOINT
 * it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.
 */
public final class Evaluate {
  private static final LDContext VISITOR =
      LDContext.builder("user-5150").name("a visitor from Greece").set("country", "GR").build();
  private static final LDContext EMPLOYEE =
      LDContext.builder("zo\u00eb.m\u00fcller").name("an employee in Austria").set("country", "AT").build();
  private static final LDContext CUSTOMER =
      LDContext.builder("user-0007")
          .name("a gold customer")
          .set("country", "DE")
          .set("loyalty", LDValue.buildObject().put("tier", "gold").build())
          .build();

  private record Question(String flag, LDContext context, LDValue fallback) {}

  private static final Question[] QUESTIONS = {
    new Question("home-greeting", VISITOR, LDValue.of("Hello!")),
    new Question("home-greeting", EMPLOYEE, LDValue.of("Hello!")),
    new Question("checkout-redesign", VISITOR, LDValue.of("control")),
    new Question("checkout-redesign", EMPLOYEE, LDValue.of("control")),
    new Question("pricing-loyalty-discount", VISITOR, LDValue.of(0)),
    new Question("pricing-loyalty-discount", CUSTOMER, LDValue.of(0)),
    new Question("account-deletion-flow", VISITOR, LDValue.of(false)),
    new Question("guest-checkout", VISITOR, LDValue.of(false)),
    new Question("seasonal-gift-wrap", VISITOR, LDValue.of("the default")),
  };

  private static LDConfig config() {
    return new LDConfig.Builder()
        .dataStore(
            Components.persistentDataStore(
                DynamoDb.dataStore(System.getenv("TABLE"))
                    .prefix(System.getenv("PREFIX"))
                    .options(Evaluate::reach)))
        .dataSource(Components.externalUpdatesOnly())
        .events(Components.noEvents())
        .logging(Components.logging(Logs.toConsole()).level(LDLogLevel.WARN))
        .build();
  }

  private static void reach(StoreOptions options) {
    String endpoint = System.getenv("ENDPOINT");
    // A service in daemon mode needs no more than GetItem and Query.
    options.endpoint(endpoint).readOnly(true);
    if (endpoint != null && System.getenv("AWS_ACCESS_KEY_ID") == null) {
      // A local engine takes any credentials and any region.
      options.region("us-east-1").credentials(new Credentials("local", "local"));
    }
  }

  private static String said(EvaluationReason reason) {
    switch (reason.getKind()) {
      case ERROR:
        return reason.getKind() + " " + reason.getErrorKind();
      case PREREQUISITE_FAILED:
        return reason.getKind() + " " + reason.getPrerequisiteKey();
      case RULE_MATCH:
        return reason.getKind() + " " + reason.getRuleIndex();
      default:
        return reason.getKind().toString();
    }
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 0 || System.getenv("TABLE") == null) {
      System.err.println("usage: TABLE=my-table java -cp ... Evaluate.java");
      System.exit(2);
    }
    // Before Java 18 the locale would decide, and may have no such characters.
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    try (LDClient client = new LDClient("no-sdk-key", config())) {
      for (Question question : QUESTIONS) {
        EvaluationDetail<LDValue> detail =
            client.jsonValueVariationDetail(question.flag(), question.context(), question.fallback());
        System.out.println(
            question.flag() + " for " + question.context().getName() + ": " + detail.getValue().toJsonString() + " (" + said(detail.getReason()) + ")");
      }
    }
  }
}
