package lddynamostore.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import lddynamostore.exception.LibraryNotFoundException;

/**
 * The native files that are packed into jars, extracted once for each content.
 *
 * <p>They go into a folder that only this user can enter and write. A file is complete as soon as it has its name, which holds its digest.
 */
final class PackagedFiles {
  static final String DIRECTORY_PROPERTY = "lddynamostore.directory";

  private static final Set<PosixFilePermission> OURS_ALONE = PosixFilePermissions.fromString("rwx------");

  // Not the class itself, which as a module would see its own jar alone.
  private static final ClassLoader LOADER = PackagedFiles.class.getClassLoader();

  private PackagedFiles() {}

  /** The resource of a file for this platform, whether or not it is packaged. */
  static String resource(String file) {
    return "lddynamostore/native/" + Platform.name() + "/" + file;
  }

  static boolean has(String file) {
    return LOADER.getResource(resource(file)) != null;
  }

  /**
   * What the loader makes of the extracted file, in the first folder where that works. The loader throws an UnsatisfiedLinkError where it
   * does not, as on a file system that is mounted noexec.
   */
  static <T> T use(String file, Function<Path, T> loader) {
    return inFirstFolder(file, folder -> loader.apply(extract(file, folder)));
  }

  /** As {@link #use}, with a copy of a file that only this class loader loads, beside another one that has loaded the file itself. */
  static void useCopy(Path file, Consumer<Path> loader) {
    inFirstFolder(
        file.getFileName().toString(),
        folder -> {
          makePrivate(folder);
          Path copy = Files.createTempFile(folder, ".", ".so");
          try {
            requireOurs(folder, copy);
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            loader.accept(copy);
          } finally {
            // What is loaded stays.
            Files.deleteIfExists(copy);
          }
          return null;
        });
  }

  private interface Use<T> {
    T in(Path folder) throws IOException;
  }

  private static <T> T inFirstFolder(String file, Use<T> use) {
    List<String> failures = new ArrayList<>();
    for (Path folder : folders()) {
      try {
        return use.in(folder);
      } catch (IOException | UnsatisfiedLinkError | UnsupportedOperationException failure) {
        failures.add(folder + " (" + failure.getMessage() + ")");
      }
    }
    throw new LibraryNotFoundException(
        file
            + " could not be loaded from any of "
            + String.join(", ", failures)
            + ": name a folder that can be written and executed from in the system property "
            + DIRECTORY_PROPERTY);
  }

  private static Set<Path> folders() {
    Set<Path> folders = new LinkedHashSet<>();
    String named = System.getProperty(DIRECTORY_PROPERTY);
    if (named != null && !named.isEmpty()) {
      folders.add(Paths.get(named).toAbsolutePath());
      return folders;
    }
    String ours = "ld-dynamo-store-" + System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9_-]", "_");
    folders.add(Paths.get(System.getProperty("java.io.tmpdir"), ours).toAbsolutePath());
    String cache = System.getenv("XDG_CACHE_HOME");
    Path caches =
        cache == null || cache.isEmpty() ? Paths.get(System.getProperty("user.home", "/"), ".cache") : Paths.get(cache);
    folders.add(caches.resolve("ld-dynamo-store").toAbsolutePath());
    folders.add(Paths.get("/dev/shm", ours));
    return folders;
  }

  private static Path extract(String file, Path folder) throws IOException {
    makePrivate(folder);
    Path temporary = Files.createTempFile(folder, ".", ".part");
    try {
      requireOurs(folder, temporary);
      Path extracted = folder.resolve(digest(file).substring(0, 32) + "-" + file);
      if (!Files.isRegularFile(extracted, LinkOption.NOFOLLOW_LINKS)) {
        write(file, temporary);
        Files.move(temporary, extracted, StandardCopyOption.ATOMIC_MOVE);
      }
      return extracted;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void makePrivate(Path folder) throws IOException {
    Files.createDirectories(folder.getParent());
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OURS_ALONE));
    } catch (FileAlreadyExistsException there) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("it is no folder");
      }
    }
  }

  // A file that we have just made tells who we are, also where the user has no name.
  private static void requireOurs(Path folder, Path made) throws IOException {
    if (!Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(Files.getAttribute(made, "unix:uid"))) {
      throw new IOException("it belongs to another user");
    }
    if (!Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS).equals(OURS_ALONE)) {
      throw new IOException("other users may enter it: its permissions must be 0700");
    }
  }

  private static void write(String file, Path to) throws IOException {
    try (InputStream packaged = LOADER.getResourceAsStream(resource(file))) {
      Files.copy(packaged, to, StandardCopyOption.REPLACE_EXISTING);
    }
    // Else a crash of the machine could leave an empty file under the complete one's name.
    try (FileChannel written = FileChannel.open(to, StandardOpenOption.WRITE)) {
      written.force(true);
    }
  }

  private static String digest(String file) throws IOException {
    InputStream packaged = LOADER.getResourceAsStream(resource(file + ".sha256"));
    if (packaged == null) {
      throw new IOException("the jar has no " + resource(file + ".sha256"));
    }
    try (BufferedReader reader = new BufferedReader(new InputStreamReader(packaged, StandardCharsets.US_ASCII))) {
      return reader.readLine();
    }
  }
}
