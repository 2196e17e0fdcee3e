package agl.app.data;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * One row of a data file, with its place for error messages.
 *
 * @param fields column name to text, in file order; null if a JSON row holds a list or an object
 * @param lists  those of them that are lists
 */
record Row(Path file, int number, Map<String, String> fields, Map<String, JsonNode> lists) {
    private static final Pattern MESSAGES = Pattern.compile("\\s*\\[\\s*\\{\\s*(['\"])(role|content|from|value)\\1\\s*:");

    /** The text of the first of these columns that the row has. */
    String text(String... names) {
        return optional(names).orElseThrow(() -> new AglException(place(file, number) + ": no column " + String.join(" or ", names)
                + "; found: " + describeColumns()));
    }

    /** Like {@link #text}, but empty if the row has none of these columns. Two columns with different values are refused. */
    Optional<String> optional(String... names) {
        String found = null;
        for (String name : names) {
            if (!fields.containsKey(name)) {
                continue;
            }
            String value = fields.get(name);
            if (value == null) {
                throw new AglException(place(file, number) + ": " + name + " is not a text");
            }
            if (found != null && !found.isBlank() && !value.isBlank() && !found.equals(value)) {
                throw new AglException(
                        place(file, number) + ": " + String.join(" and ", names) + " say different things; keep one of them");
            }
            found = found == null || found.isBlank() ? value : found;
        }
        return Optional.ofNullable(found);
    }

    /** Whether the column has a list, an object or a text that is not blank. */
    boolean hasContent(String name) {
        return fields.containsKey(name) && (fields.get(name) == null || !fields.get(name).isBlank());
    }

    /** The same for a column that is not meant to be text; an empty list written into a .csv as "[]" is none. */
    boolean says(String name) {
        String value = fields.get(name);
        return fields.containsKey(name)
                && (value == null || !Set.of("", "[]", "{}", "null", "none", "nan").contains(value.strip().toLowerCase(Locale.ROOT)));
    }

    /** The messages in a column: a list, or text that is one in JSON, as a .csv file has it. */
    JsonNode messages(String name) {
        String value = fields.get(name);
        if (value != null && value.stripLeading().startsWith("[")) {
            return Json.parse(value.getBytes(StandardCharsets.UTF_8), place(file, number) + ": column " + name, Json::tree);
        }
        if (!lists.containsKey(name)) {
            throw new AglException(place(file, number) + ": column " + name + " is not a list of messages");
        }
        return lists.get(name);
    }

    /** Whether the column is a list of objects, as messages are, or text that begins as a list of messages in JSON, or as Python has it. */
    boolean hasMessages(String name) {
        String value = fields.get(name);
        return !name.isEmpty() && (value != null ? MESSAGES.matcher(value).lookingAt()
                : lists.containsKey(name) && lists.get(name).get(0).isObject());
    }

    /** Runs {@code maker} and adds this row's location to its error message. */
    <T> T make(Supplier<T> maker) {
        try {
            return maker.get();
        } catch (AglException e) {
            throw e.getMessage().startsWith(file.toString()) ? e : new AglException(place(file, number) + ": " + e.getMessage(), e);
        }
    }

    /** Rows count from 1, without the header. */
    static String place(Path file, int number) {
        return file + ", row " + number;
    }

    private String describeColumns() {
        return Json.quote(String.join(", ", fields.keySet()));
    }
}
