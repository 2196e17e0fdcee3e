package agl.app.data;

import agl.app.io.Notes;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Unused columns. Columns that other programs use to change what the model is asked or taught are refused; the rest are listed in one line.
 */
final class Columns {
    private static final String CONVERSATION = "conversations are not read: give one exchange per row, as instruction, input and response";

    private static final String ABOUT = "the text that an instruction is about is called input in examples, and is part of the prompt in "
            + "prompts: move it there";

    /** Column to the advice for the user. */
    private static final Map<String, String> REFUSED = Map.ofEntries(
            Map.entry("system", "system prompts are not read: write the text into instruction, or remove the column"),
            Map.entry("system_prompt", "system prompts are not read: write the text into instruction, or remove the column"),
            Map.entry("history", "earlier turns are not read: write them into instruction, or remove the column"),
            Map.entry("messages", CONVERSATION), Map.entry("conversations", CONVERSATION), Map.entry("conversation", CONVERSATION),
            Map.entry("context", ABOUT),
            Map.entry("query", ABOUT),
            Map.entry("tools", "tool descriptions are not read: remove the column, or the rows that need it"),
            Map.entry("images", "text only is read: remove the column, or the rows that need it"),
            Map.entry("image", "text only is read: remove the column, or the rows that need it"),
            Map.entry("videos", "text only is read: remove the column, or the rows that need it"),
            Map.entry("audios", "text only is read: remove the column, or the rows that need it"));

    private Columns() {
    }

    /** Refuses rows with content in a column of {@link #REFUSED}. */
    static void refuse(Path file, List<Row> rows) {
        for (Row row : rows) {
            for (String name : row.fields().keySet()) {
                String advice = REFUSED.get(name.strip().toLowerCase(Locale.ROOT));
                if (advice != null && row.says(name)) {
                    throw new AglException(Row.place(file, row.number()) + ": column " + name + ": " + advice);
                }
            }
        }
    }

    /** Reports unused columns on standard error; for a file that is otherwise valid. */
    static void sayUnused(Path file, List<Row> rows, Set<String> used) {
        Set<String> unused = new LinkedHashSet<>();
        rows.forEach(row -> unused.addAll(row.fields().keySet()));
        unused.removeAll(used);
        if (!unused.isEmpty()) {
            List<String> names = unused.stream().map(name -> name.isEmpty() ? "(without a name)" : name).toList();
            Notes.say(file + ": not used: column" + (names.size() > 1 ? "s " : " ") + Json.quote(String.join(", ", names)));
        }
    }
}
