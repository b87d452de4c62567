package lddynamostore.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;
import java.util.stream.Stream;

/** Which native files this process needs. */
final class Platform {
  private static final Path MAPPED_FILES = Paths.get("/proc/self/maps");
  private static final String NAME = name(System.getProperty("os.arch"), System.getProperty("os.name"), hasMusl());

  private Platform() {}

  /** The platform as our packages call it, such as {@code x86_64-linux-gnu}. */
  static String name() {
    return NAME;
  }

  static String name(String architecture, String system, boolean hasMusl) {
    String processor = architecture.toLowerCase(Locale.ROOT);
    switch (processor) {
      case "amd64":
        processor = "x86_64";
        break;
      case "arm64":
        processor = "aarch64";
        break;
      default:
        break;
    }
    if (system.toLowerCase(Locale.ROOT).startsWith("mac")) {
      return processor + "-macos";
    }
    if (!system.equals("Linux")) {
      return processor + "-" + system.toLowerCase(Locale.ROOT).replace(' ', '-');
    }
    return processor + "-linux-" + (hasMusl ? "musl" : "gnu");
  }

  /** What to do about a library that is there and does not load. */
  static String advice(String loaderSays) {
    if (loaderSays.contains("GLIBC_")) {
      return "; this glibc is older than the library needs: take a package's, for glibc 2.17, or build it here";
    }
    if (loaderSays.contains("Permission denied") || loaderSays.contains("Operation not permitted")) {
      return "";
    }
    return "; this is " + name() + ", and needs the library for it, not for another processor or C library";
  }

  // The virtual machine itself is linked with one of the two.
  private static boolean hasMusl() {
    try (Stream<String> lines = Files.lines(MAPPED_FILES, StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> line.contains("/ld-musl-"));
    } catch (IOException unknown) {
      return false;
    }
  }
}
