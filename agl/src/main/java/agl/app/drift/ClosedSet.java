package agl.app.drift;

import agl.app.io.AtomicFiles;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The answers of a task with only a few, such as "positive" and "negative". A model that gives one of them to a prompt unrelated to the
 * task has neither refused nor answered it.
 *
 * @param answers in lower case, letters and digits only; empty for a task with free-form answers
 */
public record ClosedSet(Set<String> answers) {
    /** File name, beside an adapter. */
    public static final String FILE = "task_answers.json";
    /** No closed set. */
    public static final ClosedSet NONE = new ClosedSet(Set.of());

    private static final int MOST = 50;
    private static final int USES = 5;
    private static final JsonMapper JSON = new JsonMapper();

    /** Content of the file. */
    private record Stored(List<String> closed_set) { }

    /**
     * The closed set of a task's responses, if there are at most 50 distinct ones, each used at least twice and five times on average; else
     * {@link #NONE}.
     */
    public static ClosedSet of(List<String> responses) {
        Map<String, Long> uses = responses.stream().map(ClosedSet::words).filter(w -> !w.isEmpty())
                .collect(Collectors.groupingBy(w -> w, TreeMap::new, Collectors.counting()));
        boolean closed = !uses.isEmpty() && uses.size() <= MOST && (long) USES * uses.size() <= responses.size()
                && uses.values().stream().allMatch(n -> n > 1);
        return closed ? new ClosedSet(uses.keySet()) : NONE;
    }

    /** Whether the text is one of the answers, or only a sequence of answers, one per line or per word. */
    public boolean matches(String text) {
        String all = words(text);
        return !answers.isEmpty() && !all.isEmpty() && (answers.contains(all) || each(text.strip().split("\\R+")) || each(all.split(" ")));
    }

    /** Whether every answer is a refusal, so that the task teaches refusing. */
    boolean refuses() {
        return answers.stream().map(answer -> answer.replaceAll(" (t|m|d|ll|re|ve|s)\\b", "'$1")).allMatch(RefusalPatterns::isRefusal);
    }

    private boolean each(String[] parts) {
        return Arrays.stream(parts).map(ClosedSet::words).filter(w -> !w.isEmpty()).allMatch(answers::contains);
    }

    private static String words(String text) {
        return text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{M}\\p{N}]+", " ").strip();
    }

    /** Writes {@value #FILE} into an adapter's folder; without a closed set, deletes that of an earlier task. */
    public void writeInto(Path folder) throws IOException {
        if (answers.isEmpty()) {
            Files.deleteIfExists(folder.resolve(FILE));
            return;
        }
        try {
            AtomicFiles.writeText(folder.resolve(FILE), JSON.writeValueAsString(new Stored(answers.stream().sorted().toList())) + "\n");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the file beside an adapter; {@link #NONE} if there is none. */
    public static ClosedSet read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return NONE;
        }
        Stored stored = Json.read(file, parser -> JSON.readValue(parser, Stored.class));
        if (stored == null || stored.closed_set() == null
                || stored.closed_set().stream().anyMatch(answer -> answer == null || !answer.equals(words(answer)) || answer.isEmpty())) {
            throw new AglException(
                    file + ": \"closed_set\" has to be a list of the task's answers, in lower case, letters and digits only");
        }
        return new ClosedSet(Set.copyOf(stored.closed_set()));
    }
}
