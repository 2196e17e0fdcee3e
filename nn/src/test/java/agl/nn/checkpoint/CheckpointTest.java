package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    private Path folder;

    private void shard(String file, String tensor, float... values) {
        new SafeTensorsWriter().add(tensor, values, values.length).write(folder.resolve(file));
    }

    private String refusal(String index) throws IOException {
        Files.writeString(folder.resolve(Checkpoint.INDEX), index);
        return assertThrows(AglException.class, () -> Checkpoint.open(folder), index).getMessage();
    }

    @Test void shardsInTheOrderOfTheIndex() throws IOException {
        shard("b.safetensors", "x", 1, 2);
        new SafeTensorsWriter().add("y", new float[] {3}, 1).add("z", new float[] {4}, 1).write(folder.resolve("a"));
        Files.writeString(folder.resolve(Checkpoint.INDEX), "{\"weight_map\":{\"z\":\"a\",\"x\":\"b.safetensors\",\"y\":\"a\"}}");
        try (Checkpoint opened = Checkpoint.open(folder)) {
            assertEquals(List.of("z", "x", "y"), opened.names());
            assertArrayEquals(new float[] {1, 2}, opened.info("x").toFloats());
            assertEquals(4, opened.segment("z").byteSize());
            assertTrue(opened.has("y"));
            assertFalse(opened.has("w"));
            assertEquals(folder + ": has no tensor w", assertThrows(AglException.class, () -> opened.info("w")).getMessage());
        }
        // A single file goes before an index.
        shard(Checkpoint.SINGLE, "only", 5);
        try (Checkpoint opened = Checkpoint.open(folder)) {
            assertEquals(List.of("only"), opened.names());
        }
        assertThrows(IllegalStateException.class, () -> {
            Checkpoint closed = Checkpoint.open(folder);
            TensorInfo info = closed.info("only");
            closed.close();
            info.toFloats();
        });
    }

    @Test void indexesThatLie() throws IOException {
        assertEquals(folder + ": neither model.safetensors nor model.safetensors.index.json in this folder",
                assertThrows(AglException.class, () -> Checkpoint.open(folder)).getMessage());
        shard("a", "x", 1);
        Path index = folder.resolve(Checkpoint.INDEX);
        assertEquals(index + ": has no weight_map", refusal("{}"));
        assertEquals(index + ": has no weight_map", refusal("{\"weight_map\":{}}"));
        assertEquals(index + ": has no weight_map", refusal("{\"weight_map\":[\"a\"]}"));
        assertEquals(index + ": says that tensor y is in a, which has none of that name",
                refusal("{\"weight_map\":{\"x\":\"a\",\"y\":\"a\"}}"));
        assertEquals(folder.resolve("b") + ": no such file", refusal("{\"weight_map\":{\"x\":\"b\"}}"));
        assertEquals(index + ": tensor x: shard \"../a\" is not a plain file name in this folder",
                refusal("{\"weight_map\":{\"x\":\"../a\"}}"));
        assertEquals(index + ": tensor x: shard 5 is not a plain file name in this folder", refusal("{\"weight_map\":{\"x\":5}}"));
    }

    /** What was mapped before something turned out wrong is not mapped any longer. (Linux lists the maps of a process.) */
    @Test void nothingStaysMapped() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        Assumptions.assumeTrue(Files.exists(maps));
        shard("good", "x", 1);
        Files.write(folder.resolve("bad"), "GGUF12345678".getBytes());
        Files.writeString(folder.resolve(Checkpoint.INDEX), "{\"weight_map\":{\"x\":\"good\",\"y\":\"bad\"}}");
        assertThrows(AglException.class, () -> Checkpoint.open(folder));
        assertFalse(Files.readString(maps).contains(folder.toString()));
        Checkpoint opened = Checkpoint.open(folder.resolve("good"));
        assertTrue(Files.readString(maps).contains(folder.toString()));
        opened.close();
        assertFalse(Files.readString(maps).contains(folder.toString()));
        opened.close(); // twice does no harm
    }

    @Test void plainFileNames() {
        for (String good : List.of("a", "model-1.safetensors", "..a", "...", "a b", "\u00e9", "x".repeat(255))) {
            assertTrue(Checkpoint.isFileName(good), good);
        }
        for (String bad : List.of("", ".", "..", "a/b", "/a", "a\\b", "a\nb", "\u0000", "a\u2028", "a\u2029", "\u0085", "x".repeat(256))) {
            assertFalse(Checkpoint.isFileName(bad), bad);
        }
    }

    private List<String> files() {
        return ModelFiles.of(folder).stream().map(file -> folder.relativize(file).toString()).toList();
    }

    @Test void filesOfAFolder() throws IOException {
        assertEquals(List.of(), files());
        for (String name : List.of("config.json", "vocab.txt", "tokenizer.json", "notes.txt", "adapter_model.safetensors",
                "adapter_config.json", "b.safetensors", "a.safetensors", "model.bin")) {
            Files.createFile(folder.resolve(name));
        }
        Files.createDirectory(folder.resolve("vocab.json"));
        assertEquals(List.of("adapter_config.json", "adapter_model.safetensors", "config.json", "tokenizer.json", "vocab.txt"), files());
        Files.writeString(folder.resolve(Checkpoint.INDEX),
                "{\"weight_map\":{\"x\":\"b.safetensors\",\"y\":\"b.safetensors\",\"z\":5,\"w\":\"../c\",\"v\":\"missing\"}}");
        assertEquals(List.of("adapter_config.json", "adapter_model.safetensors", "b.safetensors", "config.json", Checkpoint.INDEX,
                "tokenizer.json", "vocab.txt"), files());
        Files.createFile(folder.resolve(Checkpoint.SINGLE));
        assertEquals(List.of("adapter_config.json", "adapter_model.safetensors", "config.json", Checkpoint.SINGLE, "tokenizer.json",
                "vocab.txt"), files());
        Files.delete(folder.resolve(Checkpoint.SINGLE));
        Files.writeString(folder.resolve(Checkpoint.INDEX), "{");
        assertTrue(files().contains(Checkpoint.INDEX) && !files().contains("b.safetensors"), "who loads the model says what is wrong");
        for (String name : List.of("b.safetensors", Checkpoint.SINGLE, "adapter_model.safetensors", "anything")) {
            assertTrue(ModelFiles.isWeights(name), name);
        }
        for (String name : List.of("config.json", "vocab.txt", "adapter_config.json", Checkpoint.INDEX)) {
            assertFalse(ModelFiles.isWeights(name), name);
        }
    }
}
