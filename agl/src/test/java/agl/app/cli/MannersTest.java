package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.Main;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** How the command line answers: to slips, to a call for help, and to a wish for silence. */
class MannersTest {
    @TempDir Path temp;

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "trian | Unknown command: 'trian'; did you mean train?",
        "dirft --base x | Unknown command: 'dirft'; did you mean drift?",
        "xyzzyx | Unknown command: 'xyzzyx' (",
        "train --lerning-rate 3 | Unknown option: '--lerning-rate'; did you mean --learning-rate?",
        "train --bsae=x --task a.csv | Unknown option: '--bsae'; did you mean --base?",
        // A list of files takes a word that is no option of the command; it is no file either.
        "train --base b --out o --task a.csv --metod lora | Unknown option: '--metod'; did you mean --method?",
        "drift --prompts a.csv b.csv --adaptor x | Unknown option: '--adaptor'; did you mean --adapter?",
        "doctor --zzzzzzzz | Unknown option: '--zzzzzzzz' (",
        "train | Missing required options: '--base=DIR', '--out=DIR', '--task=FILE'",
        "merge --base x --out y | Missing required option: '--adapter=DIR'",
        "train --base | Missing required parameter for option '--model' (DIR)",
        "help trian | Unknown subcommand 'trian'",
        "doctor --quiet --verbose | --quiet and --verbose exclude each other"})
    void saysFirstWhatIsWrong(String line, String said) {
        CommandLineRun run = CommandLineRun.of(line.split(" "));
        assertEquals(2, run.code());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().startsWith("agl: " + said), run.err());
    }

    @Test void helpIsACommandToo() {
        assertEquals(CommandLineRun.of("train", "--help"), CommandLineRun.of("help", "train"));
        assertEquals(CommandLineRun.of("--help"), CommandLineRun.of("help"));
    }

    /** Every option that has a value of its own names it, and no placeholder is left. */
    @Test void helpShowsDefaults() {
        List<String> silent = new ArrayList<>();
        int options = 0;
        for (CommandLine command : commands()) {
            String help = help(command);
            assertFalse(help.contains("${"), help);
            assertFalse(help.contains("\u001b"), "colours are for terminals: " + help);
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (option.defaultValue() != null && !option.defaultValue().isEmpty() && option.arity().max() > 0) {
                    options++;
                    String says = String.join(" ", option.description());
                    if (!says.contains("efault")) {
                        silent.add(command.getCommandSpec().qualifiedName() + " " + option.names()[0]);
                    }
                }
            }
        }
        assertEquals(List.of(), silent);
        assertTrue(options > 20, options + " options with a default");
    }

    @Test void helpShowsTheSettingsOfTheCommand() {
        assertTrue(words(CommandLineRun.of("train", "--help").out()).contains("Peak learning rate. Default: 0.001."));
        assertTrue(words(CommandLineRun.of("align", "--help").out()).contains("Peak learning rate. Default: 3e-5."));
        assertTrue(words(CommandLineRun.of("demo", "--help").out()).contains("Peak learning rate. Default: 0.01."));
        assertTrue(words(CommandLineRun.of("train", "--help").out()).contains("or all-linear. Default: q_proj,v_proj."));
    }

    private static String words(String text) {
        return text.replaceAll("\\s+", " ");
    }

    private static String help(CommandLine command) {
        List<String> line = new ArrayList<>(List.of(command.getCommandSpec().qualifiedName().split(" ")));
        line.removeFirst();
        line.add("--help");
        return CommandLineRun.of(line.toArray(String[]::new)).out();
    }

    private static List<CommandLine> commands() {
        List<CommandLine> all = new ArrayList<>(new CommandLine(new Main()).getSubcommands().values());
        all.removeIf(c -> c.getCommandName().equals("help"));
        for (CommandLine c : List.copyOf(all)) {
            all.addAll(c.getSubcommands().values());
        }
        return all;
    }

    private String[] train(String... more) throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path task = Files.writeString(temp.resolve("task.csv"), 
                "instruction,response\nsay cat,the cat\nsay dog,the dog\nsay tree,the tree\n");
        List<String> line = new ArrayList<>(List.of("train", "--model", base.toString(), "--data", task.toString(), "--method", "lora",
                "--template", "plain", "--max-steps", "3", "-s", "agl.m=2", "--output-dir", temp.resolve("out").toString()));
        line.addAll(List.of(more));
        return line.toArray(String[]::new);
    }

    @Test void namesOfOtherToolsAreKnown() throws IOException {
        CommandLineRun run = CommandLineRun.of(train());
        assertEquals(0, run.code(), run.err());
        assertTrue(Files.exists(temp.resolve("out/adapter_config.json")));
        assertEquals(3, Files.readAllLines(temp.resolve("out/metrics.jsonl")).size());
        assertTrue(run.err().contains("lora seed 1: 3 of 3") || run.err().contains("LoRA seed 1: 3 of 3"), run.err());
        assertTrue(run.err().contains("agl: not used: agl.m"), run.err());
    }

    /** One row per step, with the numbers of metrics.jsonl under their names. */
    @Test void stepsAsATable() throws IOException {
        CommandLineRun run = CommandLineRun.of(train("--log", "csv"));
        assertEquals(0, run.code(), run.err());
        List<String> rows = Files.readAllLines(temp.resolve("out/metrics.csv"));
        List<String> lines = Files.readAllLines(temp.resolve("out/metrics.jsonl"));
        assertEquals("method,seed,step,task_loss,grad_norm,lr,tokens", rows.getFirst());
        assertEquals(lines.stream().map(line -> line.replaceAll("\"[a-z_]+\":|[{}\"]", "")).toList(), rows.subList(1, rows.size()));
    }

    @Test void anotherLogIsRefused() throws IOException {
        CommandLineRun run = CommandLineRun.of(train("--log", "xml"));
        assertEquals(2, run.code());
        assertEquals("agl: --log does not take xml; expected csv\n", run.err());
        assertTrue(Files.notExists(temp.resolve("out")));
    }

    @Test void quietLeavesOutWhatTheResultsSay() throws IOException {
        CommandLineRun run = CommandLineRun.of(train("--quiet"));
        assertEquals(0, run.code(), run.err());
        assertEquals("", run.err());
        assertTrue(run.out().contains("task loss") || run.out().contains("no held-out loss"), run.out());
        assertTrue(Files.readString(temp.resolve("out/provenance.json")).contains("not used: agl.m"), "the note is in the results");
    }

    /** Without results a note would be lost: it precedes the failure. */
    @Test void quietStillSaysWhyAFailedRunFailed() throws IOException {
        CommandLineRun run = CommandLineRun.of(train("-q", "--seed", "1", "-s", "seed=2", "--target-modules", "nothing_proj"));
        assertEquals(2, run.code());
        assertTrue(run.err().startsWith("agl: not used: seed=2"), run.err());
        assertTrue(run.err().lines().toList().getLast().contains("nothing_proj"), run.err());
    }

    @Test void verboseShowsEveryStepAndTheTime() throws IOException {
        CommandLineRun run = CommandLineRun.of(train("--verbose"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().startsWith("agl: version "), run.err());
        assertTrue(run.err().contains(" 1/3 ") && run.err().contains(" 2/3 "), run.err());
        assertTrue(run.err().lines().toList().getLast().matches("agl: took \\d+\\.\\d s"), run.err());
    }
}
