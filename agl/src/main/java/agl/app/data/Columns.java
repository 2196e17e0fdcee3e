package agl.app.data;

import agl.app.data.Reading.Field;
import agl.app.io.Notes;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The columns of a file: which holds what, and which are not used. Columns that other programs use to change what the model is asked or
 * taught are refused; the rest are listed in one line.
 */
final class Columns {
    private static final String ABOUT = "the text that an instruction is about is called input in examples, and is part of the prompt in "
            + "prompts: move it there, or in examples name it with --map input=%s";
    private static final String SYSTEM = "prompts have no system message: remove the column";
    private static final String TEXT_ONLY = "text only is read: remove the column, or the rows that need it";

    /** Column to the advice for the user. */
    private static final Map<String, String> REFUSED = Map.ofEntries(Map.entry("system", SYSTEM), Map.entry("system_prompt", SYSTEM),
            Map.entry("history", "earlier turns are read from messages only: write them there, or remove the column"),
            Map.entry("context", ABOUT), Map.entry("query", ABOUT),
            Map.entry("tools", "tool descriptions are not read: remove the column, or the rows that need it"),
            Map.entry("images", TEXT_ONLY), Map.entry("image", TEXT_ONLY), Map.entry("videos", TEXT_ONLY), Map.entry("audios", TEXT_ONLY));

    private final Path file;
    private final List<Row> rows;
    private final Set<String> all = new LinkedHashSet<>();
    private final Map<Field, String> mapped = new EnumMap<>(Field.class);
    private final Set<String> used = new LinkedHashSet<>();

    /** @param fields what is read of the file */
    Columns(Path file, List<Row> rows, Set<Field> fields, Reading reading) {
        this.file = file;
        this.rows = rows;
        rows.forEach(row -> all.addAll(row.fields().keySet()));
        fields.forEach(field -> reading.mapped(field, all).ifPresent(column -> mapped.put(field, column)));
        refuse(fields);
    }

    /**
     * The columns of a row that hold a field: the one that --map names, else the first of its own names with content, with its synonyms;
     * if none has content, all of its names. They count as used.
     */
    String[] of(Row row, Field field) {
        List<String> names = names(row, field);
        used.addAll(names);
        return names.toArray(new String[0]);
    }

    private List<String> names(Row row, Field field) {
        if (mapped.containsKey(field)) {
            return List.of(mapped.get(field));
        }
        return field.groups.stream().map(this::own).filter(names -> names.stream().anyMatch(row::hasContent)).findFirst()
                .orElseGet(() -> own(field.columns));
    }

    /** Without what --map reads as something else. */
    private List<String> own(List<String> names) {
        return names.stream().filter(name -> !mapped.containsValue(name)).toList();
    }

    /** The column with content that holds a field in this row; "" if there is none. It does not count as used yet. */
    String in(Row row, Field field) {
        return names(row, field).stream().filter(row::hasContent).findFirst().orElse("");
    }

    boolean isMapped(Field field) {
        return mapped.containsKey(field);
    }

    private void refuse(Set<Field> fields) {
        for (Row row : rows) {
            for (String name : row.fields().keySet()) {
                boolean read = mapped.containsValue(name) || fields.stream().anyMatch(field -> field.columns.contains(name));
                String advice = read ? null : REFUSED.get(name.strip().toLowerCase(Locale.ROOT));
                if (advice != null && row.says(name)) {
                    throw new AglException(Row.place(file, row.number()) + ": column " + name + ": " + advice.formatted(name));
                }
            }
        }
    }

    /** Reports unused columns on standard error; for a file that is otherwise valid. */
    void sayUnused() {
        List<String> unused = new ArrayList<>(all);
        unused.removeAll(used);
        if (!unused.isEmpty()) {
            List<String> names = unused.stream().map(name -> name.isEmpty() ? "(without a name)" : name).toList();
            Notes.say(file + ": not used: column" + (names.size() > 1 ? "s " : " ") + Json.quote(String.join(", ", names)));
        }
    }
}
