package lddynamostore.launchdarkly;

import lddynamostore.Engine;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;

/** Tests on a real engine, and on one that fails when it is told to; each with a table of its own on the real one. */
abstract class OnEngines {
  static Engine engine;
  static Engine fake;

  String table;

  @BeforeClass
  public static void start() {
    engine = Engine.embedded();
    fake = Engine.fake();
  }

  @AfterClass
  public static void stop() {
    engine.close();
    fake.close();
  }

  @Before
  public void makeTable() {
    table = engine.newTable();
  }
}
