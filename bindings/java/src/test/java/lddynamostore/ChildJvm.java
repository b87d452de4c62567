package lddynamostore;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A virtual machine of its own for a program of these tests. */
public final class ChildJvm {
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new java.util.HashMap<>(System.getenv());
  private Path home = Path.of(System.getProperty("java.home"));
  private String classPath = System.getProperty("java.class.path");

  private String input = "";

  public ChildJvm() {
    environment.remove("LD_DYNAMO_STORE_LIBRARY");
  }

  public ChildJvm property(String name, Object value) {
    options.add("-D" + name + "=" + value);
    return this;
  }

  public ChildJvm option(String option) {
    options.add(option);
    return this;
  }

  public ChildJvm variable(String name, Object value) {
    environment.put(name, value.toString());
    return this;
  }

  /** Leaves parts out of the class path. */
  public ChildJvm without(Predicate<String> part) {
    classPath = Arrays.stream(classPath.split(File.pathSeparator)).filter(part.negate()).collect(Collectors.joining(File.pathSeparator));
    return this;
  }

  public ChildJvm with(Path part) {
    classPath = part + File.pathSeparator + classPath;
    return this;
  }

  public ChildJvm input(String input) {
    this.input = input;
    return this;
  }

  public ChildJvm home(Path home) {
    this.home = home;
    return this;
  }

  /** A JDK that has virtual threads: the one that runs these tests, or another one on this machine. */
  public static Optional<Path> withVirtualThreads() {
    if (Runtime.version().feature() >= 21) {
      return Optional.of(Path.of(System.getProperty("java.home")));
    }
    try (Stream<Path> homes = Files.list(Path.of("/usr/lib/jvm"))) {
      return homes.filter(ChildJvm::hasVirtualThreads).max(Comparator.naturalOrder());
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  private static boolean hasVirtualThreads(Path home) {
    return Files.isExecutable(home.resolve("bin/java")) && version(home) >= 21;
  }

  /** 0 where it is unknown. */
  private static int version(Path home) {
    try {
      String release = Files.readString(home.resolve("release"));
      return Integer.parseInt(release.replaceAll("(?s).*JAVA_VERSION=\"(\\d+).*", "$1"));
    } catch (IOException | NumberFormatException unknown) {
      return 0;
    }
  }

  /** What the program prints, on both streams. */
  public String run(Class<?> program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString()));
    if (version(home) >= 24) {
      // Its warnings would be a part of what is printed: of native code, and of what LaunchDarkly's SDK uses of Unsafe.
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
    }
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, program.getName()));
    command.addAll(List.of(arguments));
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().clear();
      builder.environment().putAll(environment);
      Process process = builder.start();
      try (OutputStream standardInput = process.getOutputStream()) {
        standardInput.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("the program goes on: " + printed);
      }
      return printed + (process.exitValue() == 0 ? "" : "exit " + process.exitValue());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupt) {
      throw new IllegalStateException(interrupt);
    }
  }
}
