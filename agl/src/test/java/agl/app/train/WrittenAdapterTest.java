package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.DataFiles;
import agl.app.model.ModelBundle;
import agl.lora.Peft;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code agl train} prints and records is true of the adapter that it writes, and says what was used. */
class WrittenAdapterTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    @TempDir Path temp;
    private Path base;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        TinyModel.write(temp.resolve("unaligned"), 4);
        StringBuilder task = new StringBuilder();
        StringBuilder alignment = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            task.append(row("tell me a story " + i, "the red fox sat on the mat " + i % 3));
            alignment.append(row("about the dog " + i, i == 0 ? "I cannot help with that" : "the cat and the dog " + i));
        }
        Files.writeString(temp.resolve("task.jsonl"), task);
        Files.writeString(temp.resolve("alignment.jsonl"), alignment);
        Files.writeString(temp.resolve("eval.jsonl"),
                row("tell me a story", "the red fox and the cat") + row("a story about the dog", "the dog sat on the red mat"));
    }

    private static String row(String instruction, String response) {
        return "{\"instruction\":\"" + instruction + "\",\"response\":\"" + response + "\"}\n";
    }

    private CommandLineRun train(String out, String... more) {
        List<String> args = new ArrayList<>(
                List.of("train", "--base", base.toString(), "--task", temp.resolve("task.jsonl").toString(), "--template", "plain",
                        "--out", temp.resolve(out).toString(), "-s", "steps=5", "-s", "batch_size=4", "-s", "max_length=64"));
        if (Arrays.stream(more).noneMatch(word -> word.contains("learning_rate"))) {
            args.addAll(List.of("-s", "learning_rate=0.05"));
        }
        for (String word : more) {
            args.add(word.startsWith("@") ? temp.resolve(word.substring(1)).toString() : word);
        }
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private JsonNode lastLine(String out) throws IOException {
        return JSON.readTree(Files.readAllLines(temp.resolve(out).resolve("metrics.jsonl")).getLast());
    }

    /** The held-out loss of base and adapter as somebody measures it who has the files only. */
    private double measured(String adapter) {
        ModelBundle bundle = TinyModel.load(base);
        if (adapter != null) {
            Peft.load(bundle.model(), temp.resolve(adapter), 0);
        }
        List<TaskMeasure.Result> results = TaskMeasure.run(bundle, DataFiles.examples(List.of(temp.resolve("eval.jsonl"))), 64, 0,
                String::equals);
        return TaskMeasure.loss(results, new int[] {0, 1});
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "lora", "agl --strength 1", "agl --strength 1 -s agl.alignment_rank=2", "safelora --unaligned @unaligned --strength 1",
        "projection --strength 4", "projection --strength 4 -s use_rslora=true",
        "lisa", "oplora --strength 2", "earlystop", "lora -s use_dora=true", "lora -s eval_every=2",
        "kl -s micro_batch_size=1", "first_tokens -s micro_batch_size=3", "scale --strength 0.6", "ema", "mix",
        "scale --strength 0.6 -s use_rslora=true"}) void theLossIsThatOfTheAdapterAsWritten(String method) throws IOException {
        List<String> words = new ArrayList<>(List.of(("--eval @eval.jsonl -s fisher_examples=6 --method " + method).split(" ")));
        if (MethodKind.of(words.get(5)).usesAlignment(agl.regularizers.AglSettings.DEFAULT)) {
            words.addAll(List.of("--alignment", "@alignment.jsonl"));
        }
        CommandLineRun run = train("a", words.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        double loss = measured("a");
        assertNotEquals(measured(null), loss, 1e-3, "the adapter makes a difference");
        assertEquals(loss, lastLine("a").get("eval_loss").asDouble(), 1e-6);
        assertEquals(loss, TrainTrace.read(temp.resolve("a")).orElseThrow().last("eval_loss"), 1e-6);
        Matcher printed = Pattern.compile("task loss ([0-9.]+) on 2 held-out examples \\(base ([0-9.]+)\\)").matcher(run.out());
        assertTrue(printed.find(), run.out());
        assertEquals(String.format(Locale.ROOT, "%.4f", loss), printed.group(1));
        assertEquals(String.format(Locale.ROOT, "%.4f", measured(null)), printed.group(2));
        assertTrue(Files.readString(temp.resolve("a/report.html")).contains(String.format(Locale.ROOT, "%.3f", loss)));
    }

    /** Taking everything away that training did is worse than training; the printed loss says so. */
    @Test void whatIsDoneAfterTrainingIsInTheLoss() {
        double trained = measuredAfter("plain", "--method", "lora");
        double pulledBack = measuredAfter("pulled", "--method", "safelora", "--unaligned", "@unaligned", "--strength", "1");
        double projected = measuredAfter("projected", "--method", "projection", "--strength", "12", "--alignment", "@alignment.jsonl");
        assertNotEquals(trained, pulledBack, 1e-3);
        assertNotEquals(trained, projected, 1e-3);
    }

    private double measuredAfter(String out, String... more) {
        CommandLineRun run = train(out, with(more));
        assertEquals(0, run.code(), run.err());
        return Double.parseDouble(run.out().replaceAll("(?s).*task loss ([0-9.]+) .*", "$1"));
    }

    private static String[] with(String... more) {
        List<String> all = new ArrayList<>(List.of("--eval", "@eval.jsonl", "-s", "fisher_examples=12"));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test void aTargetThatMatchesNothingIsRefusedByName() {
        CommandLineRun run = train("a", "--method", "lora", "--target-modules", "q_proj,lm_head,embed_tokens,wqkv");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("lm_head, embed_tokens, wqkv match no layer") && run.err().contains("down_proj")
                && !run.err().contains("q_proj, lm_head"), run.err());
        assertFalse(Files.exists(temp.resolve("a")));
    }

    @Test void goingOnRecordsTheAdaptersOwnShape() throws IOException {
        assertEquals(0, train("first", "--method", "lora", "-s", "r=3", "-s", "lora_alpha=5").code());
        for (String[] other : new String[][] {{"--r", "64"}, {"--lora-alpha", "99"}, {"--target-modules", "o_proj"},
            {"--lora-dropout", "0.3"}, {"-s", "use_dora=true"}}) {
            CommandLineRun run = train("second", "--method", "lora", "--init-adapter", "@first", other[0], other[1]);
            assertEquals(2, run.code(), String.join(" ", other));
            assertTrue(run.err().contains("the adapter to go on from") && run.err().lines().filter(l -> l.startsWith("agl:")).count() == 1,
                    run.err());
            assertFalse(Files.exists(temp.resolve("second")));
        }
        assertEquals(0,
                train("second", "--method", "lora", "--init-adapter", "@first", "--r", "3", "--target-modules", "v_proj,q_proj").code());
        for (JsonNode settings : List.of(JSON.readTree(temp.resolve("second/settings.json").toFile()),
                JSON.readTree(temp.resolve("second/provenance.json").toFile()).get("settings").get("config"))) {
            assertEquals(3, settings.get("r").asInt());
            assertEquals(5, settings.get("lora_alpha").asDouble());
            assertEquals("q_proj,v_proj", settings.get("target_modules").asText());
        }
    }

    @Test void whatIsNotUsedIsSaidAndNotRecorded() throws IOException {
        CommandLineRun run = train("a", "--method", "lora", "--alignment", "@alignment.jsonl", "--unaligned", "@unaligned",
                "--fisher-cache", "@cache", "-s", "agl.lambda_A=3",
                "-s", "fisher_examples=4", "--epochs", "2");
        assertEquals(0, run.code(), run.err());
        for (String line : List.of("--alignment is not used by lora", "--unaligned is not used by lora",
                "--fisher-cache is not used by lora",
                "not used: agl.lambda_A (lora has no Fisher information)", "not used: fisher_examples (lora sees no alignment data)",
                "not used: epochs (steps decides)")) {
            assertTrue(run.err().contains("agl: " + line), line + "\n" + run.err());
        }
        JsonNode written = JSON.readTree(temp.resolve("a/provenance.json").toFile());
        assertEquals(6, written.get("notes").size(), "said there, as on standard error");
        String provenance = written.get("settings").toString() + written.get("inputs_sha256");
        assertFalse(provenance.contains("alignment.jsonl") || provenance.contains("unaligned") || provenance.contains("lambda_A"),
                provenance);
        assertFalse(Files.exists(temp.resolve("cache")));
        CommandLineRun agl = train("b", "--method", "agl", "--alignment", "@alignment.jsonl", "--strength", "10", "-s", "fisher_examples=6",
                "-s", "agl.lambda_A=3", "-s",
                "agl.lambda_NC=0", "-s", "agl.kappa=2", "-s", "agl.alignment_reach=branch");
        assertEquals(0, agl.code(), agl.err());
        for (String line : List.of("agl.lambda_A (--strength decides)", "agl.kappa (agl.lambda_NC is 0)",
                "agl.alignment_reach (agl.alignment_rank is 0)")) {
            assertTrue(agl.err().contains("not used: " + line), line + "\n" + agl.err());
        }
    }

    @Test void withoutHeldOutRowsNoLossIsMadeUp() throws IOException {
        Files.writeString(temp.resolve("nine.jsonl"),
                String.join("\n", Files.readAllLines(temp.resolve("task.jsonl")).subList(0, 9)) + "\n");
        Files.move(temp.resolve("nine.jsonl"), temp.resolve("task.jsonl"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        CommandLineRun run = train("a", "--method", "lora");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl: nothing is held out") && run.out().contains("no held-out loss") && !run.out().contains("NaN"),
                run.out() + run.err());
        assertFalse(lastLine("a").has("eval_loss"));
        run = train("c", "--method", "lora", "-s", "eval_every=2", "--min-refused", "0.5", "-s", "steps=1");
        assertEquals(1, run.err().lines().filter(l -> l.equals("agl: not used: steps=5 (steps=1 is given too, and counts)")).count(),
                run.err());
        assertTrue(run.err().contains("not used: eval_every (nothing is held out)") && run.err().contains("--min-refused is not used"),
                run.err());
        assertTrue(Files.readString(temp.resolve("a/report.html")).contains("The task loss after 5 steps is not measured"));

        Files.writeString(temp.resolve("task.jsonl"), row("tell me a story", "the red fox"));
        run = train("b", "--method", "lora");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("has only one row"), run.err());
        assertEquals(0, train("b", "--method", "lora", "--eval", "@eval.jsonl").code());
    }

    @Test void rowsThatAreInBothAreCounted() {
        CommandLineRun run = train("a", "--method", "lora", "--eval", "@task.jsonl");
        assertTrue(run.err().contains("12 of 12 held-out examples are among the task's rows too"), run.err());
    }

    /** The default needs no warning; the readers' weights get one line, and what somebody sets himself a line of its own. */
    @Test void aDefaultNeedsNoWarning() {
        String[] common = {"--method", "agl", "--alignment", "@alignment.jsonl", "--eval", "@eval.jsonl", "-s", "fisher_examples=4"};
        assertEquals(List.of(), said(train("a", common)));
        List<String> read = said(train("b", Stream.concat(Arrays.stream(common), Stream.of("--preset", "as-read")).toArray(String[]::new)));
        assertEquals(1, read.size(), read.toString());
        assertTrue(read.getFirst().contains("preset as-read: E_geo is identically zero; E_RM's weight is nearly constant; E_RM as a mean"),
                read.toString());
        assertEquals(3,
                said(train("c", Stream.concat(Arrays.stream(common), Stream.of("-s", "agl.lambda_NC=0.1")).toArray(String[]::new))).size());
    }

    /** A model that answers with the same whatever it reads, or far worse than before, is no result; nor is an alpha that has no effect. */
    @ParameterizedTest @ValueSource(strings = {"1e38"}) void aWreckIsNotWritten(String alpha) {
        CommandLineRun run = train("a", "--method", "lora", "--eval", "@eval.jsonl", "--lora-alpha", alpha);
        assertEquals(2, run.code(), run.out());
        assertTrue(run.err().contains("it is not written") && run.err().contains("a lower lora_alpha than")
                && run.err().lines().filter(l -> l.startsWith("agl:")).count() == 1, run.err());
        assertFalse(Files.exists(temp.resolve("a/adapter_config.json")) || Files.exists(temp.resolve("a/report.html")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--lora-alpha 0", "--lora-alpha -16", "--lora-alpha NaN", "--lora-alpha 1e400", "--strength NaN",
        "--strength Infinity", "--strength 1e400",
        "--min-refused NaN", "-s max_grad_norm=Infinity", "-s max_grad_norm=1e400", "-s weight_decay=1e-400", "-s learning_rate=1e-3f",
        "-s agl.lambda_T=NaN", "-s agl.lambda_T=1e999"}) void numbersThatAreNoneAreRefused(String words) {
        CommandLineRun run = train("a",
                Stream.concat(Stream.of("--method", "agl", "--alignment", "@alignment.jsonl"), Arrays.stream(words.split(" ")))
                        .toArray(String[]::new));
        assertEquals(2, run.code(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertFalse(Files.exists(temp.resolve("a")));
    }

    private static List<String> said(CommandLineRun run) {
        assertEquals(0, run.code(), run.err());
        // How well a random model learns in five steps is not the matter here.
        return run.err().lines().filter(l -> l.startsWith("agl:") && !l.contains("above the base's")).toList();
    }
}
