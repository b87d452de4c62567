package lddynamostore.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads pairs of texts as the linkage packs them: two lengths, the name, the value. */
public final class Members {
  private final byte[] packed;
  private final ByteBuffer numbers;
  private int at;
  private int nameLength;
  private int valueLength;

  Members(byte[] packed) {
    this.packed = packed;
    this.numbers = ByteBuffer.wrap(packed).order(ByteOrder.nativeOrder());
  }

  /** Goes to the next pair, if there is one. */
  public boolean next() {
    int start = at == 0 ? 0 : at + nameLength + valueLength;
    if (start >= packed.length) {
      return false;
    }
    nameLength = numbers.getInt(start);
    valueLength = numbers.getInt(start + Integer.BYTES);
    at = start + 2 * Integer.BYTES;
    return true;
  }

  /** The name of this pair. */
  public String name() {
    return new String(packed, at, nameLength, StandardCharsets.UTF_8);
  }

  /** The JSON text of its value. */
  public String value() {
    return new String(packed, at + nameLength, valueLength, StandardCharsets.UTF_8);
  }
}
