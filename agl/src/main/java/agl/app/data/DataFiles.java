package agl.app.data;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.Reading.Field;
import agl.app.io.Notes;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.ChatTemplate.Message;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * The user's data files (CSV, TSV, JSONL or JSON, see docs/DATA.md) as examples and prompt sets. A row of examples is in Alpaca form, a
 * prompt with its completion, or a conversation.
 */
public final class DataFiles {
    private static final Set<Field> EXAMPLE = EnumSet.of(Field.INSTRUCTION, Field.INPUT, Field.SYSTEM, Field.RESPONSE, Field.MESSAGES);
    private static final Set<Field> PROMPT = EnumSet.of(Field.PROMPT, Field.LABEL, Field.CATEGORY, Field.CLUSTER);

    private DataFiles() {
    }

    /** The examples of all files, in order, with the columns' own names and every answer. */
    public static List<Example> examples(List<Path> files) {
        return examples(files, Reading.plain());
    }

    /** The examples of all files, in order. */
    public static List<Example> examples(List<Path> files, Reading reading) {
        return rows(files, reading).stream().flatMap(List::stream).toList();
    }

    /** The same by row: the answers of one conversation belong together. */
    public static List<List<Example>> rows(List<Path> files, Reading reading) {
        BuiltinAlignment.refuse(files, "name a file of task data");
        return rows(files, List.of(), reading);
    }

    /** The same for {@code --alignment}: "builtin" stands for the refusals of {@link BuiltinAlignment}. */
    public static List<Example> alignment(List<Path> files, Reading reading) {
        return rows(files, BuiltinAlignment.unsafe(), reading).stream().flatMap(List::stream).toList();
    }

    /** The same for {@code align --data}: "builtin" stands for both halves of {@link BuiltinAlignment}. */
    public static List<Example> toAlignOn(List<Path> files, Reading reading) {
        return rows(files, BuiltinAlignment.rows().stream().map(BuiltinAlignment.Labelled::example).toList(), reading).stream()
                .flatMap(List::stream).toList();
    }

