package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import lddynamostore.internal.Stub;
import org.junit.Test;

/** The end of a program beside calls that are under way, and threads with little stack. */
public class ExitTest {
  /** Sixteen calls that wait, and {@code System.exit}. */
  public static final class Exiting {
    public static void main(String[] arguments) throws Exception {
      Store store = new Store("table", new StoreOptions().library(Path.of(arguments[0])));
      for (int call = 0; call < 16; call++) {
        new Thread(() -> store.get("features", "sleep:20000")).start();
      }
      Thread.sleep(300);
      System.out.println("exits");
      System.exit(0);
    }
  }

  @Test
  public void exitWaitsForNoCall() {
    long started = System.nanoTime();
    assertEquals("exits\n", new ChildJvm().run(Exiting.class, Stub.path().toString()));
    assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(15));
  }

  /** Uncached calls on a thread with 256 KiB of stack. */
  @Test
  public void aSmallStackIsEnough() throws Exception {
    try (Engine engine = Engine.embedded();
        Store store = engine.store(engine.newTable())) {
      Throwable[] failure = new Throwable[1];
      Runnable work =
          () -> {
            store.init("{\"features\":{\"a\":{\"version\":1}}}");
            store.get("features", "a");
            store.all("features");
            store.bigSegmentsApplyPatch("{\"segmentId\":\"s.g1\",\"version\":\"v\",\"changes\":{\"included\":{\"add\":[\"h\"]}}}");
          };
      Thread thread = new Thread(null, work, "small", 256 * 1024);
      thread.setUncaughtExceptionHandler((of, thrown) -> failure[0] = thrown);
      thread.start();
      thread.join();
      assertEquals(null, failure[0]);
    }
  }
}
