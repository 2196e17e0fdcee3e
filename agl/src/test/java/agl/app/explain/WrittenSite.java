package agl.app.explain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The site, written once for all tests of this run: its numbers take some seconds. */
final class WrittenSite {
    private static Path folder;

    private WrittenSite() { }

    static synchronized Path folder() {
        if (folder == null) {
            try {
                folder = Files.createDirectories(Path.of("target", "explain-site")).toAbsolutePath();
                new Site().write(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folder;
    }
}
