package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lddynamostore.exception.LibraryException;
import lddynamostore.exception.LibraryMismatchException;
import lddynamostore.exception.LibraryNotFoundException;
import lddynamostore.internal.Stub;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Which library is taken, where its packaged files are laid, and what is said if there is none. */
public class LibrarySearchTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  /** Prints the library that is found without an option. */
  public static final class Shown {
    public static void main(String[] arguments) {
      try {
        Library library = Library.load(arguments.length == 0 ? null : Path.of(arguments[0]));
        System.out.println(library.path() + " " + library.linkage());
      } catch (LibraryException failure) {
        System.out.println(failure.getClass().getSimpleName() + ": " + failure.getMessage());
      }
    }
  }

  private ChildJvm child() {
    return new ChildJvm()
        .property("lddynamostore.native", System.getProperty("lddynamostore.native", "jni"))
        .property("lddynamostore.directory", folder.getRoot().toPath().resolve("files"));
  }

  /** Without the folder of native files, into which a build may have put a library; the shim in it is named. */
  private ChildJvm alone() throws IOException {
    return child().without(part -> part.endsWith("native")).property("lddynamostore.shim", Stub.shim());
  }

  private static String platform() {
    String processor = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    return processor + "-linux-gnu";
  }

  /** A class path element as a jar for this platform has it. */
  private Path packaged(Path library) throws Exception {
    Path root = folder.newFolder().toPath();
    Path place = Files.createDirectories(root.resolve("lddynamostore/native/" + platform()));
    Files.copy(library, place.resolve("libld_dynamo_store.so"));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(library));
    Files.writeString(place.resolve("libld_dynamo_store.so.sha256"), HexFormat.of().formatHex(digest) + "\n");
    return root;
  }

  @Test
  public void theFirstThatIsGivenIsUsed() throws Exception {
    Path other = Stub.compile("other", "src/test/c/native_stub.c");
    Path third = Stub.compile("third", "src/test/c/native_stub.c");
    Path packaged = packaged(third);
    ChildJvm child = child().with(packaged);
    assertTrue(child.run(Shown.class).contains("-libld_dynamo_store.so j"));
    child.variable("LD_DYNAMO_STORE_LIBRARY", other);
    assertTrue(child.run(Shown.class).contains(other + " j"));
    child.property("lddynamostore.library", third);
    assertTrue(child.run(Shown.class).contains(third + " j"));
    assertTrue(child.run(Shown.class, Stub.path().toString()).contains(Stub.path() + " j"));
    // What is named and not there is an error, although there are others.
    String missing = child.variable("LD_DYNAMO_STORE_LIBRARY", "/no/such.so").property("lddynamostore.library", "").run(Shown.class);
    assertTrue(
        missing,
        missing.contains(
            "LibraryNotFoundException: the environment variable LD_DYNAMO_STORE_LIBRARY names /no/such.so as the native library, "
                + "but there is no such file"));
  }

  @Test
  public void theSystemsLoaderIsTheLast() throws Exception {
    String none = alone().run(Shown.class);
    assertTrue(none, none.contains("LibraryNotFoundException: the native library was not found: no option library, no system property"));
    assertTrue(none, none.contains("no variable LD_DYNAMO_STORE_LIBRARY, no lddynamostore/native/" + platform()));
    Path system = folder.newFolder().toPath();
    Files.copy(Stub.path(), system.resolve("libld_dynamo_store.so.1"));
    String found = alone().variable("LD_LIBRARY_PATH", system).run(Shown.class);
    assertTrue(found, found.contains("libld_dynamo_store.so.1 j"));
  }

  @Test
  public void whatDoesNotFitIsSaid() throws Exception {
    Path newer = Stub.compile("newer", "src/test/c/native_stub.c", "-DABI_VERSION=((2 << 16) | 0)");
    Path older = Stub.compile("older", "src/test/c/native_stub.c", "-DABI_VERSION=((1 << 16) | 2)");
    Path empty = Stub.compile("empty", "");
    assertMessage(
        LibraryMismatchException.class,
        newer,
        newer + " has ABI version 2.0, but this package needs 1.3 or a later 1.x: upgrade the Java package");
    assertMessage(
        LibraryMismatchException.class,
        older,
        older + " has ABI version 1.2, but this package needs 1.3 or a later 1.x: upgrade the native library");
    assertMessage(
        LibraryMismatchException.class, empty, empty + " is another library: it has no function ld_dynamo_abi_version");
    Path incomplete = Stub.compile("incomplete", "src/test/c/native_stub.c", "-Dld_dynamo_store_stats=other_name");
    assertMessage(
        LibraryMismatchException.class,
        incomplete,
        incomplete + " has no function ld_dynamo_store_stats: upgrade the native library");
    Path text = folder.newFile("text.so").toPath();
    Files.writeString(text, "no library");
    LibraryNotFoundException wrong = assertThrows(LibraryNotFoundException.class, () -> Library.load(text));
    String advice = "this is " + platform() + ", and needs the library for it, not for another processor or C library";
    assertTrue(wrong.getMessage(), wrong.getMessage().endsWith(advice));
    String said = "the native library " + text + " cannot be loaded: " + text + ": ";
    assertTrue(wrong.getMessage(), wrong.getMessage().startsWith(said));
    assertFalse(wrong.getMessage(), wrong.getMessage().contains("\n"));
  }

  private static void assertMessage(Class<? extends Throwable> kind, Path library, String message) {
    assertEquals(message, assertThrows(kind, () -> Library.load(library)).getMessage());
  }

  @Test
  public void packagedFilesAreExtractedOnceForOurselvesAlone() throws Exception {
    Path packaged = packaged(Stub.path());
    Path files = folder.getRoot().toPath().resolve("files");
    child().with(packaged).run(Shown.class);
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(files)));
    List<String> first = listing(files);
    assertTrue(first.toString(), first.stream().anyMatch(name -> name.contains("-libld_dynamo_store.so")));
    child().with(packaged).run(Shown.class);
    assertEquals(first, listing(files));
  }

  @Test
  public void manyProcessesExtractAtOnce() throws Exception {
    Path packaged = packaged(Stub.path());
    List<String> printed = Stream.generate(() -> packaged).limit(6).parallel().map(path -> child().with(path).run(Shown.class)).toList();
    for (String each : printed) {
      assertTrue(each, each.contains("-libld_dynamo_store.so j"));
    }
    assertTrue(listing(folder.getRoot().toPath().resolve("files")).stream().noneMatch(name -> name.startsWith(".")));
  }

  /** Names, and when they were written. */
  private static List<String> listing(Path files) throws IOException {
    try (Stream<Path> found = Files.list(files)) {
      return found.sorted().map(file -> file.getFileName() + " " + file.toFile().lastModified()).collect(Collectors.toList());
    }
  }

  @Test
  public void aFolderThatOthersMayEnterIsNotTrusted() throws Exception {
    Path open = folder.newFolder().toPath();
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    String refused = child().property("lddynamostore.directory", open).with(packaged(Stub.path())).run(Shown.class);
    assertTrue(refused, refused.contains("other users may enter it: its permissions must be 0700"));
    Path link = folder.getRoot().toPath().resolve("link");
    Files.createSymbolicLink(link, folder.newFolder().toPath());
    refused = child().property("lddynamostore.directory", link).with(packaged(Stub.path())).run(Shown.class);
    assertTrue(refused, refused.contains("it is no folder"));
  }

  @Test
  public void aFolderThatCannotBeWrittenGivesWayToTheNext() throws Exception {
    Path file = folder.newFile().toPath();
    Path cache = folder.newFolder().toPath();
    String found =
        new ChildJvm()
            .property("lddynamostore.native", System.getProperty("lddynamostore.native", "jni"))
            .property("java.io.tmpdir", file)
            .property("jna.tmpdir", cache)
            .variable("XDG_CACHE_HOME", cache)
            .with(packaged(Stub.path()))
            .run(Shown.class);
    assertTrue(found, found.contains(cache.resolve("ld-dynamo-store").toString()));
  }

  @Test
  public void withoutShimAndWithoutJna() {
    String said =
        new ChildJvm()
            .without(part -> part.contains("jna") || part.endsWith("native"))
            .property("java.io.tmpdir", folder.getRoot())
            .run(Shown.class, Stub.path().toString());
    assertTrue(said, said.contains("LibraryNotFoundException: Java cannot call the native library: there is no "));
    assertTrue(
        said,
        said.contains("Add the jar ld-dynamo-store with the classifier " + platform() + ", or net.java.dev.jna:jna"));
  }

  @Test
  public void jnaTakesThePlaceOfAMissingShim() {
    String found = new ChildJvm().without(part -> part.endsWith("native")).run(Shown.class, Stub.path().toString());
    assertTrue(found, found.contains(Stub.path() + " jna"));
  }

  @Test
  public void theLinkageMustBeOneOfTwo() {
    String said = new ChildJvm().property("lddynamostore.native", "ffm").run(Shown.class, Stub.path().toString());
    assertTrue(said, said.contains("the system property lddynamostore.native is \"ffm\": it must be \"jni\" or \"jna\""));
  }

  @Test
  public void aLibraryOfAnotherVersionOfTheFileIsNotReplaced() throws Exception {
    // The digest is in the name: another content has another one.
    Path files = folder.getRoot().toPath().resolve("files");
    child().with(packaged(Stub.path())).run(Shown.class);
    child().with(packaged(Stub.compile("another", "src/test/c/native_stub.c", "-DABI_VERSION=((1 << 16) | 9)"))).run(Shown.class);
    long libraries = listing(files).stream().filter(name -> name.contains("-libld_dynamo_store.so ")).count();
    assertEquals(2, libraries);
  }
}
