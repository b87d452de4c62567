package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lddynamostore.exception.AccessDeniedException;
import lddynamostore.exception.ConfigurationException;
import lddynamostore.exception.ConnectivityException;
import lddynamostore.exception.CorruptItemException;
import lddynamostore.exception.InternalException;
import lddynamostore.exception.InvalidArgumentException;
import lddynamostore.exception.ReadOnlyException;
import lddynamostore.exception.ServiceException;
import lddynamostore.exception.StoreException;
import lddynamostore.exception.ThrottledException;
import lddynamostore.internal.Failures;
import lddynamostore.internal.NativeLibrary;
import org.junit.Test;

public class StatusTest {
  private static Map<String, Integer> header(String pattern) throws IOException {
    Map<String, Integer> found = new TreeMap<>();
    String header = Files.readString(Engine.REPOSITORY.resolve("include/ld_dynamo_store.h"));
    Matcher matcher = Pattern.compile("#define LD_DYNAMO_" + pattern).matcher(header);
    while (matcher.find()) {
      found.put(matcher.group(1), Integer.valueOf(matcher.group(2)));
    }
    return found;
  }

  @Test
  public void everyStatusOfTheHeader() throws Exception {
    Map<String, Integer> expected = header("((?!LOG_|ABI_|VERSION)[A-Z0-9_]+) (-?\\d+)\n");
    Map<String, Integer> ours = new TreeMap<>();
    for (Field field : Status.class.getFields()) {
      ours.put(field.getName(), field.getInt(null));
    }
    assertEquals(expected, ours);
  }

  @Test
  public void everyLogLevelOfTheHeader() throws Exception {
    Map<String, Integer> ours = new TreeMap<>();
    for (LogLevel level : LogLevel.values()) {
      ours.put(level.name(), level.number());
      assertSame(level, LogLevel.of(level.number()));
    }
    assertEquals(header("LOG_([A-Z]+) (\\d+)\n"), ours);
    assertSame(LogLevel.TRACE, LogLevel.of(6));
  }

  @Test
  public void theAbiOfTheHeader() throws Exception {
    Map<String, Integer> abi = header("ABI_(MAJOR|MINOR) (\\d+)\n");
    assertEquals((int) abi.get("MAJOR"), NativeLibrary.ABI_MAJOR);
    assertEquals((int) abi.get("MINOR"), NativeLibrary.ABI_MINOR);
    Library library = Library.load(Engine.LIBRARY);
    assertEquals(NativeLibrary.ABI_MAJOR, library.abiMajor());
    assertTrue(library.abiMinor() >= NativeLibrary.ABI_MINOR);
    assertTrue(library.toString(), library.version().matches("\\d+\\.\\d+\\.\\d+"));
  }

  /** Each failure has a class of its own, but for the NULL_ARGUMENT that Java has none of. */
  @Test
  public void oneClassForEachFailure() throws Exception {
    Map<String, Integer> classes = new TreeMap<>();
    for (Field field : Status.class.getFields()) {
      int status = field.getInt(null);
      if (status < 0) {
        StoreException failure = Failures.of(status, "message", true, "Code");
        assertEquals(status, failure.status());
        assertEquals("message", failure.getMessage());
        assertEquals("Code", failure.serviceCode());
        assertTrue(failure.retriable());
        Integer other = classes.put(failure.getClass().getName(), status);
        assertEquals(field.getName(), null, other);
      }
    }
    assertSame(AccessDeniedException.class, Failures.of(-202, "", false, null).getClass());
  }

  /** With few exceptions. */
  @Test
  public void theClassOfAFailureHasTheNameOfItsStatus() throws Exception {
    Map<String, String> others =
        Map.of("NULL_ARGUMENT", "InvalidArgument", "INVALID_CONFIGURATION", "Configuration", "SERVICE_ERROR", "Service");
    int failures = 0;
    for (Field field : Status.class.getFields()) {
      if (field.getInt(null) < 0) {
        String words = Pattern.compile("([A-Z])([A-Z0-9]*)_?").matcher(field.getName()).replaceAll(word -> word.group(1) + word.group(2).toLowerCase());
        String expected = others.getOrDefault(field.getName(), words) + "Exception";
        assertEquals(expected, Failures.of(field.getInt(null), "", false, null).getClass().getSimpleName());
        failures++;
      }
    }
    assertTrue(failures > 20);
  }

  @Test
  public void aStatusThatIsNotKnownHasTheClassOfItsGroup() {
    Class<?>[] groups = {
      InvalidArgumentException.class,
      ConfigurationException.class,
      ServiceException.class,
      ThrottledException.class,
      ConnectivityException.class,
      CorruptItemException.class,
      ReadOnlyException.class,
      StoreException.class,
      StoreException.class,
      InternalException.class,
    };
    for (int group = 0; group < groups.length; group++) {
      assertSame(groups[group], Failures.of(-100 * group - 99, "", false, null).getClass());
    }
    assertSame(StoreException.class, Failures.of(-12345, "", false, null).getClass());
  }
}
