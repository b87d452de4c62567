package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assume.assumeTrue;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import lddynamostore.exception.InvalidKindException;
import lddynamostore.exception.StoreClosedException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.internal.Stub;
import org.junit.Test;

/** Virtual threads hold no carrier while they wait. */
public class VirtualThreadsTest {
  /** The program, on a Java that has them. */
  public static final class Program {
    private static final Method START;

    static {
      try {
        START = Thread.class.getMethod("startVirtualThread", Runnable.class);
      } catch (NoSuchMethodException missing) {
        throw new IllegalStateException(missing);
      }
    }

    private static Thread start(Runnable work) throws ReflectiveOperationException {
      return (Thread) START.invoke(null, work);
    }

    public static void main(String[] arguments) throws Exception {
      List<String> logged = new ArrayList<>();
      Set<Thread> loggers = ConcurrentHashMap.newKeySet();
      Store store =
          new Store(
              "table",
              new StoreOptions()
                  .library(Path.of(arguments[0]))
                  .logHandler(
                      (level, message) -> {
                        logged.add(message);
                        loggers.add(Thread.currentThread());
                      }));
      // One carrier: others go on while all of these wait.
      Set<String> systemThreads = ConcurrentHashMap.newKeySet();
      CountDownLatch begun = new CountDownLatch(40);
      List<Thread> waiting = new ArrayList<>();
      for (int call = 0; call < 40; call++) {
        String key = "sleep:300-thread-" + call;
        waiting.add(
            start(
                () -> {
                  begun.countDown();
                  String item = store.get("features", key.replace("sleep:300-thread", "sleep:300thread")).get();
                  systemThreads.add(item.replaceAll(".*\"version\":", ""));
                }));
      }
      begun.await();
      long started = System.nanoTime();
      Thread other = start(() -> {});
      other.join();
      System.out.println("others go on: " + (System.nanoTime() - started < 250_000_000L));
      for (Thread thread : waiting) {
        thread.join();
      }
      System.out.println("threads: " + systemThreads.size());
      List<String> lines = new ArrayList<>();
      Thread last =
          start(
              () -> {
                store.get("features", "log:3:hello");
                lines.add("logged on the caller: " + loggers.equals(Set.of(Thread.currentThread())) + " " + logged);
                // The stand-in's cache knows it, and who asks is the carrier itself.
                String cached = store.get("features", "cached-thread").get();
                lines.add("cached elsewhere: " + systemThreads.contains(cached.replaceAll(".*\"version\":", "")));
                try {
                  store.get("features", "status:-300");
                } catch (ThrottledException failure) {
                  lines.add(failure.getMessage());
                }
                // The real library's cache refuses what the table would refuse.
                try (Store refusing = Store.fromJson("{\"table\":\"table\"}", Path.of(arguments[1]), null)) {
                  refusing.get("with:colon", "a");
                } catch (InvalidKindException failure) {
                  lines.add("refused");
                }
                Thread.currentThread().interrupt();
                store.get("features", "sleep:50");
                lines.add("still interrupted: " + Thread.interrupted());
                store.close();
                try {
                  store.get("features", "a");
                } catch (StoreClosedException closed) {
                  lines.add(closed.getMessage());
                }
              });
      last.join();
      lines.forEach(System.out::println);
    }
  }

  @Test
  public void callsThatWaitGoToPlatformThreads() {
    Optional<Path> home = ChildJvm.withVirtualThreads();
    assumeTrue("no Java with virtual threads", home.isPresent());
    String printed =
        new ChildJvm()
            .home(home.get())
            .option("-Djdk.virtualThreadScheduler.parallelism=1")
            .option("-Djdk.virtualThreadScheduler.maxPoolSize=1")
            .property("lddynamostore.native", System.getProperty("lddynamostore.native", "jni"))
            .run(Program.class, Stub.path().toString(), Engine.LIBRARY.toString());
    assertEquals(
        "others go on: true\nthreads: 16\nlogged on the caller: true [hello]\ncached elsewhere: false\nstatus -300\n"
            + "refused\nstill interrupted: true\nthe store is closed\n",
        printed);
  }
}
