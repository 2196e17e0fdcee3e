package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import agl.nn.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An output is written whole or not at all, and never over what another put there. */
class OutputFilesTest {
    private static final String OURS = "{\"command\":\"train\"}";

    @TempDir
    private Path temp;
    private Path out;

    @BeforeEach void folder() {
        out = temp.resolve("out");
    }

    /** An earlier run's output. */
    private void earlier() throws IOException {
        put(Provenance.FILE, OURS);
        put("a.json", "old");
        put("b.json", "old");
        put("assets/c", "old");
        put("mine.txt", "mine");
    }

    private void put(String name, String text) throws IOException {
        Files.createDirectories(out.resolve(name).getParent());
        Files.writeString(out.resolve(name), text);
    }

    private static void fill(Path folder) throws IOException {
        for (String name : List.of(Provenance.FILE, "a.json", "assets/c", "assets/d")) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.writeString(folder.resolve(name), "new");
        }
    }

    /** Every file's text and every folder, by path. */
    private Map<String, String> all() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(temp)) {
            for (Path path : paths.toList()) {
                all.put(temp.relativize(path).toString(), Files.isDirectory(path) ? "folder" : Files.readString(path));
            }
        }
        return all;
    }

    private static String refusal(Runnable action) {
        return assertThrows(AglException.class, action::run).getMessage();
    }

    @Test void anEarlierRunsFilesAreReplaced() throws IOException {
        earlier();
        OutputFiles.into(out).write(List.of("a.json", "b.json", "none.json"), OutputFilesTest::fill);
        assertEquals(Map.of("", "folder", "out", "folder", "out/provenance.json", "new", "out/a.json", "new", "out/assets", "folder",
                "out/assets/c", "new", "out/assets/d", "new", "out/mine.txt", "mine"), all());
    }

    /** The user's folder has what a command would write: at the top, in a folder, or a file where a folder is to be. */
    @Test void anotherProgramsFilesStay() throws IOException {
        for (String theirs : List.of("a.json", "assets/d")) {
            out = temp.resolve("folder of " + theirs.replace('/', ' '));
            put(theirs, "mine");
            Map<String, String> before = all();
            assertEquals(out.resolve(theirs) + ": is not an earlier run's, or was changed meanwhile; nothing was written",
                    refusal(() -> OutputFiles.into(out).write(List.of(theirs), OutputFilesTest::fill)));
            assertEquals(before, all());
        }
        out = temp.resolve("folder of assets");
        put("assets", "mine");
        Map<String, String> before = all();
        String said = refusal(() -> OutputFiles.into(out).write(OutputFilesTest::fill));
        assertEquals(0, said.indexOf(out + ": cannot be written: "), said);
        assertEquals(before, all(), "what was renamed already is taken back");
    }

    @Test void whatIsPutThereOrChangedMeanwhileStays() throws IOException {
        for (String name : List.of("assets/d", "a.json", Provenance.FILE)) {
            out = temp.resolve("changed " + name.replace('/', ' '));
            earlier();
            OutputFiles output = OutputFiles.into(out);
            put(name, "something else");
            Map<String, String> before = all();
            assertEquals(out.resolve(name) + ": is not an earlier run's, or was changed meanwhile; nothing was written",
                    refusal(() -> output.write(OutputFilesTest::fill)));
            assertEquals(before, all());
        }
        out = temp.resolve("new");
        OutputFiles output = OutputFiles.into(out);
        put("thesis.txt", "mine");
        put("b.json", "mine");
        output.write(List.of("b.json"), OutputFilesTest::fill);
        assertEquals("mine", Files.readString(out.resolve("thesis.txt")));
        assertEquals("mine", Files.readString(out.resolve("b.json")), "stale is what an earlier run left");
    }

    /** A full disk: while the files are made, and when they get their names. */
    @Test void aFailureLeavesEverythingAsItWas() throws IOException {
        earlier();
        Map<String, String> before = all();
        assertEquals(out.resolve("assets/d") + ": cannot be written: No space left on device",
                refusal(() -> OutputFiles.into(out).write(List.of("b.json"), folder -> {
                    fill(folder);
                    OutputFile.write(folder.resolve("assets/d"), channel -> {
                        throw new IOException("No space left on device");
                    });
                })));
        assertEquals(before, all());
        assertEquals(out + ": cannot be written: No space left on device", refusal(() -> OutputFiles.into(out).write(folder -> {
            fill(folder);
            throw new IOException("No space left on device");
        })));
        assertThrows(IllegalStateException.class, () -> OutputFiles.into(out).write(folder -> {
            throw new IllegalStateException();
        }));
        assertEquals(before, all());
        put("sub", "a file");
        Map<String, String> blocked = all();
        String said = refusal(() -> OutputFiles.into(out).write(List.of("b.json"), folder -> {
            fill(folder);
            Files.writeString(Files.createDirectory(folder.resolve("sub")).resolve("e"), "new");
        }));
        assertEquals(0, said.indexOf(out + ": cannot be written: "), said);
        assertFalse(said.contains(".new."), said);
        assertEquals(blocked, all());
    }

    @Test void provenanceIsFirstAndWhatMakesItValidLast() {
        List<String> names = new ArrayList<>(List.of("report.html", "adapter_config.json", "z.json", "assets/a", Provenance.FILE,
                "index.html", "adapter_model.safetensors"));
        names.sort((a, b) -> OutputFiles.ORDER.compare(Path.of(a), Path.of(b)));
        assertEquals(List.of(Provenance.FILE, "adapter_model.safetensors", "assets/a", "z.json", "index.html", "report.html",
                "adapter_config.json"), names);
    }

    @Test void oneFile() throws IOException {
        Path file = temp.resolve("a.fisher");
        OutputFiles output = OutputFiles.of(file);
        output.write(folder -> Files.writeString(folder.resolve("a.fisher"), "1"));
        assertEquals(Map.of("", "folder", "a.fisher", "1"), all());
        assertEquals(file + ": is not an earlier run's, or was changed meanwhile; nothing was written",
                refusal(() -> output.write(folder -> Files.writeString(folder.resolve("a.fisher"), "2"))));
        OutputFiles again = OutputFiles.of(file);
        again.write(folder -> Files.writeString(folder.resolve("a.fisher"), "3"));
        assertEquals(Map.of("", "folder", "a.fisher", "3"), all());
        assertEquals(file + ": cannot be written: full", refusal(() -> OutputFiles.of(file).write(folder ->
                OutputFile.write(folder.resolve("a.fisher"), channel -> {
                    throw new IOException("full");
                }))));
        assertEquals(Map.of("", "folder", "a.fisher", "3"), all());
        Path deep = temp.resolve("deep/er/b.fisher");
        OutputFiles.of(deep).write(folder -> Files.writeString(folder.resolve("b.fisher"), "4"));
        assertEquals("4", Files.readString(deep));
    }

    private static Map<String, Object> step(int step) {
        return Map.of("step", step, "grad_norm", 1, "tokens", 1);
    }

    /** The log of {@code align}, which lies beside its folder. */
    @Test void aLogBesideTheOutputReplacesAnEarlierOneOnSuccessOnly() throws IOException {
        Path file = temp.resolve("out.metrics.jsonl");
        try (MetricsLog log = MetricsLog.beside(file)) {
            log.write(step(1));
        }
        assertEquals(Map.of("", "folder"), all(), "nothing stays of a run that failed");
        try (MetricsLog log = MetricsLog.beside(file)) {
            log.write(step(1));
            log.keep();
        }
        Map<String, String> first = all();
        assertEquals(2, first.size());
        MetricsLog.beside(file).close();
        try (MetricsLog log = MetricsLog.beside(file)) {
            log.write(step(2));
            assertFalse(first.containsValue(Files.readString(file)), "it can be watched");
        }
        assertEquals(first, all());
        MetricsLog killed = MetricsLog.beside(file); // and never closed
        killed.write(step(3));
        try (MetricsLog log = MetricsLog.beside(file)) {
            log.write(step(4));
        }
        assertEquals(first, all());
        try (MetricsLog log = MetricsLog.beside(file)) {
            log.write(step(5));
            log.keep();
        }
        assertEquals(2, all().size());
        assertFalse(first.equals(all()));
        for (MetricsLog log : List.of(new MetricsLog(file), MetricsLog.beside(file))) {
            Files.writeString(file, "accuracy 1");
            try (log) {
                assertEquals(file + ": is not a log of training steps and would be overwritten; name another --out",
                        refusal(() -> log.write(step(1))));
            }
            assertEquals("accuracy 1", Files.readString(file));
        }
    }
}
