package agl.nn.checkpoint;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** The files of a model or adapter folder that this program reads; other files there do not affect a result. */
public final class ModelFiles {
    /**
     * Files other than the weights that tools and converters need in a model folder: tokenizer, chat template, generation settings.
     */
    public static final List<String> COMPANIONS = List.of("added_tokens.json", "chat_template.jinja", "chat_template.json",
            "generation_config.json", "merges.txt",
            "sentencepiece.bpe.model", "special_tokens_map.json", "spiece.model", "tekken.json", "tokenizer.json", "tokenizer.model",
            "tokenizer.model.v3",
            "tokenizer_config.json", "vocab.json", "vocab.txt");
    private static final List<String> SETTINGS = List.of("adapter_config.json", "config.json");
    private static final List<String> WEIGHTS = List.of("adapter_model.safetensors", Checkpoint.SINGLE);

    private ModelFiles() {
    }

    /** The existing files of this folder that are read, sorted by name. */
    public static List<Path> of(Path folder) {
        TreeSet<String> names = new TreeSet<>(COMPANIONS);
        names.addAll(SETTINGS);
        names.addAll(WEIGHTS);
        if (!Files.exists(folder.resolve(Checkpoint.SINGLE)) && Files.exists(folder.resolve(Checkpoint.INDEX))) {
            names.add(Checkpoint.INDEX);
            names.addAll(shards(folder.resolve(Checkpoint.INDEX)));
        }
        List<Path> files = new ArrayList<>();
        for (String name : names) {
            if (Files.isRegularFile(folder.resolve(name))) {
                files.add(folder.resolve(name));
            }
        }
        return files;
    }

    /** Whether a file of this name, one of {@link #of}, contains weights: a shard may have any name. */
    public static boolean isWeights(String name) {
        return !COMPANIONS.contains(name) && !SETTINGS.contains(name) && !name.equals(Checkpoint.INDEX);
    }

    private static List<String> shards(Path index) {
        try {
            return Json.read(index).path("weight_map").properties().stream().map(e -> e.getValue()).filter(JsonNode::isTextual)
                    .map(JsonNode::textValue).filter(Checkpoint::isFileName).distinct().toList();
        } catch (AglException e) {
            return List.of(); // loading the model reports what is wrong with the index
        }
    }
}
