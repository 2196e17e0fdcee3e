package agl.app.data;

import agl.app.io.Notes;
import agl.app.io.Spelling;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** How a command reads its data files: which columns hold what, and which answers of a conversation are trained on. */
public final class Reading {
    /** Which of the assistant's turns become examples. */
    public enum TrainOn {
        ALL, LAST;

        static TrainOn of(String text) {
            for (TrainOn value : values()) {
                if (value.title().equals(text)) {
                    return value;
                }
            }
            throw new AglException("--train-on must be all or last, got " + Json.quote(text));
        }

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a row can hold, each with the columns it is read from unless {@code --map} names another. */
    enum Field {
        INSTRUCTION("instruction", "prompt"), INPUT("input"), SYSTEM("system system_prompt"), RESPONSE("response output", "completion"),
        MESSAGES("messages", "conversations", "conversation"), PROMPT("prompt"), LABEL("label"), CATEGORY("category"), CLUSTER("cluster");

        /** In order of preference; columns of one group are two names of the same, and must not say different things. */
        final List<List<String>> groups;
        final List<String> columns;

        Field(String... groups) {
            this.groups = Arrays.stream(groups).map(group -> List.of(group.split(" "))).toList();
            this.columns = this.groups.stream().flatMap(List::stream).toList();
        }

        /** Whether {@code --map} calls it so; an instruction and a prompt to measure on are the same to it. */
        boolean isCalled(String name) {
            return columns.contains(name) || this == PROMPT && name.equals("instruction");
        }
    }

    private final Map<String, String> map = new LinkedHashMap<>();
    private final TrainOn trainOn;
    private final Set<String> applied = new LinkedHashSet<>();
    private final Set<String> seen = new LinkedHashSet<>();
    private final List<String> leftOut = new ArrayList<>();
    private boolean last;

    /**
     * @param map     NAME=COLUMN each, as {@code --map} takes them
     * @param trainOn all or last
     */
    public Reading(List<String> map, String trainOn) {
        this.trainOn = TrainOn.of(trainOn);
        for (String pair : map) {
            int equals = pair.indexOf('=');
            String name = pair.substring(0, Math.max(0, equals)).strip();
            String column = pair.substring(equals + 1).strip();
            if (name.isEmpty() || column.isEmpty()) {
                throw new AglException("--map " + Json.quote(pair) + ": give NAME=COLUMN, e.g. prompt=question,response=answer");
            }
            Field field = field(name);
            for (String other : this.map.keySet()) {
                if (field == field(other)) {
                    throw new AglException("--map " + name + (name.equals(other) ? " is given twice" : " and " + other + " are the same"));
                }
            }
            this.map.put(name, column);
        }
    }

    /** Columns by their own names, every answer trained on. */
    public static Reading plain() {
        return new Reading(List.of(), "all");
    }

    private static Field field(String name) {
        for (Field field : Field.values()) {
            if (field.isCalled(name)) {
                return field;
            }
        }
        Set<String> names = new LinkedHashSet<>();
        for (Field field : Field.values()) {
            names.addAll(field.columns);
        }
        throw new AglException("--map " + Json.quote(name) + ": no such name" + Spelling.hint(name, names) + " (" + String.join(", ", names)
                + ")");
    }

    /** The answers of a conversation that are trained on; of none, none. */
    List<Example> chosen(List<Example> answers) {
        if (trainOn == TrainOn.ALL || answers.size() < 2) {
            return answers;
        }
        last = true;
        return List.of(answers.getLast());
    }

    /** For provenance and for what identifies a run: nothing unless something was asked for. */
    public Map<String, String> described() {
        Map<String, String> described = new LinkedHashMap<>();
        if (!map.isEmpty()) {
            described.put("map", text());
        }
        if (trainOn != TrainOn.ALL) {
            described.put("train_on", trainOn.title());
        }
        return described;
    }

    private String text() {
        return map.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(","));
    }

    /** The column that {@code --map} names for a field, as this file spells it; empty if the file has none of that name. */
    Optional<String> mapped(Field field, Set<String> columns) {
        seen.addAll(columns);
        for (Map.Entry<String, String> pair : map.entrySet()) {
            if (field.isCalled(pair.getKey())) {
                Optional<String> column = columns.contains(pair.getValue()) ? Optional.of(pair.getValue())
                        : columns.stream().filter(c -> c.strip().equalsIgnoreCase(pair.getValue())).findFirst();
                column.ifPresent(c -> applied.add(pair.getKey()));
                return column;
            }
        }
        return Optional.empty();
    }

    /**
     * For after all files are read. Says if {@code --train-on last} changed nothing; fails if {@code --map} names a column that none of the
     * files has: a slip would go unseen where a file has both names.
     */
    public void requireApplied() {
        if (trainOn == TrainOn.LAST && !last) {
            Notes.say("not used: --train-on last (no conversation has more than one answer)");
        }
        for (Map.Entry<String, String> pair : map.entrySet()) {
            if (!applied.contains(pair.getKey())) {
                throw new AglException("--map " + pair.getKey() + "=" + Json.quote(pair.getValue()) + ": no file has this column"
                        + Spelling.hint(pair.getValue(), seen) + "; found: " + Json.quote(String.join(", ", seen)));
            }
        }
    }

    /** Records what of a file is not trained on. */
    void leaveOut(Path file, String what) {
        leftOut.add(file + ": " + what);
    }

    /** What of the files is not trained on and why, one line each. */
    public List<String> leftOut() {
        return List.copyOf(leftOut);
    }
}
