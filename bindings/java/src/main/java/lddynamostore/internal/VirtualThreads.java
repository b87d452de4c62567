package lddynamostore.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Where virtual threads leave calls that wait.
 *
 * <p>A virtual thread that is in native code keeps its carrier, of which there are as many as processors. So a bounded number of platform
 * threads make the calls, started when they are needed and ended after ten idle seconds; they keep no program from its end.
 */
final class VirtualThreads {
  static final int MOST_THREADS = 16;

  private static final long STACK_BYTES = 1 << 20;
  private static final MethodHandle IS_VIRTUAL = find();

  private VirtualThreads() {}

  // Made when the first virtual thread calls.
  private static final class Threads {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final ThreadPoolExecutor POOL =
        new ThreadPoolExecutor(
            MOST_THREADS, MOST_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads::start);

    static {
      POOL.allowCoreThreadTimeOut(true);
    }

    private static Thread start(Runnable work) {
      Thread thread = new Thread(null, work, "ld-dynamo-store-" + NUMBER.incrementAndGet(), STACK_BYTES);
      thread.setDaemon(true);
      return thread;
    }
  }

  /** Whether the calling thread is a virtual one. */
  static boolean isCurrent() {
    try {
      return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Makes a call on a platform thread, and waits for it, as long as a platform thread would: an interrupt is kept for later. */
  static Answer run(Supplier<Answer> call) {
    Future<Answer> future = Threads.POOL.submit(call::get);
    boolean wasInterrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException interrupt) {
          wasInterrupted = true;
        } catch (ExecutionException failure) {
          throw rethrown(failure.getCause());
        }
      }
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrown(Throwable cause) {
    if (cause instanceof Error) {
      throw (Error) cause;
    }
    return cause instanceof RuntimeException ? (RuntimeException) cause : new IllegalStateException(cause);
  }

  // Java 21 has it.
  private static MethodHandle find() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (NoSuchMethodException | IllegalAccessException none) {
      return null;
    }
  }
}