    private static List<List<Example>> rows(List<Path> files, List<Example> builtin, Reading reading) {
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i).toAbsolutePath().normalize();
            if (files.subList(0, i).stream().anyMatch(f -> f.toAbsolutePath().normalize().equals(file))) {
                throw new AglException(files.get(i) + ": is named twice, and its examples would count twice");
            }
        }
        if (files.stream().anyMatch(BuiltinAlignment::isNamed)) {
            BuiltinAlignment.mistakable(Path.of(BuiltinAlignment.NAME)).ifPresent(Notes::say);
        }
        return files.stream()
                .flatMap(file -> BuiltinAlignment.isNamed(file) ? builtin.stream().map(List::of) : rows(file, reading).stream()).toList();
    }

    private static List<List<Example>> rows(Path file, Reading reading) {
        Conversation conversations = new Conversation();
        List<List<Example>> rows = read(file, EXAMPLE, reading, (row, columns) -> examples(row, columns, conversations, reading));
        for (String line : conversations.leftOut()) {
            Notes.say(file + ": " + line);
            reading.leaveOut(file, line);
        }
        return rows;
    }

    private static List<Example> examples(Row row, Columns columns, Conversation conversations, Reading reading) {
        String place = Row.place(row.file(), row.number());
        String messages = columns.in(row, Field.MESSAGES);
        String asked = columns.in(row, Field.INSTRUCTION);
        String answered = columns.in(row, Field.RESPONSE);
        boolean chosen = columns.isMapped(Field.MESSAGES);
        if (!messages.isEmpty() && row.says(messages)
                && (chosen || !columns.isMapped(Field.INSTRUCTION) && !columns.isMapped(Field.RESPONSE))) {
            if (!asked.isEmpty() && !answered.isEmpty() && !chosen) {
                throw new AglException("has both " + messages + " and " + asked + " with " + answered
                        + "; remove one form, or choose with --map messages=" + messages + " or --map prompt=" + asked);
            }
            columns.of(row, Field.MESSAGES);
            List<Message> all = withSystem(row, columns, conversations.messages(row.messages(messages)));
            return conversations.examples(all, 0, reading, place);
        }
        String[] question = columns.of(row, Field.INSTRUCTION);
        if (!row.hasMessages(asked) && !row.hasMessages(answered)) {
            if (Arrays.stream(question).noneMatch(row.fields()::containsKey)) {
                row.text(Stream.concat(Arrays.stream(question), Stream.of("messages")).toArray(String[]::new)); // refuses
            }
            Request single = new Request(row.text(question), row.optional(columns.of(row, Field.INPUT)).orElse(""), List.of(), place);
            List<Message> all = withSystem(row, columns, single.messages());
            return List.of(new Example(all.size() == 1 ? single : Request.of(all, place), row.text(columns.of(row, Field.RESPONSE))));
        }
        List<Message> all = new ArrayList<>(withSystem(row, columns, part(row, question, "user", conversations)));
        int before = all.size();
        all.addAll(part(row, columns.of(row, Field.RESPONSE), "assistant", conversations));
        return conversations.examples(all, before, reading, place);
    }

    /** The messages, with the text of a column for system prompts before them if the row has one. */
    private static List<Message> withSystem(Row row, Columns columns, List<Message> messages) {
        String[] names = columns.of(row, Field.SYSTEM);
        if (Arrays.stream(names).noneMatch(row::says)) {
            return messages;
        }
        if (!messages.isEmpty() && messages.getFirst().role().equals("system")) {
            throw new AglException("has a system message and a column " + String.join(" or ", names) + "; keep one of them");
        }
        return Stream.concat(Stream.of(new Message("system", row.text(names))), messages.stream()).toList();
    }

    /** Half of a conversation in TRL's form, prompt and completion: a list of messages, in a .csv file as text, or one message's text. */
    private static List<Message> part(Row row, String[] names, String role, Conversation conversations) {
        for (String name : names) {
            if (row.hasMessages(name)) {
                JsonNode list = row.messages(name);
                try {
                    return conversations.messages(list);
                } catch (AglException e) {
                    throw new AglException(name + ", " + e.getMessage(), e);
                }
            }
        }
        return List.of(new Message(role, row.text(names)));
    }

    /**
     * The prompts of all files, in order. A repeated prompt is counted once, which is reported; a prompt with two labels is refused.
     */
    public static List<Prompt> prompts(List<Path> files, Reading reading) {
        BuiltinAlignment.refuse(files, "prompts to measure on must be others than those trained on: name a file of prompts");
        List<Prompt> all = files.stream().flatMap(file -> prompts(file, reading).prompts().stream()).toList();
        Map<String, Prompt> first = new LinkedHashMap<>();
        for (Prompt prompt : all) {
            Prompt before = first.putIfAbsent(prompt.prompt().strip(), prompt);
            if (before != null && before.label() != prompt.label()) {
                throw new AglException(
                        "the prompt \"" + Json.quote(prompt.prompt()) + "\" is labeled safe in one row and unsafe in another");
            }
        }
        if (first.size() < all.size()) {
            Notes.say((all.size() - first.size()) + " of " + all.size() + " prompts repeat another one and are not counted again");
        }
        return List.copyOf(first.values());
    }

    /** One set per file, named after it. Columns: prompt, label (safe or unsafe), and category and cluster if any. */
    public static PromptSet prompts(Path file, Reading reading) {
        List<Prompt> prompts = read(file, PROMPT, reading,
                (row, columns) -> new Prompt(prompt(row, columns), Label.of(row.text(columns.of(row, Field.LABEL))),
                        row.optional(columns.of(row, Field.CATEGORY)).orElse(""), row.optional(columns.of(row, Field.CLUSTER)).orElse("")));
        return new PromptSet(file.getFileName().toString().replaceFirst("\\.[^.]+(\\.gz)?$", ""), prompts);
    }

    /** A prompt is asked as it stands: text in another column would be left out of the question. */
    private static String prompt(Row row, Columns columns) {
        if (row.optional("input").isPresent()) {
            throw new AglException("column input: prompts have no input; write the text into prompt, or remove the column");
        }
        String[] names = columns.of(row, Field.PROMPT);
        if (Arrays.stream(names).anyMatch(row::hasMessages)) {
            throw new AglException("column " + names[0] + " holds a list of messages; a prompt is one question, as text");
        }
        return row.text(names);
    }

    /** One column of a file as text; blank if a row has no value. */
    public static List<String> column(Path file, String name) {
        List<Row> rows = RowReader.read(file);
        if (rows.stream().noneMatch(row -> row.fields().containsKey(name))) {
            rows.getFirst().text(name);
        }
        return rows.stream().map(row -> row.optional(name).orElse("")).toList();
    }

    private static <T> List<T> read(Path file, Set<Field> fields, Reading reading, BiFunction<Row, Columns, T> maker) {
        List<Row> rows = RowReader.read(file);
        Columns columns = new Columns(file, rows, fields, reading);
        List<T> made = rows.stream().map(row -> row.make(() -> maker.apply(row, columns))).toList();
        columns.sayUnused();
        return made;
    }
}
