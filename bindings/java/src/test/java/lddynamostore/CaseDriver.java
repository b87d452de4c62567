package lddynamostore;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import lddynamostore.exception.StoreException;

/** Answers the requests of the shared cases through this package; tests/cases/README.md has the protocol. */
public final class CaseDriver {
  private final Map<String, Store> stores = new HashMap<>();

  private record Answer(int status, String result, String message, String serviceCode, String retriable) {
    Answer(int status) {
      this(status, null);
    }

    Answer(int status, String result) {
      this(status, result, null, null, null);
    }

    static Answer found(Optional<String> text) {
      return text.map(found -> new Answer(Status.OK, found)).orElse(new Answer(Status.NOT_FOUND));
    }
  }

  public static void main(String[] arguments) throws IOException {
    InputStream input = new BufferedInputStream(System.in);
    OutputStream output = new BufferedOutputStream(System.out);
    CaseDriver driver = new CaseDriver();
    for (List<String> request = Frames.read(input); request != null; request = Frames.read(input)) {
      Answer answer = driver.answer(request.get(0), request.get(1), request.subList(2, request.size()));
      String status = String.valueOf(answer.status());
      Frames.write(
          output, status, answer.result(), answer.message(), answer.serviceCode(), answer.retriable());
    }
  }

  private Answer answer(String call, String name, List<String> arguments) {
    try {
      if (call.equals("new") && stores.containsKey(name)) {
        stores.remove(name).close();
      }
      if (arguments.contains(null)) {
        // This package has no NULL: null is a NullPointerException before any call.
        return new Answer(Status.NULL_ARGUMENT, null, "an argument is NULL", null, "0");
      }
      return answer(call, name, arguments.toArray(new String[0]));
    } catch (StoreException failure) {
      String retriable = failure.retriable() ? "1" : "0";
      return new Answer(failure.status(), null, failure.getMessage(), failure.serviceCode(), retriable);
    }
  }

  private Answer answer(String call, String name, String... arguments) {
    if (call.equals("new")) {
      stores.put(name, Store.fromJson(arguments[0]));
      return new Answer(Status.OK);
    }
    if (call.equals("context_hash")) {
      return new Answer(Status.OK, BigSegments.contextHash(arguments[0]));
    }
    Store store = stores.get(name);
    if (store == null) {
      throw new IllegalArgumentException("there is no store " + name);
    }
    switch (call) {
      case "get":
        return Answer.found(store.get(arguments[0], arguments[1]));
      case "all":
        return new Answer(Status.OK, store.allText(arguments[0]));
      case "init":
        store.init(arguments[0]);
        return new Answer(Status.OK);
      case "upsert":
        UpsertResult result = store.upsert(arguments[0], arguments[1], arguments[2]);
        return new Answer(status(result.outcome()), result.stored().orElse(null));
      case "initialized":
        return new Answer(store.initialized() ? Status.OK : Status.NOT_FOUND);
      case "is_available":
        return new Answer(store.available() ? Status.OK : Status.NOT_FOUND);
      case "available":
        store.checkAvailable();
        return new Answer(Status.OK);
      case "big_segments_metadata":
        OptionalLong when = store.bigSegmentsSynchronizedOn();
        return when.isPresent()
            ? new Answer(Status.OK, "{\"synchronizedOn\":" + when.getAsLong() + "}")
            : new Answer(Status.NOT_FOUND);
      case "big_segments_cursor":
        return Answer.found(store.bigSegmentsCursor());
      case "big_segments_membership":
        return Answer.found(store.bigSegmentsMembership(arguments[0]).map(CaseDriver::json));
      case "big_segments_apply_patch":
        boolean applied = store.bigSegmentsApplyPatch(arguments[0]) == PatchOutcome.APPLIED;
        return new Answer(applied ? Status.OK : Status.OUT_OF_ORDER);
      case "big_segments_set_synchronized":
        store.bigSegmentsSetSynchronized(Long.parseLong(arguments[0]));
        return new Answer(Status.OK);
      case "set_credentials":
        store.setCredentials(arguments[0]);
        return new Answer(Status.OK);
      case "stats":
        return new Answer(Status.OK, store.stats().text());
      case "free":
        stores.remove(name).close();
        return new Answer(Status.OK);
      default:
        throw new IllegalArgumentException("there is no call " + call);
    }
  }

  private static int status(UpsertOutcome outcome) {
    return switch (outcome) {
      case UPDATED -> Status.OK;
      case NOT_NEWER -> Status.NOT_NEWER;
      case TOO_LARGE -> Status.TOO_LARGE;
    };
  }

  private static String json(Map<String, Boolean> membership) {
    return membership.entrySet().stream()
        .map(each -> lddynamostore.internal.JsonText.quoted(each.getKey()) + ":" + each.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }
}
