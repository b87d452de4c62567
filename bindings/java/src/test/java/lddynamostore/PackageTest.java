package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.Test;

public class PackageTest {
  @Test
  public void classesAreForJava8() throws Exception {
    int classes = 0;
    try (Stream<Path> files = Files.walk(Path.of("target/classes"))) {
      for (Path file : (Iterable<Path>) files.filter(each -> each.toString().endsWith(".class"))::iterator) {
        try (DataInputStream input = new DataInputStream(Files.newInputStream(file))) {
          input.skipBytes(6);
          assertEquals(file.toString(), 52, input.readUnsignedShort());
        }
        classes++;
      }
    }
    assertTrue(classes > 60);
  }

  @Test
  public void theVersionIsTheRepositorys() throws Exception {
    assertEquals(first("Cargo.toml", "(?m)^version = \"(.+)\"$"), first("bindings/java/pom.xml", "<version>(.+)</version>"));
  }

  private static String first(String file, String pattern) throws IOException {
    Matcher found = Pattern.compile(pattern).matcher(Files.readString(Engine.REPOSITORY.resolve(file)));
    assertTrue(file, found.find());
    return found.group(1);
  }

  /** Frames of the protocol of tests/cases. */
  @Test
  public void theCaseDriver() {
    assertEquals("", runDriver(""));
    String request =
        frame("new", "store", "{\"table\":\"t\",\"no\":1}")
            + frame("context_hash", "store", "user-key")
            + "3\n3\nget\n5\nstore\n-1\n";
    String answers = runDriver(request);
    assertTrue(answers, answers.startsWith("5\n4\n-100\n-1\n"));
    assertTrue(answers, answers.contains("\n5\n1\n0\n44\n"));
    assertTrue(answers, answers.contains("5\n2\n-1\n-1\n"));
  }

  private static String frame(String... fields) {
    StringBuilder frame = new StringBuilder(fields.length + "\n");
    for (String field : List.of(fields)) {
      frame.append(field.length()).append('\n').append(field).append('\n');
    }
    return frame.toString();
  }

  private static String runDriver(String input) {
    return new ChildJvm().variable("LD_DYNAMO_STORE_LIBRARY", Engine.LIBRARY).input(input).run(CaseDriver.class);
  }
}
