package lddynamostore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assume.assumeTrue;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import lddynamostore.internal.Stub;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** The package in several class loaders, as in an application server whose applications come and go. */
public class ClassLoaderTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  /** Three applications with a store of their own each, of which one does not close it. */
  public static final class Program {
    public static void main(String[] arguments) throws Exception {
      List<URLClassLoader> applications = new ArrayList<>();
      for (int each = 0; each < 3; each++) {
        URLClassLoader application = new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader());
        Class<?> options = application.loadClass(StoreOptions.class.getName());
        Object settings = options.getConstructor().newInstance();
        options.getMethod("library", Path.class).invoke(settings, Path.of(arguments[0]));
        Class<?> type = application.loadClass(Store.class.getName());
        AutoCloseable store = (AutoCloseable) type.getConstructor(String.class, options).newInstance("table", settings);
        System.out.println(type.getMethod("get", String.class, String.class).invoke(store, "features", "log:3:x"));
        if (each > 0) {
          store.close();
        }
        applications.add(application);
      }
      List<WeakReference<URLClassLoader>> left = new ArrayList<>();
      for (URLClassLoader application : applications) {
        application.close();
        left.add(new WeakReference<>(application));
      }
      applications.clear();
      for (int tries = 0; tries < 50 && left.stream().anyMatch(each -> each.get() != null); tries++) {
        System.gc();
        Thread.sleep(20);
      }
      System.out.println("left: " + left.stream().filter(each -> each.get() != null).count());
    }

    private static URL[] classPath() throws Exception {
      List<URL> parts = new ArrayList<>();
      for (String part : System.getProperty("java.class.path").split(":")) {
        parts.add(Path.of(part).toUri().toURL());
      }
      return parts.toArray(new URL[0]);
    }
  }

  private ChildJvm child() {
    return new ChildJvm()
        .property("lddynamostore.native", linkage())
        .property("lddynamostore.directory", folder.getRoot().toPath().resolve("files"))
        .without(part -> part.contains("awssdk") || part.contains("launchdarkly"));
  }

  private static String linkage() {
    return System.getProperty("lddynamostore.native", "jni");
  }

  private static void assertAllServed(String printed) {
    // JNA itself holds whoever has given it a callback.
    String left = linkage().equals("jni") ? "left: 0\n" : "left: 3\n";
    assertTrue(printed, printed.endsWith(left));
    assertEquals(printed, 3, printed.split("Optional\\[\\{").length - 1);
  }

  @Test
  public void eachHasTheShimAndLeavesNothing() throws Exception {
    assertAllServed(child().run(Program.class, Stub.path().toString()));
    if (linkage().equals("jni")) {
      try (Stream<Path> files = Files.list(folder.getRoot().toPath().resolve("files"))) {
        assertEquals(1, files.count());
      }
    }
  }

  @Test
  public void aCopyOfTheShimIsForOurselvesAlone() throws Exception {
    assumeTrue(linkage().equals("jni"));
    Path open = folder.newFolder("files").toPath();
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    String printed = child().property("lddynamostore.shim", Stub.shim()).run(Program.class, Stub.path().toString());
    assertTrue(printed, printed.contains("other users may enter it: its permissions must be 0700"));
  }

  @Test
  public void eachHasAShimThatIsNamed() throws Exception {
    assertAllServed(child().property("lddynamostore.shim", Stub.shim()).run(Program.class, Stub.path().toString()));
  }
}
