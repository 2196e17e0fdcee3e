package agl.app.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** Files that the pages contain: this project's own styles and scripts, and third-party libraries from their WebJars. */
public final class Assets {
    private Assets() {
    }

    /** A resource beside {@code owner} as text. */
    public static String text(Class<?> owner, String name) {
        return new String(bytes("/" + owner.getPackageName().replace('.', '/') + "/" + name), StandardCharsets.UTF_8);
    }

    /** A file of an npm package on the class path, for example {@code webjar("d3", "dist/d3.min.js")}. */
    public static byte[] webjar(String library, String path) {
        return bytes("/META-INF/resources/webjars/" + library + "/" + version(library) + "/" + path);
    }

    /** A text file of an npm package. */
    public static String webjarText(String library, String path) {
        return new String(webjar(library, path), StandardCharsets.UTF_8);
    }

    private static String version(String library) {
        try (InputStream in = Assets.class.getResourceAsStream("/agl/build.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty(library);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A resource by its absolute name. It is part of this build, so its absence is a bug. */
    public static byte[] bytes(String resource) {
        try (InputStream in = Assets.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("not in this build: " + resource);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
