package agl.app.data;

import agl.app.data.PromptSet.Label;
import agl.error.AglException;
import agl.nn.checkpoint.Sealed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The alignment data that comes with agl, for {@code --alignment builtin}: requests to refuse, with refusals, and harmless requests that
 * look like them, with answers, in our own words (docs/ALIGNMENT_DATA.md). {@code builtin} by itself is this data; a file or folder of the
 * user's of that name is {@code ./builtin}.
 */
public final class BuiltinAlignment {
    /** What the command line calls it. */
    public static final String NAME = "builtin";
    private static final String RESOURCE = "/agl/alignment/builtin.csv";

    /**
     * A row of the resource.
     *
     * @param label UNSAFE for a request with a refusal, SAFE for a harmless one with an answer
     */
    public record Labelled(Example example, Label label, String category) {
    }

    /** All rows, read once: in turn a request of each category, each followed by its harmless look-alike. */
    private static final class Rows {
        static final byte[] BYTES = bytes();
        static final List<Labelled> ALL = parse();
        static final Map<Example, String> CATEGORIES = new HashMap<>();

        static {
            ALL.forEach(row -> CATEGORIES.put(row.example(), row.category()));
        }

        private static byte[] bytes() {
            try (InputStream in = Objects.requireNonNull(BuiltinAlignment.class.getResourceAsStream(RESOURCE), RESOURCE)) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static List<Labelled> parse() {
            try (InputStreamReader text = new InputStreamReader(new ByteArrayInputStream(BYTES), StandardCharsets.UTF_8)) {
                return RowReader.readCsv(Path.of(NAME), text).stream()
                        .map(row -> new Labelled(new Example(row.text("instruction"), row.text("response")),
                                row.text("label").equals("unsafe") ? Label.UNSAFE : Label.SAFE, row.text("category")))
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private BuiltinAlignment() {
    }

    /** Every row, in the resource's order. */
    public static List<Labelled> rows() {
        return Rows.ALL;
    }

    /** The requests to refuse, each with its refusal; in turn one of each category. */
    public static List<Example> unsafe() {
        return of(Label.UNSAFE);
    }

    /** The harmless requests, each with its answer; in turn one of each category. */
    public static List<Example> harmless() {
        return of(Label.SAFE);
    }

    /** For a method that needs both kinds: alignment examples with built-in refusals among them, and the harmless rows after them. */
    public static List<Example> withHarmless(List<Example> alignment) {
        boolean builtin = alignment.stream().anyMatch(Rows.CATEGORIES::containsKey);
        Set<Example> known = Set.copyOf(alignment);
        return !builtin ? alignment
                : Stream.concat(alignment.stream(), harmless().stream().filter(e -> !known.contains(e))).toList();
    }

    private static List<Example> of(Label label) {
        return Rows.ALL.stream().filter(row -> row.label() == label).map(Labelled::example).toList();
    }

    /** SHA-256 of the resource. */
    public static String sha256() {
        return HexFormat.of().formatHex(Sealed.sha256().digest(Rows.BYTES));
    }

    /** What provenance records besides files: "builtin" with its SHA-256 if it is among these data files, else nothing. */
    public static Map<String, String> hashes(List<Path> data) {
        return data.stream().anyMatch(BuiltinAlignment::isNamed) ? Map.of(NAME, sha256()) : Map.of();
    }

    /** The data files without "builtin": those on disk. */
    public static List<Path> files(List<Path> data) {
        return data.stream().filter(file -> !isNamed(file)).toList();
    }

    /**
     * Moves examples, such that every beginning of the list has of each category about its share of the whole. Within a category the order
     * stays; examples from elsewhere count as one category, so without built-in rows nothing moves.
     */
    public static List<Example> balanced(List<Example> examples) {
        Map<String, Integer> sizes = new HashMap<>();
        examples.forEach(e -> sizes.merge(category(e), 1, Integer::sum));
        record Placed(Example example, double at) {
        }

        Map<String, Integer> seen = new HashMap<>();
        List<Placed> placed = new ArrayList<>();
        for (Example e : examples) {
            int rank = seen.merge(category(e), 1, Integer::sum);
            placed.add(new Placed(e, (rank - 0.5) / sizes.get(category(e))));
        }
        return placed.stream().sorted(Comparator.comparingDouble(Placed::at)).map(Placed::example).toList(); // a stable sort
    }

    private static String category(Example e) {
        return Rows.CATEGORIES.getOrDefault(e, "");
    }

    static boolean isNamed(Path file) {
        return file.equals(Path.of(NAME));
    }

    /** A line for the user if there is something of this name on disk, which is not what is read; else empty. */
    static Optional<String> mistakable(Path onDisk) {
        return !Files.exists(onDisk) ? Optional.empty()
                : Optional.of("builtin is the alignment data that comes with agl, not what is called builtin in this folder (that is"
                        + " ./builtin)");
    }

    /** Refuses "builtin" where other data are needed. */
    static void refuse(List<Path> files, String why) {
        if (files.stream().anyMatch(BuiltinAlignment::isNamed)) {
            throw new AglException("builtin is the alignment data that comes with agl, for --alignment and for align --data; " + why
                    + " (a file called builtin is ./builtin)");
        }
    }
}
