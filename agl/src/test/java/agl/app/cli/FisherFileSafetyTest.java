package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import agl.app.CommandLineRun;
import agl.app.train.FisherArtefact;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What {@code agl fisher} may write over, and files that are damaged, of another version or of another kind. */
class FisherFileSafetyTest extends FisherFileRuns {
    @Test void onlyAFileOfOursIsWrittenOver() throws IOException {
        byte[] notes = "my notes".getBytes(StandardCharsets.UTF_8);
        Files.write(file, notes);
        refused(fisher(), file + ": is not a Fisher artefact and would be overwritten");
        assertArrayEquals(notes, Files.readAllBytes(file));
        Path weights = base.resolve("model.safetensors");
        byte[] before = Files.readAllBytes(weights);
        for (Path taken : List.of(weights, base.resolve("new.fisher"), temp.resolve("alignment.csv"), temp)) {
            file = taken;
            refused(fisher(), taken.toString(), "--out");
        }
        assertArrayEquals(before, Files.readAllBytes(weights));
        assertFalse(Files.exists(base.resolve("new.fisher")));
        file = temp.resolve("made/deep/new.fisher");
        make();
        file = Files.createSymbolicLink(temp.resolve("link"), file);
        refused(fisher(), "is a link");
        file = temp.resolve("made/deep/new.fisher");
        byte[] whole = Files.readAllBytes(file);
        whole[whole.length - 3] ^= 1;
        Files.write(file, whole);
        make("-s", "agl.fisher_tokens=1");
        assertEquals(1, FisherArtefact.read(file).estimate().get("fisher_tokens").asInt(), "a damaged one of ours may be written over");
        try (var left = Files.list(file.getParent())) {
            assertEquals(List.of("new.fisher"), left.map(p -> p.getFileName().toString()).toList());
        }
    }

    /** 1000 input files with names of 200 letters: far more metadata than one read of the checksum's field took. */
    @Test void metadataMayBeLong() throws IOException {
        List<String> rows = Files.readAllLines(temp.resolve("alignment.csv"));
        List<String> more = new ArrayList<>(List.of("--alignment"));
        for (int i = 0; i < 1000; i++) {
            Path part = temp.resolve("a".repeat(200) + i + ".csv");
            Files.write(part, List.of(rows.getFirst(), rows.get(1 + i % (rows.size() - 1))));
            more.add(part.toString());
        }
        make(more.toArray(String[]::new));
        try (SafeTensors in = SafeTensors.open(file)) {
            assertTrue(in.metadata().get("about").length() > 200_000);
        }
        assertEquals(0, trainWithFile("out").code());
    }

