package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.Example;
import agl.app.io.Numbers;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.nn.checkpoint.Json;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * All settings of a run, as in a --config file: those of {@link TrainSettings} at the top level, AGL's under "agl".
 *
 * @param preset         the preset that AGL's settings start from: default or as-read
 * @param fisherExamples number of alignment examples for the Fisher estimate
 * @param choice         the method and its strength; null if the settings do not name one. A strength that is one of AGL's settings is
 *                       stored there and NaN here
 * @param fisher         SHA-256 of the file that the Fisher information is read from (--fisher); null if it is estimated
 */
public record RunConfig(TrainSettings train, AglSettings agl, String preset, int fisherExamples, MethodChoice choice, String fisher) {
    public static final RunConfig DEFAULT = new RunConfig(TrainSettings.DEFAULT, AglSettings.DEFAULT, "default", 96, null, null);
    private static final List<String> NOT_OF_TRAINING = List.of("agl", "preset", "fisher_examples", "method", "strength", "fisher");

    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Reads a config file (or none), then overrides.
     *
     * @param file a JSON file, or null
     * @param sets settings as name=value; AGL's as agl.name=value
     */
    public static RunConfig of(Path file, List<String> sets) {
        return of(List.of(), file, sets);
    }

    /** As {@link #of(Path, List)}, on top of a command's own {@code defaults}, in the format of {@code sets}. */
    public static RunConfig of(List<String> defaults, Path file, List<String> sets) {
        ObjectNode node = JSON.createObjectNode();
        set(node, defaults);
        if (file != null) {
            ObjectNode own = read(file);
            requireOneStrength(file, own);
            own.properties().forEach(e -> {
                if (e.getKey().equals("agl") && e.getValue().isObject() && node.path("agl").isObject()) {
                    node.withObject("/agl").setAll((ObjectNode) e.getValue());
                } else {
                    node.set(e.getKey(), e.getValue());
                }
            });
        }
        set(node, sets);
        return of(node);
    }

    /** Names of the settings given in a config file or on a command line; AGL's as agl.name. */
    public static Set<String> names(Path file, List<String> sets) {
        ObjectNode node = file == null ? JSON.createObjectNode() : read(file);
        set(node, sets);
        Set<String> names = new LinkedHashSet<>();
        node.properties().forEach(e -> {
            if (e.getKey().equals("agl")) {
                e.getValue().fieldNames().forEachRemaining(name -> names.add("agl." + name));
            } else {
                names.add(e.getKey());
            }
        });
        return names;
    }

    private static ObjectNode read(Path file) {
        if (!(Json.read(file) instanceof ObjectNode object)) {
            throw new AglException(file + ": is not a JSON object");
        }
        return object;
    }

    private static void set(ObjectNode node, List<String> sets) {
        for (String set : sets) {
            int at = set.indexOf('=');
            if (at <= 0) {
                throw new AglException("setting \"" + set + "\" is not name=value");
            }
            String name = set.substring(0, at).strip();
            JsonNode value = value(name, set.substring(at + 1).strip());
            if (name.startsWith("agl.")) {
                if (node.has("agl") && !node.get("agl").isObject()) {
                    throw new AglException("setting agl must be a JSON object");
                }
                node.withObject("/agl").set(name.substring(4), value);
            } else {
                node.set(name, value);
            }
        }
    }

    private static JsonNode value(String name, String text) {
        if (text.equals("true") || text.equals("false")) {
            return JSON.getNodeFactory().booleanNode(text.equals("true"));
        }
        try {
            return JSON.getNodeFactory().numberNode(Long.parseLong(text));
        } catch (NumberFormatException notWhole) {
            if (!Numbers.isDecimal(text)) {
                return JSON.getNodeFactory().textNode(text);
            }
            try {
                return JSON.getNodeFactory().numberNode(Numbers.parse(text));
            } catch (AglException e) {
                throw new AglException("setting " + name + ": " + e.getMessage(), e);
            }
        }
    }

    /** Whole numbers up to this are written as integers; above it a double's integer digits are no longer exact, so it stays a decimal. */
    private static final double EXACT = 1L << 53;

