package lddynamostore.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import lddynamostore.Store;
import lddynamostore.StoreOptions;

/** Compiles libraries for tests, and asks the stand-in what it counted. */
public final class Stub {
  private static final Path FOLDER = Path.of("target/stubs").toAbsolutePath();
  private static final Path PATH = compile("stub", "src/test/c/native_stub.c");

  private Stub() {}

  /** A library with the exported functions of ld-dynamo-store and no database. */
  public static Path path() {
    return PATH;
  }

  /** The JNI shim that was built for this machine. */
  public static Path shim() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("target/native").toAbsolutePath())) {
      return files.filter(file -> file.endsWith("libld_dynamo_store_jni.so")).findFirst().orElseThrow();
    }
  }

  /** A shared library of a source, or of "" for an empty one. */
  public static Path compile(String name, String source, String... options) {
    Path library = FOLDER.resolve("lib" + name + ".so");
    try {
      Files.createDirectories(FOLDER);
      Path empty = FOLDER.resolve("empty.c");
      Files.writeString(empty, "int nothing(void) { return 0; }\n");
      List<String> command = new ArrayList<>(List.of("cc", "-std=c11", "-shared", "-fPIC", "-o", library.toString()));
      command.addAll(List.of(options));
      command.add(source.isEmpty() ? empty.toString() : source);
      Process compiler = new ProcessBuilder(command).inheritIO().start();
      if (compiler.waitFor() != 0) {
        throw new IllegalStateException("cc failed: " + command);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupt) {
      throw new IllegalStateException(interrupt);
    }
    return library;
  }

  /** What the stand-in counted: "stub_live_stores" and so on. */
  public static int count(String function) {
    return NativeLibrary.load(PATH).functions().number(function);
  }

  /** Waits until what other tests have left open is collected and freed, so that it is not counted. */
  public static void settle() throws InterruptedException {
    for (int tries = 0; tries < 100 && count("stub_live_stores") > 0; tries++) {
      System.gc();
      Thread.sleep(20);
      new Store("table", new StoreOptions().library(PATH)).close();
    }
  }

  public static String text(String function) {
    return new String(NativeLibrary.load(PATH).functions().text(function), java.nio.charset.StandardCharsets.UTF_8);
  }
}