    /** A bit in each region of the file: length, header, checksum, metadata, every tensor; and a byte more or less. */
    @Test void aDamagedFileIsRefused() throws IOException {
        String[] adapted = {"--target-modules", "v_proj"};
        make(all(List.of(adapted), "-s", "agl.exact_storage=factored"));
        assertEquals(0, trainWithFile("sound", adapted).code());
        byte[] whole = Files.readAllBytes(file);
        int header = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String text = new String(whole, 8, header, StandardCharsets.UTF_8);
        Map<String, Integer> places = new TreeMap<>(Map.of("length", 0, "high length", 6, "brace", 8,
                "checksum", 8 + text.indexOf("agl_sha256") + 15, "checksum's name", 8 + text.indexOf("agl_sha256") + 2,
                "about", 8 + text.indexOf("examples"), "base's hash", 8 + text.indexOf("model.safetensors=") + 20,
                "layout", 8 + text.indexOf("agl-fisher-artefact") + 20, "padding", 8 + header - 1));
        try (SafeTensors in = SafeTensors.open(file)) {
            long at = 8 + header;
            for (JsonNode t : sorted(text)) {
                places.put("tensor " + at, (int) at);
                at += t.get(1).asLong() - t.get(0).asLong();
            }
            assertEquals(whole.length, at);
            assertTrue(in.has("margins"));
        }
        assertTrue(places.size() > 25, places.toString());
        for (Map.Entry<String, Integer> place : places.entrySet()) {
            byte[] damaged = whole.clone();
            damaged[place.getValue()] ^= 1;
            Files.write(file, damaged);
            CommandLineRun run = trainWithFile("out", adapted);
            refused(run, file.toString());
            assertTrue(run.err().contains("damaged"), place + ": " + run.err());
        }
        for (int length : new int[] {0, 7, 8, 8 + header / 2, 8 + header, whole.length - 1, whole.length + 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            refused(trainWithFile("out", adapted), file.toString(), "damaged");
        }
        for (int length : new int[] {8 + header / 2, 8 + header, whole.length - 1, whole.length + 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            CommandLineRun run = trainWithFile("out", adapted);
            refused(run, file + ": ", "damaged");
            assertFalse(run.err().contains("is not a Fisher artefact"), run.err());
            make(adapted);
        }
        Files.delete(file);
        refused(trainWithFile("out"), file + ": no such file");
        Files.createDirectory(file);
        refused(trainWithFile("out"), file + ": is a folder, not a Fisher artefact");
    }

    /** The data come through a pipe, whose writer puts a file at --out first: the command has looked at --out by then. */
    @Test void aFilePutThereMeanwhileStays() throws Exception {
        Path pipe = temp.resolve("pipe.csv");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        byte[] rows = Files.readAllBytes(temp.resolve("alignment.csv"));
        Thread writer = Thread.ofVirtual().start(() -> {
            try (OutputStream out = Files.newOutputStream(pipe)) {
                Files.writeString(file, "mine");
                out.write(rows);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        CommandLineRun run = CommandLineRun.of("fisher", "--base", base.toString(), "--alignment", pipe.toString(), "--template", "plain",
                "--max-length", "64", "-s", "fisher_examples=5", "--out", file.toString());
        writer.join();
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains(file + ": is not an earlier run's"), run.err());
        assertEquals("mine", Files.readString(file));
    }

    /** Text about artefacts, weights that are cut, and an empty file are not ours, whatever their names. */
    @Test void whatIsNotRecognisablyOursStays() throws IOException {
        byte[] weights = Files.readAllBytes(base.resolve("model.safetensors"));
        for (byte[] foreign : List.of("{\"layout\":\"agl-fisher-artefact-1\"}".getBytes(StandardCharsets.UTF_8), new byte[0],
                Arrays.copyOf(weights, weights.length - 1), Arrays.copyOf(weights, 30), weights)) {
            Files.write(file, foreign);
            refused(fisher(), file + ": is not a Fisher artefact and would be overwritten");
            assertArrayEquals(foreign, Files.readAllBytes(file));
        }
    }

    @Test void anUnreadableFileIsNotCalledAnotherKind() throws IOException {
        make();
        Files.setPosixFilePermissions(file, Set.of());
        assumeFalse(Files.isReadable(file), "root reads everything");
        refused(trainWithFile("out"), file + ": cannot be read: permission denied");
        refused(fisher(), file + ": cannot be read: permission denied");
    }

    private static List<JsonNode> sorted(String header) throws IOException {
        List<JsonNode> offsets = new ArrayList<>();
        new ObjectMapper().readTree(header).properties().forEach(e -> {
            if (!e.getKey().equals("__metadata__")) {
                offsets.add(e.getValue().get("data_offsets"));
            }
        });
        offsets.sort((a, b) -> Long.compare(a.get(0).asLong(), b.get(0).asLong()));
        return offsets;
    }

    /** The same tensors with other metadata and a checksum that fits. */
    private void rewrite(Consumer<Map<String, String>> change) throws IOException {
        Path made = temp.resolve("made.fisher");
        try (SafeTensors in = SafeTensors.open(file)) {
            SafeTensorsWriter out = new SafeTensorsWriter();
            Map<String, String> metadata = new TreeMap<>(in.metadata());
            change.accept(metadata);
            metadata.forEach(out::metadata);
            in.names().forEach(name -> out.add(in.info(name)));
            out.writeSealed(made);
        }
        Files.write(file, Files.readAllBytes(made));
    }

    @Test void anotherVersionOrKindOfFileIsRefused() throws IOException {
        make();
        rewrite(m -> { });
        assertEquals(0, trainWithFile("as it was").code());
        rewrite(m -> m.put("layout", "agl-fisher-artefact-2"));
        refused(trainWithFile("out"), "of format 2, this program reads format 1");
        rewrite(m -> m.put("layout", "agl-fisher-3"));
        refused(trainWithFile("out"), "is not a Fisher artefact");
        Files.delete(file);
        make();
        rewrite(m -> m.put("about", "{}"));
        refused(trainWithFile("out"), "does not say what it was made from");
        make();
        rewrite(m -> m.remove("about"));
        refused(trainWithFile("out"), "does not say what it was made from");
        make();
        rewrite(m -> m.put("about", "[1"));
        refused(trainWithFile("out"), "not valid JSON");
        make();
        rewrite(m -> m.put("about", m.get("about").replace("\"fisher_tokens\":2", "\"fisher_tokens\":-2")));
        refused(trainWithFile("out"), file + ": ", "fisher_tokens");
        make();
        rewrite(m -> m.put("matrices", "nothing"));
        refused(trainWithFile("out"), "has no tensor");
        Files.write(file, Files.readAllBytes(base.resolve("model.safetensors")));
        refused(trainWithFile("out"), "is not a Fisher artefact");
    }
}
