package lddynamostore;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Requests and answers as tests/cases/README.md frames them. */
public final class Frames {
  private Frames() {}

  /** The fields of the next request, in which null is NULL; or null at the end of the input. */
  public static List<String> read(InputStream input) throws IOException {
    Integer count = readNumber(input);
    if (count == null) {
      return null;
    }
    List<String> fields = new ArrayList<>();
    for (int field = 0; field < count; field++) {
      int length = readNumber(input);
      if (length < 0) {
        fields.add(null);
      } else {
        fields.add(new String(input.readNBytes(length), StandardCharsets.UTF_8));
        input.skipNBytes(1);
      }
    }
    return fields;
  }

  /** Writes one answer; null is NULL. */
  public static void write(OutputStream output, String... fields) throws IOException {
    output.write((fields.length + "\n").getBytes(StandardCharsets.UTF_8));
    for (String field : fields) {
      byte[] text = field == null ? null : field.getBytes(StandardCharsets.UTF_8);
      output.write(((text == null ? -1 : text.length) + "\n").getBytes(StandardCharsets.UTF_8));
      if (text != null) {
        output.write(text);
        output.write('\n');
      }
    }
    output.flush();
  }

  private static Integer readNumber(InputStream input) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = input.read(); next != '\n'; next = input.read()) {
      if (next < 0) {
        if (line.length() == 0) {
          return null;
        }
        throw new EOFException("the input ended inside a line");
      }
      line.append((char) next);
    }
    return Integer.valueOf(line.toString());
  }
}
