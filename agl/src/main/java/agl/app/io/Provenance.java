package agl.app.io;

import agl.autograd.kernels.Kernels;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.ModelFiles;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where an output comes from: enough to reproduce it, or to see why two outputs differ. Written into every output folder as
 * {@code provenance.json}.
 *
 * @param command  the subcommand, for example "train"
 * @param version  this build's version
 * @param settings all settings in force, including defaults; empty if there are none
 * @param inputs   SHA-256 of each input file before the work, by path
 * @param changed  inputs that were changed or deleted before the work ended
 * @param notes    what the command had to say about its data and settings, one line each
 * @param threads  cores in use; the result does not depend on it
 */
public record Provenance(String command, long seed, String version, ObjectNode settings, Map<String, String> inputs, List<String> changed,
                         List<String> notes, String java, String os, String kernels, int threads, Instant written) {
    public static final String FILE = "provenance.json";
    private static final String OUTPUTS = "outputs_sha256";
    /** Commands that train nothing: their provenance does not describe how a model or adapter in that folder was trained. */
    private static final Set<String> MEASURING = Set.of("drift", "compare", "ablate", "forgetting", "explain");
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * Call when the work is done: inputs that changed meanwhile are recorded and reported on standard error.
     *
     * @param inputs in their state when they were read
     */
    public static Provenance of(String command, long seed, UsedSettings settings, Inputs inputs) {
        List<String> changed = inputs.changed().stream().map(Path::toString).toList();
        if (!changed.isEmpty()) {
            System.err.println("agl: changed or deleted after it was read: " + String.join(", ", changed)
                    + "; provenance.json has the hash of what was read");
        }
        List<Path> overwritten = inputs.overwrittenWeights();
        if (!overwritten.isEmpty()) {
            System.err.println("agl: weights are read from their file throughout a run, and "
                    + String.join(", ", overwritten.stream().map(Path::toString).toList())
                    + " was overwritten in place meanwhile: this result belongs to neither version; repeat the run");
        }
        return new Provenance(command, seed, BuildInfo.version(), settings.json(), inputs.hashes(), changed, Notes.said(),
                Runtime.version() + ", " + System.getProperty("java.vendor"),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Kernels.best().name(), Runtime.getRuntime().availableProcessors(), Instant.now());
    }

    public String toJson() {
        return toJson(Map.of());
    }

    private String toJson(Map<String, String> outputs) {
        ObjectNode fields = JSON.createObjectNode().put("command", command).put("seed", seed).put("version", version);
        fields.set("settings", settings);
        fields.set("inputs_sha256", JSON.valueToTree(inputs));
        if (!outputs.isEmpty()) {
            fields.set(OUTPUTS, JSON.valueToTree(outputs));
        }
        if (!changed.isEmpty()) {
            fields.set("inputs_changed_during_run", JSON.valueToTree(changed));
        }
        if (!notes.isEmpty()) {
            fields.set("notes", JSON.valueToTree(notes));
        }
        fields.put("java", java);
        fields.put("os", os);
        fields.put("kernels", kernels);
        fields.put("threads", threads);
        fields.put("written", written.toString());
        try {
            return JSON.writeValueAsString(fields) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes {@code provenance.json} into {@code folder}; with the SHA-256 of the weights, if a model or adapter is there already. */
    public void writeInto(Path folder) {
        Map<String, String> outputs = new LinkedHashMap<>();
        ModelFiles.of(folder).stream().filter(file -> ModelFiles.isWeights(file.getFileName().toString()))
                .forEach(file -> outputs.put(file.getFileName().toString(), Inputs.sha256(file)));
        AtomicFiles.writeText(folder.resolve(FILE), toJson(outputs));
    }

    /** Rejects a file of a model or adapter that is not the one that was written into this folder, if its provenance.json says which. */
    static void requireWritten(Path folder, Map<String, String> sha256) {
        ofTraining(folder).ifPresent(provenance -> sha256.forEach((name, hash) -> {
            String written = written(folder, provenance).path(name).asText(hash);
            if (!written.equals(hash)) {
                throw new AglException(folder.resolve(name) + ": is not the file that agl " + provenance.path("command").asText()
                        + " wrote there, whose SHA-256 is in " + FILE + ": if it is damaged, write it again; if you replaced it, delete "
                        + OUTPUTS + " from " + FILE);
            }
        }));
    }

    /**
     * Rejects a model or adapter of ours of which a file is damaged. Reads all of it once if its provenance.json has the hashes of what
     * was written; else nothing.
     */
    public static void requireUndamaged(Path folder) {
        if (ofTraining(folder).filter(provenance -> !written(folder, provenance).isEmpty()).isPresent()) {
            Inputs.read(List.of(folder));
        }
    }

    /** Hashes by file name; missing if there are none. */
    private static JsonNode written(Path folder, JsonNode provenance) {
        JsonNode written = provenance.path(OUTPUTS);
        if (!written.isMissingNode() && !(written.isObject() && written.valueStream().allMatch(JsonNode::isTextual))) {
            throw new AglException(folder.resolve(FILE) + ": " + OUTPUTS + " is not an object of file names with their SHA-256; if you "
                    + "changed it, delete it");
        }
        return written;
    }

    /** The content of a folder's provenance.json; empty if there is none. */
    public static Optional<JsonNode> read(Path folder) {
        Path file = folder.resolve(FILE);
        return Files.isRegularFile(file) ? Optional.of(Json.read(file)) : Optional.empty();
    }

    /** The subcommand that made a folder's content, for example "train"; empty if there is no provenance.json of ours. */
    public static Optional<String> command(Path folder) {
        return read(folder).map(p -> p.path("command").asText().split(" ")[0]).filter(command -> !command.isEmpty());
    }

    /** The same as {@link #read}, if it records how a model or adapter was trained. */
    public static Optional<JsonNode> ofTraining(Path folder) {
        return read(folder).filter(p -> !MEASURING.contains(p.path("command").asText()));
    }
}
