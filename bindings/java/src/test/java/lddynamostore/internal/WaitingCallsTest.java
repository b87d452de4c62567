package lddynamostore.internal;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import lddynamostore.exception.StoreClosedException;
import org.junit.Test;

/** The threads that make virtual threads' calls, here left to them by platform threads: any Java has these. */
public class WaitingCallsTest {
  private static final Answer ANSWER = new Answer(0, false, null, null, null, null);

  @Test
  public void aBoundedNumberOfDaemonsMakesTheCalls() throws Exception {
    Set<Thread> makers = ConcurrentHashMap.newKeySet();
    CountDownLatch all = new CountDownLatch(VirtualThreads.MOST_THREADS);
    CountDownLatch over = new CountDownLatch(1);
    Supplier<Answer> call =
        () -> {
          makers.add(Thread.currentThread());
          all.countDown();
          awaited(over);
          return ANSWER;
        };
    List<Thread> callers = new ArrayList<>();
    for (int caller = 0; caller < 2 * VirtualThreads.MOST_THREADS; caller++) {
      Thread thread = new Thread(() -> assertSame(ANSWER, VirtualThreads.run(call)));
      thread.start();
      callers.add(thread);
    }
    assertTrue(all.await(10, TimeUnit.SECONDS));
    over.countDown();
    for (Thread thread : callers) {
      thread.join();
    }
    assertEquals(VirtualThreads.MOST_THREADS, makers.size());
    for (Thread maker : makers) {
      assertTrue(maker.isDaemon());
      assertTrue(maker.getName(), maker.getName().startsWith("ld-dynamo-store-"));
    }
    assertFalse("a platform thread makes its calls itself", VirtualThreads.isCurrent());
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupt) {
      throw new IllegalStateException(interrupt);
    }
  }

  @Test
  public void anInterruptEndsNoWaitAndIsKept() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    boolean[] isInterrupted = new boolean[1];
    Thread caller =
        new Thread(
            () -> {
              VirtualThreads.run(
                  () -> {
                    begun.countDown();
                    awaited(over);
                    return ANSWER;
                  });
              isInterrupted[0] = Thread.currentThread().isInterrupted();
            });
    caller.start();
    begun.await();
    caller.interrupt();
    caller.join(100);
    assertTrue("it waits on", caller.isAlive());
    over.countDown();
    caller.join();
    assertTrue(isInterrupted[0]);
  }

  @Test
  public void whatACallThrowsIsThrownByTheCaller() {
    for (Throwable thrown : new Throwable[] {new StoreClosedException("closed"), new OutOfMemoryError("no memory for an argument")}) {
      Supplier<Answer> failing =
          () -> {
            if (thrown instanceof Error) {
              throw (Error) thrown;
            }
            throw (RuntimeException) thrown;
          };
      assertSame(thrown, assertThrows(Throwable.class, () -> VirtualThreads.run(failing)));
    }
  }
}