    private static RunConfig of(ObjectNode node) {
        String preset = node.path("preset").asText(DEFAULT.preset);
        JsonNode wanted = node.path("fisher_examples");
        int fisherExamples = wanted.isMissingNode() ? DEFAULT.fisherExamples
                : wanted.isIntegralNumber() && wanted.canConvertToInt() ? wanted.intValue() : -1;
        if (fisherExamples < 1) {
            throw new AglException("setting fisher_examples must be a whole number of at least 1, got " + node.get("fisher_examples"));
        }
        AglSettings agl = AglSettings.preset(preset);
        if (node.has("agl")) {
            agl = agl.with(node.get("agl"));
        }
        TrainSettings settings = TrainSettings.DEFAULT.with(node.deepCopy().remove(NOT_OF_TRAINING));
        if (agl.twoBranch() && agl.alignmentRank() >= settings.r()) {
            throw new AglException("setting agl.alignment_rank (" + agl.alignmentRank() + ") must be smaller than r (" + settings.r()
                    + "): r counts both branches");
        }
        return new RunConfig(settings, agl, preset, fisherExamples, choice(node), artefact(node.get("fisher")));
    }

    /** A file that gives the method's strength twice, as strength and by its own name, must not contradict itself. */
    private static void requireOneStrength(Path file, ObjectNode node) {
        JsonNode strength = node.get("strength");
        if (strength == null || !strength.isNumber() || !node.has("method")) {
            return;
        }
        Strength of = MethodKind.of(node.get("method").asText()).strength();
        JsonNode named = node.path("agl").path(String.valueOf(of.name()));
        if (of.setting() != null && named.isNumber() && named.asDouble() != strength.asDouble()) {
            throw new AglException(file + ": strength is " + strength + " and agl." + of.name() + " is " + named
                    + ", which are the same setting: keep one of them");
        }
    }

    private static String artefact(JsonNode sha256) {
        if (sha256 != null && !sha256.asText().matches("[0-9a-f]{64}")) {
            throw new AglException("setting fisher must be the SHA-256 of a Fisher artefact, got " + sha256 + "; --fisher names its file");
        }
        return sha256 == null ? null : sha256.asText();
    }

    private static MethodChoice choice(ObjectNode node) {
        JsonNode strength = node.get("strength");
        if (!node.has("method")) {
            if (strength != null) {
                throw new AglException("setting strength is a number of one method's own: give method too, or --strength");
            }
            return null;
        }
        if (strength != null && !strength.isNumber()) {
            throw new AglException("setting strength must be a number, got " + strength);
        }
        return new MethodChoice(MethodKind.of(node.get("method").asText()), strength == null ? Double.NaN : strength.asDouble());
    }

    /** The settings of this method's run, including its strength, so that recorded and used settings are the same. */
    public RunConfig resolved(MethodChoice wanted) {
        MethodKind kind = wanted.kind();
        Strength.Setting setting = kind.strength().setting();
        if (setting == null) {
            return new RunConfig(train, agl, preset, fisherExamples, new MethodChoice(kind, wanted.strengthOrDefault()), fisher);
        }
        AglSettings own = Double.isNaN(wanted.strength()) ? agl : setting.set(agl, wanted.strength());
        return new RunConfig(train, own, preset, fisherExamples, new MethodChoice(kind, Double.NaN), fisher);
    }

    /** The effective strength of a run on these data, by name: energy if it overrides m; the resulting m if m is not set. */
    public Map<String, Double> inForce(TrainData data) {
        Strength strength = choice.kind().strength();
        if (strength.setting() != Strength.Setting.M) {
            return strength.name() == null ? Map.of() : Map.of(strength.name(), choice.strengthOrDefault(agl));
        }
        List<Example> source = agl.fisherData() == AglSettings.FisherData.TASK ? data.task() : data.alignment();
        int examples = data.fisher() != null ? data.fisher().examples() : Math.min(fisherExamples, source.size());
        return agl.energy() > 0 ? Map.of("energy", agl.energy()) : Map.of("m", (double) agl.directions(examples));
    }

    /** The method and its effective strength, in words. */
    public String described(TrainData data) {
        String strength = inForce(data).entrySet().stream().map(e -> ", " + e.getKey() + " " + MethodChoice.number(e.getValue()))
                .collect(Collectors.joining());
        return choice.kind().title() + strength + (choice.kind().cutsSteps()
                ? " (" + steps(data) + " of " + train.totalSteps(data.task().size()) + " steps)"
                : mixed(data) > 0 ? " (" + steps(data) + " steps: " + examples(data) + ")" : "");
    }

    /** Of a run on mixed data: "480 task and 69 alignment examples". */
    String examples(TrainData data) {
        return visited(data.task().size()) + " task and " + mixed(data) + " alignment examples";
    }

