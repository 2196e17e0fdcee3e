package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {
    @TempDir
    Path folder;

    private List<String> names(Path in) throws IOException {
        try (Stream<Path> all = Files.list(in)) {
            return all.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void foldersAppearWhole() throws IOException {
        Path target = folder.resolve("runs/adapter");
        OutputFiles.into(target).write(into -> {
            assertFalse(Files.exists(target));
            Files.writeString(into.resolve("a.json"), "1");
            Files.writeString(Files.createDirectory(into.resolve("sub")).resolve("b"), "2");
        });
        assertEquals(List.of("a.json", "sub"), names(target));
        assertEquals(List.of("adapter"), names(target.getParent()));
    }

    /** A mounted folder cannot be replaced, and a shell may be in an empty one: what exists stays the same folder. */
    @Test
    void anEmptyFolderIsFilledNotReplaced() throws IOException {
        Path target = Files.createDirectories(folder.resolve("out"));
        Object key = Files.readAttributes(target, BasicFileAttributes.class).fileKey();
        OutputFiles.into(target).write(into -> Files.writeString(into.resolve("a.json"), "1"));
        assertEquals(List.of("a.json"), names(target));
        assertEquals(key, Files.readAttributes(target, BasicFileAttributes.class).fileKey());
        assertThrows(AglException.class, () -> OutputFiles.into(target).write(into -> {
            Files.writeString(into.resolve("b.json"), "2");
            throw new AglException("stopped");
        }));
        assertEquals(List.of("a.json"), names(target));
    }

    @Test
    void whatIsInTheFolderAlreadyStays() throws IOException {
        Path target = Files.createDirectories(folder.resolve("out/sub")).getParent();
        Files.writeString(target.resolve("mine.txt"), "mine");
        Files.writeString(target.resolve("a.json"), "old");
        Files.writeString(target.resolve(Provenance.FILE), "{\"command\":\"train\"}");
        Files.writeString(target.resolve("sub/c"), "c");
        OutputFiles.into(target).write(into -> {
            Files.writeString(into.resolve("a.json"), "new");
            Files.writeString(Files.createDirectory(into.resolve("sub")).resolve("b"), "b");
        });
        assertEquals(List.of("a.json", "mine.txt", Provenance.FILE, "sub"), names(target));
        assertEquals("new", Files.readString(target.resolve("a.json")));
        assertEquals(List.of("b", "c"), names(target.resolve("sub")));
        assertEquals(List.of("out"), names(folder));
    }

    @Test
    void aFailureLeavesNothing() throws IOException {
        Path target = folder.resolve("out");
        assertThrows(AglException.class, () -> OutputFiles.into(target).write(into -> {
            Files.writeString(into.resolve("a"), "half");
            throw new IOException("no space left on device");
        }));
        assertThrows(IllegalStateException.class, () -> OutputFiles.into(target).write(into -> {
            Files.writeString(into.resolve("a"), "half");
            throw new IllegalStateException("bug");
        }));
        assertEquals(List.of(), names(folder));
    }

    @Test
    void refusesAFileInTheFoldersPlace() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        for (Path target : List.of(file, file.resolve("below"))) {
            String message = assertThrows(AglException.class, () -> AtomicFiles.requireWritable(target)).getMessage();
            assertTrue(message.startsWith(target.toString()), message);
            assertThrows(AglException.class, () -> OutputFiles.into(target).write(into -> Files.writeString(into.resolve("a"), "1")));
        }
        assertEquals("mine", Files.readString(file));
        assertEquals(List.of("file"), names(folder));
        assertThrows(AglException.class, () -> AtomicFiles.writeText(file.resolve("below"), "x"));
        try (MetricsLog log = new MetricsLog(file.resolve("below/metrics.jsonl"))) {
            assertThrows(AglException.class, () -> log.write(Map.of()));
        }
    }

    @Test
    void askingWhetherAFolderCanBeWrittenMakesNothing() throws IOException {
        AtomicFiles.requireWritable(folder.resolve("a/b"));
        AtomicFiles.requireWritable(folder);
        new MetricsLog(folder.resolve("a/b/metrics.jsonl")).close();
        assertEquals(List.of(), names(folder));
    }

    @Test
    void linksAreFollowedAndStayLinks() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        OutputFiles.into(link).write(into -> Files.writeString(into.resolve("a"), "1"));
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(List.of("a"), names(real));
        Path nowhere = Files.createSymbolicLink(folder.resolve("nowhere"), folder.resolve("gone"));
        for (Path target : List.of(nowhere, nowhere.resolve("below"))) {
            String message = assertThrows(AglException.class, () -> AtomicFiles.requireWritable(target)).getMessage();
            assertTrue(message.contains("does not exist"), message);
        }
        assertEquals(List.of("link", "nowhere", "real"), names(folder));
    }

    @Test
    void writesTextAndBytes() throws IOException {
        AtomicFiles.writeText(folder.resolve("t/a.txt"), "caf\u00e9");
        AtomicFiles.writeBytes(folder.resolve("t/b.bin"), new byte[] {1, 2, 3});
        assertEquals("caf\u00e9", Files.readString(folder.resolve("t/a.txt")));
        assertEquals(3, Files.size(folder.resolve("t/b.bin")));
        assertEquals(List.of("a.txt", "b.bin"), names(folder.resolve("t")));
    }

    @Test
    void metricsCanBeReadWhileTheyAreWritten() throws IOException {
        Path file = folder.resolve("run/metrics.jsonl");
        try (MetricsLog log = new MetricsLog(file)) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("step", 1);
            line.put("loss", 2.5);
            log.write(line);
            assertEquals(List.of("{\"step\":1,\"loss\":2.5}"), Files.readAllLines(file));
            log.write(Map.of("loss", Double.NaN));
        }
        assertEquals("NaN", new ObjectMapper().readTree(Files.readAllLines(file).get(1)).get("loss").asText());
    }

    /** Deleted with its folder while it is written, it is there again at the end, with all its lines. */
    @Test void aLogThatIsDeletedIsWrittenAgain() throws IOException {
        Path file = folder.resolve("run/metrics.jsonl");
        String said = StandardError.during(() -> {
            try (MetricsLog log = new MetricsLog(file)) {
                log.write(Map.of("step", 1));
                delete(file);
                log.write(Map.of("step", 2));
                log.force();
                log.write(Map.of("step", 3));
                delete(file);
                log.write(Map.of("step", 4));
            }
        });
        assertEquals(List.of("{\"step\":1}", "{\"step\":2}", "{\"step\":3}", "{\"step\":4}"), Files.readAllLines(file));
        String line = "agl: " + file + ": was deleted while the run was writing it; it is written again";
        assertEquals(List.of(line, line), said.lines().toList());
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
            Files.delete(file.getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void provenanceNamesInputsByTheirHash() throws IOException {
        Path data = Files.writeString(folder.resolve("abc.txt"), "abc");
        Path model = Files.createDirectories(folder.resolve("model/sub")).getParent();
        Files.writeString(model.resolve("config.json"), "{}");
        Files.writeString(model.resolve("notes.txt"), "not read");
        Provenance.of("train", 42, new UsedSettings().with("rank", 8), Inputs.read(List.of(data, model))).writeInto(folder.resolve("out"));
        JsonNode json = new ObjectMapper().readTree(folder.resolve("out/provenance.json").toFile());
        assertEquals(42, json.get("seed").asLong());
        assertEquals(BuildInfo.version(), json.get("version").asText());
        assertEquals(8, json.get("settings").get("rank").asInt());
        // FIPS 180-2, appendix B.1
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                json.get("inputs_sha256").get(data.toString()).asText());
        assertEquals(2, json.get("inputs_sha256").size());
        assertFalse(json.has("inputs_changed_during_run"));
    }

    @Test
    void progressWithoutATerminalIsAFewLines() {
        long[] nanos = {0};
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (Progress progress = Progress.lines("train", 100, new PrintStream(bytes, true, StandardCharsets.UTF_8), () -> nanos[0])) {
            for (int i = 0; i < 100; i++) {
                nanos[0] += 1_000_000_000L;
                progress.step(50, "loss 1.5");
            }
        }
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(10, lines.size(), lines.toString());
        assertEquals("train 10/100  loss 1.5  50 tokens/s  1:30 left", lines.get(0));
        assertEquals("train: 100 of 100 in 100.0 s, 50 tokens/s", lines.get(9));
    }

    @Test
    void aShortTaskIsOneLineAndASlowOneIsHeardOf() {
        long[] nanos = {0};
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        try (Progress progress = Progress.lines("load", 3, out, () -> nanos[0])) {
            progress.step();
            progress.step();
            progress.step();
        }
        assertEquals(1, bytes.toString(StandardCharsets.UTF_8).lines().count());
        bytes.reset();
        try (Progress progress = Progress.lines("slow", 1000, out, () -> nanos[0])) {
            nanos[0] += 31_000_000_000L;
            progress.step();
        }
        assertEquals(2, bytes.toString(StandardCharsets.UTF_8).lines().count());
    }
}
