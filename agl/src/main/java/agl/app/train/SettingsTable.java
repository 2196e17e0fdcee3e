package agl.app.train;

import agl.regularizers.AglSettings;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Every setting with its meaning, default and range. Names and defaults are the records', meanings their Javadoc, ranges the words of their
 * checks: both are read from the sources that the jar holds for {@code agl explain}, so there is no second text that could differ.
 */
public final class SettingsTable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern RECORD = Pattern.compile("/\\*\\*((?:(?!\\*/).)*?)\\*/\\s*(?:@[^\\n]*\\n\\s*)*public record (\\w+)\\(",
            Pattern.DOTALL);
    private static final Pattern PARAM = Pattern.compile("@param (\\w+)\\s+(.*?)(?=\\n\\s*\\* @|\\z)", Pattern.DOTALL);
    private static final Pattern TAG = Pattern.compile("\\{@(?:code |link (?:\\S+ )?)#?([^}]*)\\}");

    private SettingsTable() {
    }

    /**
     * One setting.
     *
     * @param name    as in a config file and after -s; AGL's with "agl." in front
     * @param byDefault its value if nothing is given
     * @param asRead  its value under preset as-read; null where the preset has no say
     * @param range   what it takes
     * @param meaning one line
     */
    public record Setting(String name, JsonNode byDefault, JsonNode asRead, String range, String meaning) { }

    /** In the order of the records: those of a run, then AGL's. */
    public static List<Setting> all() {
        List<Setting> all = new ArrayList<>(ofRun());
        String train = source("agl/src/main/java/agl/app/train/TrainSettings.java");
        add(all, TrainSettings.class, train, "", JSON.valueToTree(TrainSettings.DEFAULT), null);
        String agl = source("regularizers/src/main/java/agl/regularizers/AglSettings.java");
        add(all, AglSettings.class, agl, "agl.", AglSettings.DEFAULT.toJson(), AglSettings.AS_READ.toJson());
        return all;
    }

    /** Those that no record of plain values holds. */
    private static List<Setting> ofRun() {
        JsonNode none = JSON.nullNode();
        return List.of(
                new Setting("method", JSON.valueToTree("agl"), null, "one of " + String.join(", ", MethodKind.names()),
                        "the method; of train only, the other commands choose theirs"),
                new Setting("strength", none, null, "number", "the method's own weight, with method; without it the method's default"),
                new Setting("preset", JSON.valueToTree(RunConfig.DEFAULT.preset()), null, "default or as-read",
                        "what AGL's settings start from: ours, measured, or the values of secondary sources"),
                new Setting("fisher_examples", JSON.valueToTree(RunConfig.DEFAULT.fisherExamples()), null, "whole number, at least 1",
                        "number of alignment examples for the Fisher estimate"),
                new Setting("fisher", none, null, "SHA-256",
                        "of the file that --fisher named: written by a run, so that repeating it needs the same file"));
    }

    private static void add(List<Setting> all, Class<? extends Record> record, String source, String prefix, JsonNode defaults,
            JsonNode asRead) {
        Map<String, Map<String, String>> meanings = meanings(source);
        for (RecordComponent group : record.getRecordComponents()) {
            for (RecordComponent c : group.getType().getRecordComponents()) {
                String name = name(c);
                all.add(new Setting(prefix + name, defaults.get(name), asRead == null ? null : asRead.get(name), range(c, name, source),
                        meanings.getOrDefault(group.getType().getSimpleName(), Map.of()).get(c.getName())));
            }
        }
    }

    private static String name(RecordComponent c) {
        JsonProperty own = c.getAccessor().getAnnotation(JsonProperty.class);
        return own != null ? own.value() : PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(c.getName());
    }

    private static String range(RecordComponent c, String name, String source) {
        Class<?> type = c.getType();
        if (type.isEnum()) {
            return "one of " + Arrays.stream(type.getEnumConstants()).map(v -> JSON.valueToTree(v).asText())
                    .collect(Collectors.joining(", "));
        }
        String what = type == boolean.class ? "true or false" : type == String.class ? "text"
                : type == double.class ? "number" : "whole number";
        Matcher check = Pattern.compile("require\\([^\"]*\"" + name + "\", \\w+, \"([^\":(]*)").matcher(source);
        return check.find() ? what + ", " + check.group(1).strip() : what;
    }

    /** By record and component the text of its {@code @param}. */
    static Map<String, Map<String, String>> meanings(String source) {
        Map<String, Map<String, String>> all = new LinkedHashMap<>();
        Matcher record = RECORD.matcher(source);
        while (record.find()) {
            Map<String, String> of = all.computeIfAbsent(record.group(2), r -> new LinkedHashMap<>());
            Matcher param = PARAM.matcher(record.group(1));
            while (param.find()) {
                String text = TAG.matcher(param.group(2).replaceAll("\\s*\\n\\s*\\*", " ")).replaceAll("$1");
                of.put(param.group(1), text.replaceAll("\\s+", " ").strip());
            }
        }
        return all;
    }

    private static String source(String file) {
        try (InputStream in = Objects.requireNonNull(SettingsTable.class.getResourceAsStream("/agl/source/" + file), file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
