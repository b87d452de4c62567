package lddynamostore.internal;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;

public class ArgumentsTest {
  private static final String PAIR = "\ud83d\ude00";

  @Test
  public void whatUtf8CannotHoldIsEscapedAndNothingElse() {
    for (String same : new String[] {"", "{\"a\":\"b\"}", PAIR, PAIR + PAIR + "\ufffd"}) {
      assertEquals(same, Arguments.escaped(same));
    }
    String[][] cases = {
      {"\ud800", "\\ud800"},
      {"\udc00", "\\udc00"},
      {"\udc00\udc00", "\\udc00\\udc00"},
      {"\ud800\ud800\ud800", "\\ud800\\ud800\\ud800"},
      {"a\udc00b\ud800c", "a\\udc00b\\ud800c"},
      {"\ud800" + PAIR + "\udc00", "\\ud800" + PAIR + "\\udc00"},
      {PAIR + "\ude00" + PAIR, PAIR + "\\ude00" + PAIR},
      {"a\0\0", "a\\u0000\\u0000"},
    };
    for (String[] given : cases) {
      assertEquals(given[1], Arguments.escaped(given[0]));
    }
  }

  @Test
  public void aKeyIsOfWholeCharactersOtherThanNul() {
    for (String key : new String[] {"", "a", PAIR}) {
      assertTrue(Arguments.canBeKey(key));
    }
    for (String key : new String[] {"\0", "a\0", "\ud800", "\udc00", PAIR + "\udc00", "a\ud83d"}) {
      assertFalse(Arguments.canBeKey(key));
    }
  }
}
