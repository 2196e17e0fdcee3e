package agl.app.model;

import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.Provenance;
import agl.error.AglException;
import agl.lora.Peft;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.ModelFiles;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The base that an adapter of this program was trained on. An adapter loads on any model of the same shape, but is meaningless on any other
 * than its own base.
 *
 * @param adapter the adapter's folder
 * @param base    the base's folder as named in training
 * @param sha256  hashes of the base's files by name, from provenance.json
 */
public record TrainedBase(Path adapter, String base, Map<String, String> sha256) {
    /** Files other than the weights that make another base of it: the tokenizer decides what the ids stand for. */
    private static final Set<String> SMALL = Set.of("config.json", "tokenizer.json");
    /** Weights up to this many bytes are hashed just for this comparison; larger ones only if the command hashes them anyway. */
    private static final long CHEAP = 1L << 30;

    /** Empty if the folder has no provenance.json, or one that does not list the base's files. */
    static Optional<TrainedBase> read(Path adapter) {
        Optional<JsonNode> provenance = Provenance.ofTraining(adapter);
        Path config = adapter.resolve(Peft.CONFIG);
        if (provenance.isEmpty() || !Files.isRegularFile(config)) {
            return Optional.empty();
        }
        JsonNode hashes = provenance.get().path("inputs_sha256");
        String base = Json.read(config).path("base_model_name_or_path").asText();
        Map<String, String> sha256 = new LinkedHashMap<>();
        hashes.properties().forEach(e -> {
            if (isIn(base, e.getKey())) {
                sha256.put(name(Path.of(e.getKey())), e.getValue().asText());
            }
        });
        return sha256.isEmpty() ? Optional.empty() : Optional.of(new TrainedBase(adapter, base, sha256));
    }

    /**
     * Prints one line on standard error for each adapter that was trained on another base. {@code hashed}: the base's files are hashed
     * anyway.
     *
     * @throws AglException for an adapter whose weights are not those that were written there
     */
    public static void check(Path here, List<Path> adapters, boolean hashed) {
        Inputs.read(adapters);
        for (Path adapter : adapters) {
            read(adapter).ifPresent(trained -> {
                List<String> files = trained.differing(here, hashed);
                if (!files.isEmpty()) {
                    Notes.say("warning: " + adapter + " was trained on " + Json.quote(trained.base) + ", but is used here on "
                            + here + ", which has another "
                            + String.join(" and another ", files));
                }
            });
        }
    }

    /**
     * Names of the config, tokenizer and weights files that differ from those in training. Weights in files of other names (other
     * shards) are not compared.
     */
    private List<String> differing(Path here, boolean hashed) {
        List<Path> files = ModelFiles.of(here).stream()
                .filter(f -> sha256.containsKey(name(f))
                        && (SMALL.contains(name(f)) || ModelFiles.isWeights(name(f)))).toList();
        boolean all = hashed || files.stream().mapToLong(TrainedBase::size).sum() <= CHEAP;
        return Inputs.read(files.stream().filter(f -> all || SMALL.contains(name(f))).toList()).hashes().entrySet().stream()
                .filter(e -> !e.getValue().equals(sha256.get(name(Path.of(e.getKey()))))).map(e -> name(Path.of(e.getKey()))).toList();
    }

    private static boolean isIn(String folder, String file) {
        try {
            return Path.of(folder).equals(Path.of(file).getParent());
        } catch (InvalidPathException e) {
            return false; // no file of this machine
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
