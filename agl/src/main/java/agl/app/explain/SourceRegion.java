package agl.app.explain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Lines of this project's source between a marker comment {@code // explain: NAME} and {@code // explain: end}, as packed by the build.
 *
 * @param name      the marker's name
 * @param file      path in the repository
 * @param firstLine number of the first line, counted from 1
 * @param lines     without their common indentation
 */
public record SourceRegion(String name, String file, int firstLine, List<String> lines) {
    private static final String MARKER = "// explain: ";
    private static final String END = "end";

    /** All regions of the sources in this build, by name. */
    public static Map<String, SourceRegion> all() {
        Map<String, SourceRegion> regions = new LinkedHashMap<>();
        try {
            // A file that always exists leads to the folder or jar that contains the sources.
            URI known = SourceRegion.class.getResource("/agl/build.properties").toURI();
            if (known.getScheme().equals("jar")) {
                try (FileSystem jar = FileSystems.newFileSystem(known, Map.of())) {
                    read(jar.getPath("/agl/source"), regions);
                }
            } else {
                read(Path.of(known).resolveSibling("source"), regions);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return regions;
    }

    private static void read(Path root, Map<String, SourceRegion> regions) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                for (SourceRegion r : of(root.relativize(file).toString().replace('\\', '/'), Files.readAllLines(file))) {
                    if (regions.putIfAbsent(r.name, r) != null) {
                        throw new IllegalStateException(
                                "the marker \"" + r.name + "\" is in " + regions.get(r.name).file + " and in " + r.file);
                    }
                }
            }
        }
    }

    /** The regions of one file. */
    static List<SourceRegion> of(String file, List<String> lines) {
        List<SourceRegion> regions = new ArrayList<>();
        String open = null;
        int from = 0;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.startsWith(MARKER)) {
                continue;
            }
            String name = line.substring(MARKER.length()).strip();
            if (name.equals(END) == (open == null)) {
                throw new IllegalStateException(
                        file + ":" + (i + 1) + ": \"" + line + "\" " + (open == null ? "ends nothing" : "inside \"" + open + "\""));
            }
            if (open != null) {
                regions.add(new SourceRegion(open, file, from + 1, dedented(lines.subList(from, i))));
            }
            open = name.equals(END) ? null : name;
            from = i + 1;
        }
        if (open != null) {
            throw new IllegalStateException(file + ": the marker \"" + open + "\" has no end");
        }
        return regions;
    }

    private static List<String> dedented(List<String> lines) {
        int common = lines.stream().filter(l -> !l.isBlank()).mapToInt(l -> l.length() - l.stripLeading().length()).min().orElse(0);
        return lines.stream().map(l -> l.isBlank() ? "" : l.substring(common)).toList();
    }
}
