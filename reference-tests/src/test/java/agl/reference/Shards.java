package agl.reference;

import agl.nn.checkpoint.Checkpoint;
import agl.nn.checkpoint.OutputFile;
import agl.nn.checkpoint.SafeTensorsWriter;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One safetensors file cut into several with an index, as large checkpoints come. */
final class Shards {
    private Shards() { }

    /** Writes {@code count} shards and the index into {@code folder}; returns the index. */
    static byte[] split(Path file, Path folder, int count) throws IOException {
        ObjectNode index = JsonNodeFactory.instance.objectNode();
        index.putObject("metadata").put("total_size", Files.size(file));
        ObjectNode map = index.putObject("weight_map");
        try (Checkpoint whole = Checkpoint.open(file)) {
            for (int shard = 0; shard < count; shard++) {
                String name = "model-0000" + (shard + 1) + "-of-0000" + count + ".safetensors";
                SafeTensorsWriter writer = new SafeTensorsWriter().metadata("format", "pt");
                for (int i = shard; i < whole.names().size(); i += count) {
                    writer.add(whole.info(whole.names().get(i)));
                    map.put(whole.names().get(i), name);
                }
                writer.write(folder.resolve(name));
            }
        }
        OutputFile.writeText(folder.resolve("model.safetensors.index.json"), index.toPrettyString());
        return Files.readAllBytes(folder.resolve("model.safetensors.index.json"));
    }
}
