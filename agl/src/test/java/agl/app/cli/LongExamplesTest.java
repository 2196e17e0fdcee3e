package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Examples longer than the model's 96 positions, with a max_length beyond them: they are cut, and that is said before the work. */
class LongExamplesTest {
    private static final String CUT = " were cut to 96 tokens, the model's positions";
    private static final int MOST = Integer.MAX_VALUE;

    @TempDir Path temp;

    @BeforeEach void files() throws IOException {
        TinyModel.write(temp.resolve("base"), 3);
        StringBuilder rows = new StringBuilder("instruction,response\n");
        for (int i = 0; i < 12; i++) {
            rows.append("tell me ").append(i).append(",story ").append(i).append(" the cat sat on the mat".repeat(40)).append('\n');
        }
        Files.writeString(temp.resolve("long.csv"), rows);
    }

    /** What a command says on standard error, one line each. */
    private List<String> said(int maxLength, String... words) {
        CommandLineRun run = CommandLineRun.of(Stream.concat(Stream.of(words), Stream.of("--base", temp.resolve("base").toString(), "--out",
                temp.resolve("out").toString(), "--template", "instruction", "-s", "max_length=" + maxLength)).toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        return run.err().lines().toList();
    }

    private String data() {
        return temp.resolve("long.csv").toString();
    }

    private static int line(List<String> lines, String text) {
        return lines.indexOf(lines.stream().filter(l -> l.contains(text)).findFirst().orElseThrow(() -> new AssertionError(lines)));
    }

    @ParameterizedTest @ValueSource(ints = {97, MOST}) void train(int maxLength) {
        List<String> lines = said(maxLength, "train", "--method", "agl", "--task", data(), "--alignment", data(), "--eval", data(), "-s",
                "fisher_examples=4", "-s", "steps=2", "-s", "batch_size=2", "-s", "r=2");
        int fisher = line(lines, "Fisher");
        assertTrue(line(lines, "agl: 12 of 12 task examples" + CUT) < fisher, lines.toString());
        assertTrue(line(lines, "agl: 12 of 12 held-out examples" + CUT) < fisher, lines.toString());
        assertEquals(3, lines.stream().filter(l -> l.contains(" were cut to ")).count(), "and those of alignment, each once: " + lines);
    }

    @Test void align() {
        List<String> lines = said(MOST, "align", "--data", data(), "-s", "steps=2", "-s", "batch_size=2");
        assertTrue(line(lines, "agl: 12 of 12 examples" + CUT) < line(lines, "align"), lines.toString());
    }

    @Test void fisher() {
        List<String> lines = said(MOST, "fisher", "--alignment", data());
        assertTrue(line(lines, "agl: 12 of 12 alignment examples" + CUT) < line(lines, "Fisher"), lines.toString());
    }

    /** Within the positions the setting alone is named. */
    @Test void aSettingWithinThePositionsCutsByItself() {
        List<String> lines = said(64, "align", "--data", data(), "-s", "steps=2", "-s", "batch_size=2");
        assertTrue(lines.contains("agl: 12 of 12 examples were cut to 64 tokens"), lines.toString());
    }
}
