package lddynamostore;

import static org.junit.Assert.assertEquals;

import java.lang.reflect.Constructor;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.Test;

/** Each method reads the counter of its own name. */
public class StatsTest {
  private static final Map<String, ToDoubleFunction<Stats>> COUNTERS = new HashMap<>();

  static {
    COUNTERS.put("hits", Stats::hits);
    COUNTERS.put("misses", Stats::misses);
    COUNTERS.put("stale_hits", Stats::staleHits);
    COUNTERS.put("joined_calls", Stats::joinedCalls);
    COUNTERS.put("requests", Stats::requests);
    COUNTERS.put("direct_requests", Stats::directRequests);
    COUNTERS.put("retries", Stats::retries);
    COUNTERS.put("throttles", Stats::throttles);
    COUNTERS.put("consumed_read_units", Stats::consumedReadUnits);
    COUNTERS.put("consumed_write_units", Stats::consumedWriteUnits);
    COUNTERS.put("unprocessed_rows", Stats::unprocessedRows);
    COUNTERS.put("generation", Stats::generation);
    COUNTERS.put("last_init.written", Stats::writtenByLastInit);
    COUNTERS.put("last_init.unchanged", Stats::unchangedByLastInit);
    COUNTERS.put("last_init.deleted", Stats::deletedByLastInit);
    COUNTERS.put("last_init.dropped", Stats::droppedByLastInit);
  }

  private static Stats stats(Map<String, String> fields) throws Exception {
    Constructor<Stats> made = Stats.class.getDeclaredConstructor(String.class, Map.class);
    made.setAccessible(true);
    return made.newInstance("text", fields);
  }

  @Test
  public void everyCounterIsReadByItsName() throws Exception {
    Map<String, String> fields = new HashMap<>();
    Map<String, Double> expected = new HashMap<>();
    for (String name : COUNTERS.keySet()) {
      double number = expected.size() + 1 + (name.endsWith("_units") ? 0.5 : 0);
      expected.put(name, number);
      fields.put(name, name.endsWith("_units") ? String.valueOf(number) : String.valueOf((long) number));
    }
    Stats stats = stats(fields);
    Map<String, Double> read = new HashMap<>();
    COUNTERS.forEach((name, method) -> read.put(name, method.applyAsDouble(stats)));
    assertEquals(expected, read);
  }

  @Test
  public void whatIsNotCountedIsNone() throws Exception {
    assertEquals(0, stats(Map.of()).hits());
    Map<String, String> before = new HashMap<>();
    before.put("last_init.written", "null");
    assertEquals(0, stats(before).writtenByLastInit());
  }
}