    /** Alignment examples that a run on these data mixes with its task examples. */
    int mixed(TrainData data) {
        return choice == null ? 0 : choice.kind().mixed(visited(data.task().size()), choice.strengthOrDefault());
    }

    /** Examples in the batches of a run on task data alone. */
    private int visited(int examples) {
        return Batches.examplesIn(train.totalSteps(examples), examples, train.batchSize());
    }

    /** Optimizer steps of a run on these data. */
    int steps(TrainData data) {
        return steps(data.task().size());
    }

    /** How many steps' worth of task examples it sees. */
    public int taskSteps(int examples) {
        return choice == null ? steps(examples) : choice.kind().taskSteps(steps(examples), train.totalSteps(examples));
    }

    private int steps(int examples) {
        int total = train.totalSteps(examples);
        return choice == null ? total : choice.kind().steps(total, choice.strengthOrDefault());
    }

    /** Whether all settings are equal, regardless of the preset. */
    public boolean sameSettings(RunConfig other) {
        return equals(new RunConfig(other.train, other.agl, preset, other.fisherExamples, other.choice, other.fisher));
    }

    /** The same without a method, for a command that chooses methods and strengths itself. */
    public RunConfig withoutChoice() {
        return new RunConfig(train, agl, preset, fisherExamples, null, fisher);
    }

    /** The same with the shape of the adapter that a run continues from. */
    public RunConfig withAdapter(LoraConfig adapter) {
        ObjectNode own = JSON.createObjectNode().put("r", adapter.r()).put("lora_alpha", adapter.loraAlpha())
                .put("lora_dropout", adapter.loraDropout())
                .put("target_modules", adapter.targets().toString()).put("use_rslora", adapter.useRslora())
                .put("use_dora", adapter.useDora());
        return new RunConfig(train.with(own), agl, preset, fisherExamples, choice, fisher);
    }

    /**
     * The same with the Fisher information of a file, and the settings of its estimate.
     *
     * @param ownM whether m stays as it is here: the leading m of the file's eigenvectors
     */
    public RunConfig withFisher(FisherArtefact artefact, boolean ownM) {
        ObjectNode estimate = artefact.estimate();
        if (ownM) {
            estimate.remove("m");
        }
        return new RunConfig(train, agl.with(estimate), preset, fisherExamples, choice, artefact.sha256());
    }

    /** AGL settings that have no effect: one line for each that was given, one line for all that come from the preset. */
    public List<String> warnings() {
        List<String> lines = new ArrayList<>(AglRegularizer.warnings(agl));
        List<String> own = new ArrayList<>(AglRegularizer.warnings(AglSettings.preset(preset)));
        own.retainAll(lines);
        if (!own.isEmpty()) {
            lines.removeAll(own);
            lines.addFirst(
                    "preset " + preset + ": " + String.join("; ", own.stream().map(line -> line.substring(0, line.indexOf(':'))).toList())
                            + " (agl explain careful: why, and what makes them act)");
        }
        return lines;
    }

    /** The content of a config file; if the method is known, without settings that it does not use. */
    public ObjectNode toJson() {
        ObjectNode node = JSON.createObjectNode();
        if (choice != null) {
            node.put("method", choice.kind().title());
            if (!Double.isNaN(choice.strength())) {
                double x = choice.strength();
                node.set("strength", x == Math.rint(x) && Math.abs(x) < EXACT ? JSON.getNodeFactory().numberNode((long) x)
                        : JSON.getNodeFactory().numberNode(x));
            }
        }
        node.setAll((ObjectNode) JSON.valueToTree(train));
        node.put("preset", preset).put("fisher_examples", fisherExamples);
        if (fisher != null) {
            node.put("fisher", fisher);
        }
        node.set("agl", agl.toJson());
        if (choice != null) {
            dropUnused(node);
        }
        return node;
    }

    private void dropUnused(ObjectNode node) {
        node.remove(List.of("epochs", "preset", "fisher_examples", "fisher").stream()
                .filter(name -> UnusedSettings.reason(name, choice, this) != null).toList());
        if (choice.kind().reads() == MethodKind.Reads.NOTHING) {
            node.remove("agl");
        } else if (choice.kind().reads() != MethodKind.Reads.EVERYTHING) {
            // AGL keeps all its settings: a term of weight 0 is still measured.
            node.withObject("/agl").remove(
                    AglSettings.names().stream().filter(name -> UnusedSettings.reason("agl." + name, choice, this) != null).toList());
        }
    }
}
