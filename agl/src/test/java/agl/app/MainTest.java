package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.cli.DoctorCommand;
import agl.app.io.BuildInfo;
import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exit codes and what the user sees. */
class MainTest {
    @Test
    void helpAndVersion() {
        CommandLineRun help = CommandLineRun.of("--help");
        assertEquals(0, help.code());
        assertTrue(help.out().contains("doctor"), help.out());
        assertEquals(0, CommandLineRun.of("doctor", "--help").code());
        assertTrue(CommandLineRun.of("--version").out().matches("agl \\d+\\.\\d+.*\\R"));
    }

    @Test
    void mistakesOnTheCommandLineAreOneLineAndCode2() {
        for (String[] args : new String[][] {{"dokter"}, {"doctor", "--jsn"}, {"--unknown"}, {"doctor", "surplus"}}) {
            CommandLineRun outcome = CommandLineRun.of(args);
            assertEquals(2, outcome.code());
            assertEquals(1, outcome.err().lines().count(), outcome.err());
            assertTrue(outcome.err().startsWith("agl: "), outcome.err());
            assertTrue(outcome.err().contains(args[args.length - 1]), outcome.err());
        }
    }

    /** A full device or a closed pipe: what was to be read is not there, whichever command it was. */
    @Test
    void outputThatCannotBeWrittenIsCode2() {
        PrintStream oldOut = System.out;
        PrintStream oldErr = System.err;
        try {
            for (String[] args : new String[][] {{"--help"}, {"--version"}, {"doctor"}, {"doctor", "--json"}, {"train", "--help"},
                {"gradcheck", "--help"}}) {
                ByteArrayOutputStream err = new ByteArrayOutputStream();
                System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
                System.setOut(new PrintStream(new OutputStream() {
                    @Override public void write(int b) throws IOException {
                        throw new IOException("No space left on device");
                    }
                }, false, StandardCharsets.UTF_8));
                assertEquals(2, Main.execute(args), String.join(" ", args));
                assertEquals("agl: standard output could not be written (is its device full, or was the pipe closed?)\n",
                        err.toString(StandardCharsets.UTF_8));
            }
        } finally {
            System.setOut(oldOut);
            System.setErr(oldErr);
        }
    }

    @Test
    void doctorAnswersInWordsAndJson() throws IOException {
        CommandLineRun words = CommandLineRun.of("doctor");
        assertEquals(0, words.code());
        assertTrue(words.out().contains("Vector API"), words.out());
        JsonNode json = new ObjectMapper().readTree(CommandLineRun.of("doctor", "--json").out());
        assertEquals(BuildInfo.version(), json.get("version").asText());
        assertEquals("JDK", json.get("findings").get(0).get("item").asText());
    }

    @Test
    void doctorSaysWhatToDoAboutTheGpu(@TempDir Path home) throws IOException {
        assertEquals(DoctorCommand.State.NOTE, gpu(Map.of(), home).state());
        assertEquals(DoctorCommand.State.MISSING, gpu(Map.of("TORNADOVM_HOME", home.resolve("none").toString()), home).state());
        assertEquals(DoctorCommand.State.OK, gpu(Map.of("TORNADOVM_HOME", home.toString()), home).state());
        Path sdkman = Files.createDirectories(home.resolve(".sdkman/candidates/tornadovm/current"));
        assertTrue(gpu(Map.of(), home).advice().contains(sdkman.toString()));
    }

    private static DoctorCommand.Finding gpu(Map<String, String> environment, Path home) {
        return DoctorCommand.examine(environment, home).stream().filter(f -> f.item().equals("GPU")).findFirst().orElseThrow();
    }

    private static CommandLineRun report(Throwable failure, boolean debug) {
        StringWriter err = new StringWriter();
        int code = Failures.report(failure, debug, new PrintWriter(err));
        return new CommandLineRun(code, "", err.toString());
    }

    @Test
    void whatIsOutsideTheProgramIsOneLine() {
        for (Throwable failure : new Throwable[] {
            new AglException("data.csv, row 3:\n  no response"),
            new CompletionException(new AglException("data.csv, row 3: no response")),
            new UncheckedIOException(new NoSuchFileException("data.csv")),
            new AccessDeniedException("data.csv"),
            new RuntimeException(new IOException("data.csv: no space left on device")),
        }) {
            CommandLineRun outcome = report(failure, false);
            assertEquals(2, outcome.code());
            assertEquals(1, outcome.err().lines().count(), outcome.err());
            assertTrue(outcome.err().contains("data.csv"), outcome.err());
        }
    }

    @Test void aLineStaysALineWhateverANameHolds() {
        CommandLineRun outcome = report(
                new AglException("model.safetensors: tensor \"\u001b[2J\u0007" + "x".repeat(100_000) + "\" is missing"), false);
        assertTrue(outcome.err().length() < 2000 && outcome.err().endsWith("is missing" + System.lineSeparator()), outcome.err());
        assertTrue(outcome.err().strip().chars().noneMatch(Character::isISOControl), outcome.err());
    }

    @Test
    void tooLittleMemorySaysHowToGiveMore() {
        CommandLineRun outcome = report(new OutOfMemoryError("Java heap space"), false);
        assertEquals(2, outcome.code());
        assertTrue(outcome.err().contains("-Xmx"), outcome.err());
    }

    @Test
    void theTraceIsShownForBugsAndWithDebugOnly() {
        assertFalse(report(new AglException("wrong"), false).err().contains("at agl."));
        assertTrue(report(new AglException("wrong"), true).err().contains("at agl."));
        CommandLineRun bug = report(new IllegalStateException("bug", new IOException("cause")), false);
        assertEquals(1, bug.code());
        assertTrue(bug.err().contains("at agl."), bug.err());
    }

    @Test
    void aWeightsFileThatIsCutWhileInUseIsNoBug() {
        assertTrue(Failures.explain(new InternalError("a fault occurred in an unsafe memory access operation")).contains("cut short"));
        assertEquals(null, Failures.explain(new InternalError("something else")));
    }
}
