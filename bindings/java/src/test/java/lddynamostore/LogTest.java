package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import lddynamostore.internal.Stub;
import org.junit.Test;

public class LogTest {
  private static Store store(LogHandler handler) {
    return new Store("table", new StoreOptions().library(Stub.path()).logHandler(handler));
  }

  @Test
  public void aHandlerHearsOfEveryLevel() {
    List<String> heard = new ArrayList<>();
    try (Store store = store((level, message) -> heard.add(level + " " + message))) {
      for (int level = 1; level <= 6; level++) {
        store.get("features", "log:" + level + ":mé😀");
      }
    }
    assertEquals(List.of("ERROR mé😀", "WARN mé😀", "INFO mé😀", "DEBUG mé😀", "TRACE mé😀", "TRACE mé😀"), heard);
  }

  @Test
  public void javaLoggingIsTheDefault() {
    List<LogRecord> records = new ArrayList<>();
    Logger logger = Logger.getLogger("lddynamostore");
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            records.add(record);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    logger.setLevel(Level.ALL);
    try (Store store = store(null)) {
      Level[] levels = {Level.SEVERE, Level.WARNING, Level.INFO, Level.FINE, Level.FINER};
      for (int level = 1; level <= 5; level++) {
        store.get("features", "log:" + level + ":text {0}");
        LogRecord record = records.get(level - 1);
        assertEquals(levels[level - 1], record.getLevel());
        assertEquals("text {0}", record.getMessage());
      }
    } finally {
      logger.removeHandler(handler);
      logger.setLevel(null);
    }
  }

  @Test
  public void aHandlerRunsOnTheThreadOfTheCall() {
    AtomicReference<Thread> thread = new AtomicReference<>();
    try (Store store = store((level, message) -> thread.set(Thread.currentThread()))) {
      store.get("features", "log:3:x");
    }
    assertEquals(Thread.currentThread(), thread.get());
  }

  @Test
  public void aHandlerMayUseTheStoreAndRecursionEnds() {
    AtomicReference<Store> store = new AtomicReference<>();
    List<String> heard = new ArrayList<>();
    store.set(
        store(
            (level, message) -> {
              heard.add(message);
              int before = heard.size();
              store.get().get("features", "log:3:again");
              assertEquals("a handler was called within itself", before, heard.size());
            }));
    store.get().get("features", "log:3:first");
    assertEquals("first", heard.get(0));
    assertEquals(1 + 256, heard.size());
    store.get().close();
  }

  @Test
  public void whatAHandlerThrowsHidesNoResult() {
    try (Store store =
        store(
            (level, message) -> {
              throw new IllegalStateException("a handler's own");
            })) {
      assertTrue(store.get("features", "log:3:x").isPresent());
    }
  }

  @Test
  public void aHandlerMayCloseTheStore() throws InterruptedException {
    Stub.settle();
    AtomicReference<Store> store = new AtomicReference<>();
    int before = Stub.count("stub_live_stores");
    store.set(store((level, message) -> store.get().close()));
    assertTrue(store.get().get("features", "log:3:x").isPresent());
    assertEquals(before, Stub.count("stub_live_stores"));
    assertEquals(0, Stub.count("stub_freed_in_a_call"));
  }
}
