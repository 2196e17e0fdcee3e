package agl.nn.checkpoint;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's weights: one {@code model.safetensors}, or several shards with {@code model.safetensors.index.json}, whose
 * {@code weight_map} names, for each tensor, the file in the same folder that contains it.
 */
public final class Checkpoint implements AutoCloseable {
    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";
    /** The limit of common file systems. */
    private static final int MAX_FILE_NAME = 255;

    private final Path origin;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final List<SafeTensors> files = new ArrayList<>();

    private Checkpoint(Path origin) {
        this.origin = origin;
    }

    /** Opens a folder, or a single safetensors file. */
    public static Checkpoint open(Path path) {
        Checkpoint checkpoint = new Checkpoint(path);
        try {
            if (!Files.isDirectory(path)) {
                checkpoint.addFile(path);
            } else if (Files.exists(path.resolve(SINGLE))) {
                checkpoint.addFile(path.resolve(SINGLE));
            } else if (Files.exists(path.resolve(INDEX))) {
                checkpoint.addShards(path);
            } else {
                throw new AglException(path + ": neither " + SINGLE + " nor " + INDEX + " in this folder");
            }
            return checkpoint;
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Tensor names, in the order of the files. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Whether there is a tensor of that name. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** The tensor of that name; an {@link AglException} if there is none. */
    public TensorInfo info(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw new AglException(origin + ": has no tensor " + Json.quote(name));
        }
        return info;
    }

    /** The mapped bytes of the tensor of that name. */
    public MemorySegment segment(String name) {
        return info(name).data();
    }

    /** Unmaps every file. */
    @Override public void close() {
        files.forEach(SafeTensors::close);
        files.clear();
    }

    private void addFile(Path file) {
        SafeTensors opened = SafeTensors.open(file);
        files.add(opened);
        for (String name : opened.names()) {
            tensors.put(name, opened.info(name));
        }
    }

    private void addShards(Path folder) {
        Path index = folder.resolve(INDEX);
        JsonNode map = Json.read(index).path("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw new AglException(index + ": has no weight_map");
        }
        Map<Path, SafeTensors> shards = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : map.properties()) {
            String name = field.getKey();
            Path shard = shard(folder, index, name, field.getValue());
            SafeTensors opened = shards.get(shard);
            if (opened == null) {
                opened = SafeTensors.open(shard);
                files.add(opened);
                shards.put(shard, opened);
            }
            if (!opened.has(name)) {
                throw new AglException(index + ": says that tensor " + Json.quote(name) + " is in "
                        + Json.quote(shard.getFileName().toString()) + ", which has none of that name");
            }
            tensors.put(name, opened.info(name));
        }
    }

    /** A shard must be a plain file name: a path could lead out of the folder. (Links may: the Hugging Face cache consists of them.) */
    private static Path shard(Path folder, Path index, String name, JsonNode value) {
        String text = value.isTextual() ? value.textValue() : "";
        try {
            if (isFileName(text)) {
                return folder.resolve(text);
            }
        } catch (InvalidPathException e) {
            throw new AglException(index + ": tensor " + Json.quote(name) + ": " + Json.quote(text) + " is not a file name", e);
        }
        throw new AglException(index + ": tensor " + Json.quote(name) + ": shard " + Json.quote(value.toString())
                + " is not a plain file name in this folder");
    }

    static boolean isFileName(String text) {
        return !text.isEmpty() && text.length() <= MAX_FILE_NAME && !text.contains("/") && !text.contains("\\") && !text.equals(".")
                && !text.equals("..")
                && text.chars().noneMatch(c -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029');
    }
}
