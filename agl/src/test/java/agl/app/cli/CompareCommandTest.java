package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.Main;
import agl.app.TinyModel;
import agl.app.compare.Variant;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.io.AtomicFiles;
import agl.error.AglException;
import agl.nn.checkpoint.SafeTensors;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** compare, ablate and forgetting as a user calls them, on a tiny model. */
class CompareCommandTest {
    @TempDir Path temp;
    private Path base;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        writeData(temp);
    }

    /** task.csv, alignment.csv, prompts.csv and plain.txt, in words that the tiny model's tokenizer knows. */
    static void writeData(Path folder) throws IOException {
        Files.writeString(folder.resolve("task.csv"), "instruction,response\n" + IntStream.range(0, 30)
                .mapToObj(i -> "tell me a story " + i + ",the red fox sat on the mat " + i % 3 + "\n").collect(Collectors.joining()));
        Files.writeString(folder.resolve("alignment.csv"), "instruction,response\n" + IntStream.range(0, 6)
                .mapToObj(i -> "about the dog " + i + ",the cat and the dog " + i + "\n").collect(Collectors.joining()));
        Files.writeString(folder.resolve("prompts.csv"), "prompt,label\n" + IntStream.range(0, 8)
                .mapToObj(i -> "the cat " + i + "," + (i % 2 == 0 ? "safe" : "unsafe") + "\n").collect(Collectors.joining()));
        Files.writeString(folder.resolve("plain.txt"), "the cat sat on the mat and the dog sat on the cat. ".repeat(10));
    }

    private int run(String command, String... more) {
        return Main.execute(with(arguments(command, "0.01"), more));
    }

    private String[] arguments(String command, String learningRate) {
        return new String[] {command, "--task", temp.resolve("task.csv").toString(),
                "--alignment", temp.resolve("alignment.csv").toString(),
            "--out", temp.resolve("out").toString(), "--template", "plain", "--max-new-tokens", "4", "--batch-size", "4", "--r", "2",
            "--max-length", "64",
            "-s", "fisher_examples=6", "--lr", learningRate, "--min-refused", "0", "--base", base.toString()};
    }

    private JsonNode json(String name) throws IOException {
        return new ObjectMapper().readTree(temp.resolve("out").resolve(name).toFile());
    }

    private List<Path> runs() throws IOException {
        try (Stream<Path> files = Files.list(temp.resolve("out/runs"))) {
            return files.sorted().toList();
        }
    }

    @Test void compareMeasuresEveryMethodAndGoesOnWhereItStopped() throws IOException {
        String[] args = {"--prompts", temp.resolve("prompts.csv").toString(), "--steps", "4", "--seeds", "1,2", "--checkpoints", "2",
            "--answer-tokens", "3"};
        assertEquals(0, run("compare", with(args, "--methods", "lora,agl,kl", "--strengths", "agl=10,100")));
        JsonNode all = json("compare.json");
        assertEquals(List.of("lora", "agl, lambda_A 10", "agl, lambda_A 100", "kl"), texts(all.get("variants"), "label"));
        assertEquals(9, runs().size(), "the base and four variants with two seeds");
        JsonNode lora = all.get("variants").get(0);
        assertEquals(List.of("2", "4"), fields(lora.get("by_step")));
        assertEquals(lora.get("metrics"), lora.get("by_step").get("4"));
        JsonNode loss = lora.get("metrics").get("task_loss");
        assertTrue(loss.get("mean").asDouble() > 0 && loss.get("interval_over_seeds").get(0).asDouble() <= loss.get("mean").asDouble());
        assertTrue(Files.readString(temp.resolve("out/report.html")).contains("Along strength"));

        List<Path> first = runs();
        List<FileTime> times = new ArrayList<>();
        for (Path p : first) {
            times.add(Files.getLastModifiedTime(p));
        }
        Files.delete(first.get(3));
        String before = all.toString();
        assertEquals(0, run("compare", with(args, "--methods", "lora,agl,kl", "--strengths", "agl=10,100")));
        assertEquals(first, runs());
        for (int i = 0; i < first.size(); i++) {
            assertEquals(i != 3, times.get(i).equals(Files.getLastModifiedTime(first.get(i))), "only what was missing ran again");
        }
        assertEquals(withoutTimes(before), withoutTimes(json("compare.json").toString()));

        assertEquals(0, run("compare", with(args, "--methods", "lora,agl", "--strengths", "agl=5")));
        assertEquals(11, runs().size(), "a setting of AGL's does not make LoRA run again");
        assertEquals(0, run("compare", with(args, "--methods", "lora", "-s", "weight_decay=0.5")));
        assertEquals(13, runs().size(), "a setting that counts does");
    }

    /** The report cannot be written: a folder is in its place. The earlier JSON and provenance must not become another comparison's. */
    @Test void aComparisonIsReplacedAsAWhole() throws IOException {
        String[] args = {"--prompts", temp.resolve("prompts.csv").toString(), "--steps", "2", "--methods", "lora", "--seeds"};
        assertEquals(0, run("compare", with(args, "1")));
        Path out = temp.resolve("out");
        byte[] json = Files.readAllBytes(out.resolve("compare.json"));
        byte[] provenance = Files.readAllBytes(out.resolve("provenance.json"));
        Files.delete(out.resolve("report.html"));
        Files.createDirectory(out.resolve("report.html"));
        assertEquals(2, run("compare", with(args, "1,2")));
        assertArrayEquals(json, Files.readAllBytes(out.resolve("compare.json")));
        assertArrayEquals(provenance, Files.readAllBytes(out.resolve("provenance.json")));
        Files.delete(out.resolve("report.html"));
        assertEquals(0, run("compare", with(args, "1,2")));
        assertTrue(Files.isRegularFile(out.resolve("report.html")));
    }

    @Test void fewPromptsAreSaidBesideTheVerdict() {
        CommandLineRun run = CommandLineRun.of("compare", "--task", temp.resolve("task.csv").toString(), "--out",
                temp.resolve("out").toString(), "--template", "plain",
                "--max-new-tokens", "2", "--r", "2", "--max-length", "64", "--steps", "1", "--seeds", "1", "--methods", "lora", "--base",
                base.toString(), "--min-refused", "0",
                "--prompts", temp.resolve("prompts.csv").toString());
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains("Whether plain LoRA drifted here cannot be told (0.0 [")
                && run.out().contains("Too few unsafe prompts (4) "), run.out());
    }

    @Test void whatComesOutOtherwiseThanItReadsIsSaidOncePerVariant() {
        CommandLineRun run = CommandLineRun.of("compare", "--task", temp.resolve("task.csv").toString(), "--out",
                temp.resolve("out").toString(), "--template", "plain",
                "--max-new-tokens", "2", "--r", "2", "--max-length", "64", "--steps", "3", "--seeds", "1,2", "--methods", "lora,earlystop",
                "--strengths", "earlystop=0.4",
                "--base", base.toString(), "--min-refused", "0", "--prompts", temp.resolve("prompts.csv").toString());
        assertEquals(0, run.code(), run.err());
        List<String> said = run.err().lines().filter(line -> line.startsWith("agl: earlystop, share_of_steps 0.4: earlystop: ")).toList();
        assertEquals(1, said.size(), run.err());
        assertTrue(said.getFirst().contains("of 3 steps"), said.getFirst());
    }

    /** Refusing everything is easy for a model that writes noise: its run is marked wherever it is shown, also when it is read again. */
    @Test void aWreckedRunIsMarked() throws IOException {
        String[] args = {"--prompts", temp.resolve("prompts.csv").toString(), "--steps", "4", "--seeds", "1", "--methods", "lora,earlystop",
                "-s", "lora_alpha=1e30"};
        CommandLineRun run = wrecked(args);
        CommandLineRun again = wrecked(args);
        assertEquals(run.out(), again.out());
        JsonNode all = json("compare.json");
        assertTrue(all.get("verdict").asText().startsWith(
                "Training wrecked every variant: nothing is compared. lora, seed 1: the trained model gives the same "), all.toString());
        assertTrue(all.at("/variants/1/wrecked_by_seed/1").asText()
                .endsWith("; try a lower learning rate than 30.0, or a lower lora_alpha than 1.0E30"), all.toString());
        assertEquals(3, runs().size(), "a wreck is kept, and not made again");
        assertTrue(Files.readString(temp.resolve("out/report.html")).contains("lora [wrecked]"));
    }

    private CommandLineRun wrecked(String... args) {
        CommandLineRun run = CommandLineRun.of(with(arguments("compare", "30"), args));
        assertEquals(2, run.code(), run.err());
        assertTrue(run.out().contains("lora [wrecked] ") && run.out().contains("Wrecked: lora, seed 1: the trained model gives the same "),
                run.out() + run.err());
        assertTrue(run.err().contains("agl: lora, seed 1: the trained model gives the same ")
                && run.err().contains("agl: nothing is left to compare: lora, seed 1: the trained model gives the same "), run.err());
        return run;
    }

    /**
     * Other weights are another base, in one file or in several, whatever these are called: what was measured of the old ones does not
     * count.
     */
    @Test void aBaseWithOtherWeightsIsMeasuredAgain() throws IOException {
        byte[] bytes = Files.readAllBytes(base.resolve("model.safetensors"));
        Files.delete(base.resolve("model.safetensors"));
        Map<String, String> map = new TreeMap<>();
        try (SafeTensors tensors = SafeTensors.open(Files.write(temp.resolve("all.safetensors"), bytes))) {
            tensors.names().forEach(name -> map.put(name, "weights-1"));
        }
        Files.write(base.resolve("weights-1"), bytes);
        new ObjectMapper().writeValue(base.resolve("model.safetensors.index.json").toFile(), Map.of("weight_map", map));
        String[] args = {"--prompts", temp.resolve("prompts.csv").toString(), "--steps", "1", "--seeds", "1", "--methods", "lora"};
        assertEquals(0, run("compare", args));
        assertEquals(0, run("compare", args));
        assertEquals(2, runs().size());
        bytes[bytes.length - 1] ^= 1;
        Files.write(base.resolve("weights-1"), bytes);
        assertEquals(0, run("compare", args));
        assertEquals(4, runs().size(), "base and run again");
    }

    @Test void runsThatFailAreNamedAndTheRestIsWritten() throws IOException {
        assertEquals(2, run("compare", "--prompts", temp.resolve("prompts.csv").toString(), "--steps", "2", "--seeds", "1", "--methods",
                "lora,kl", "--strengths", "kl=1e300"));
        assertEquals(List.of("lora"), texts(json("compare.json").get("variants"), "label"));
        assertEquals(1, json("compare.json").get("failed").size());
    }

    @Test void ablateChangesOneThingAtATime() throws IOException {
        assertEquals(0,
                run("ablate", "--prompts", temp.resolve("prompts.csv").toString(), "--steps", "2", "--seeds", "1", "--groups",
                        "terms,metric,branches",
                        "-s", "agl.lambda_A=10", "-s", "agl.lambda_T=0.1", "-s", "agl.lambda_NC=0.1", "--fisher-cache",
                        temp.resolve("fisher").toString()));
        assertEquals(2, temp.resolve("fisher").toFile().list().length, "one estimate with diag F, one without");
        List<String> labels = texts(json("ablate.json").get("variants"), "label");
        assertTrue(labels.containsAll(List.of("lora", "agl as set", "without L_A", "L_A alone", "metric diag_fisher", "two branches")),
                labels.toString());
        assertFalse(labels.contains("metric euclidean"), "that is what is set");
        assertEquals(0, json("ablate.json").get("failed").size(), json("ablate.json").get("failed").toString());
    }

    /**
     * The default has no collision terms: leaving them out changes nothing, putting them in does, and so does no setting that only they
     * look at.
     */
    @Test void ablateLeavesOutWhatChangesNothing() {
        AblateCommand command = CommandLine.populateCommand(new AblateCommand(), "--base", base.toString(), "--task", "t", "--out", "o",
                "--groups", "terms,metric,fisher_norm");
        List<String> labels = command.variants().stream().map(Variant::label).toList();
        assertEquals(List.of("lora", "agl as set", "without L_A", "without L_T", "with E_RM", "with E_geo",
                "fisher_norm trace", "fisher_norm max", "fisher_norm none"), labels);
    }

    /** A group named twice is one, and rank 1 has no room for two branches. */
    @Test void ablateRunsNothingTwice() {
        for (String rank : List.of("1", "2")) {
            AblateCommand command = CommandLine.populateCommand(new AblateCommand(), "--base", base.toString(), "--task", "t", "--out", "o",
                    "--groups", "branches,H,branches",
                    "--r", rank);
            List<String> labels = command.variants().stream().map(Variant::label).toList();
            assertEquals(labels.stream().distinct().toList(), labels);
            assertEquals(rank.equals("2"), labels.contains("two branches, L_A on one"), labels.toString());
        }
    }

    @Test void whatNoMethodLooksAtIsSaidAndDropped() {
        ExperimentOptions options = CommandLine.populateCommand(new ExperimentOptions(), "--task", "t", "--out", "o", "--alignment", "a",
                "--unaligned", "u", "--fisher-cache", "f", "--match", "number",
                "--max-new-tokens", "5", "--seed", "4", "-s", "agl.m=3", "-s", "fisher_examples=5", "-s", "eval_every=3", "--seeds", "1");
        List<String> lora = options.dropUnused(CompareCommand.variants(List.of("lora", "oplora"), ""), 0);
        assertEquals(List.of("not used: seed (--seeds decides)", "not used: eval_every (--checkpoints decides)",
                "not used: agl.m (lora has no Fisher information; oplora has no Fisher information)",
                "not used: fisher_examples (lora sees no alignment data; oplora sees no alignment data)",
                "--alignment is used by no method here", "--unaligned is used by no method here",
                "--fisher-cache is used by no method here",
                "--match is not used: no answers to task examples are asked for (--answer-tokens)",
                "--max-new-tokens is not used: there are no --prompts"), lora);
        assertTrue(options.alignment.isEmpty() && options.unaligned == null && options.fisherCache == null);
        options = CommandLine.populateCommand(new ExperimentOptions(), "--task", "t", "--out", "o", "--alignment", "a", "--unaligned", "u",
                "--fisher-cache", "f", "--seeds", "1",
                "-s", "agl.m=3", "-s", "fisher_examples=5");
        assertEquals(List.of(), options.dropUnused(CompareCommand.variants(List.of("lora", "agl", "asft"), ""), 5));
        options = CommandLine.populateCommand(new ExperimentOptions(), "--task", "t", "--out", "o", "--alignment", "a", "--min-refused",
                "0.5", "-s", "eval_every=3");
        List<Variant> projection = CompareCommand.variants(List.of("projection"), "");
        assertEquals(
                List.of("not used: eval_every (held-out loss is measured at the end)", "--min-refused is not used: there are no --prompts"),
                options.dropUnused(projection, null), "a command without --checkpoints");
        assertTrue(options.dropUnused(projection, 5).getFirst().contains("--checkpoints decides")
                && options.dropUnused(projection, 5).get(1).startsWith("--checkpoints is not used"));
        assertEquals(1, options.alignment.size());
    }

    @Test void forgettingFitsTheLawOverSizes() throws IOException {
        assertEquals(0,
                run("forgetting", "--methods", "lora,agl", "--sizes", "4,8,16", "--seeds", "1,2", "--pretrain-text",
                        temp.resolve("plain.txt").toString(),
                        "--epochs", "1"));
        JsonNode all = json("forgetting.json");
        assertEquals(12, all.get("runs").size());
        JsonNode beta = all.get("law").get("beta");
        assertTrue(beta.get("value").isNumber() != beta.get("note").isTextual(),
                "a value with its interval, or why there is none: " + beta);
        assertEquals(List.of("lora", "agl"), fields(all.get("law").get("methods")));
        assertEquals(2, run("forgetting", "--sizes", "4,8", "--pretrain-text", temp.resolve("plain.txt").toString()));
    }

    @Test void forgettingMarksWrecksAndHasNoLawOfThem() throws IOException {
        CommandLineRun run = forgetting("--sizes", "4,8,16", "--epochs", "1", "--seeds", "1,2", "--lr", "30", "-s", "lora_alpha=1e30");
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains("agl: lora, 4 examples, seed 1: the trained model gives the same ")
                && run.err().contains("agl: training wrecked every run: lora, 4 examples, seed 1: "), run.err());
        assertEquals(3, run.out().lines().filter(l -> l.contains(" [wrecked with 2 of 2 seeds]")).count(), run.out());
        JsonNode all = json("forgetting.json");
        assertTrue(all.get("law").isNull() && all.at("/runs/5/wrecked_because").asText().startsWith("the trained model gives the same"),
                all.toString());
        assertEquals(Math.log(TinyModel.load(base).model().config().vocabulary()),
                all.get("pretrain_loss_of_guessing").elements().next().asDouble(), 1e-12);
        double before = all.get("pretrain_loss_before").elements().next().asDouble();
        assertEquals(before > all.get("pretrain_loss_of_guessing").elements().next().asDouble(),
                run.err().contains("agl: The plain text tells nothing about base"), run.err());
    }

    /** With two steps of four examples, training comes to eight of them, whatever there is; with five, to twenty of thirty. */
    @Test void onlyWhatWasTrainedOnCounts() throws IOException {
        CommandLineRun same = forgetting("--sizes", "8,16,24", "--steps", "2", "--seeds", "1,2");
        assertEquals(2, same.code());
        assertTrue(same.err().contains("lora: training comes to 8 of 8, 8 of 16, 8 of 24 examples"), same.err());
        // One step in all, and the first eight of ten steps.
        CommandLineRun stopped = forgetting("--methods", "lora,earlystop", "--strengths", "earlystop=0.05", "--sizes", "4,8,16", "--epochs",
                "1", "--seeds", "1,2");
        assertTrue(
                stopped.code() == 2
                        && stopped.err().contains("earlystop, share_of_steps 0.05: training comes to 4 of 4, 4 of 8, 4 of 16 examples"),
                stopped.err());
        CommandLineRun lisa = forgetting("--methods", "lisa", "--alignment", temp.resolve("alignment.csv").toString(), "--sizes",
                "32,36,40", "--steps", "10");
        assertEquals(2, lisa.code());
        // Ten steps begin with two on alignment data.
        CommandLineRun two = forgetting("--methods", "lisa", "--alignment", temp.resolve("alignment.csv").toString(), "--sizes", "4,8,16",
                "--steps", "3", "--seeds", "1,2");
        assertTrue(two.code() == 2 && two.err().contains("lisa: training comes to 4 of 4, 4 of 8, 4 of 16 examples"), two.err());
        Files.createSymbolicLink(temp.resolve("link"), base);
        CommandLineRun linked = forgetting("--base", temp.resolve("link").toString(), "--sizes", "4,8,16", "--seeds", "1,2");
        assertTrue(linked.code() == 2 && linked.err().contains("--base names the same model twice"), linked.err());
        CommandLineRun twice = forgetting("--base", base + "/.", "--sizes", "4,8,16", "--seeds", "1,2");
        assertTrue(twice.code() == 2 && twice.err().contains("--base names the same model twice"), twice.err());
        Path copy = Files.createDirectory(temp.resolve("copy"));
        for (String name : AtomicFiles.names(base)) {
            Files.copy(base.resolve(name), copy.resolve(name));
        }
        CommandLineRun copied = forgetting("--base", copy.toString(), "--sizes", "4,8,16", "--seeds", "1,2");
        assertTrue(copied.code() == 2 && copied.err().contains("--base names the same model twice (or a copy of it)"), copied.err());
        assertEquals(2, forgetting("--sizes", "4,8,16", "--epochs", "1", "--seeds", "1").code(), "three runs for three constants");
        assertFalse(Files.exists(temp.resolve("out/runs")), "before any work");
        CommandLineRun run = forgetting("--sizes", "4,8,16", "--steps", "3", "--seeds", "1,2");
        assertTrue(run.err().contains("training comes to 4 of 4, 8 of 8, 12 of 16 examples"), run.err());
        assertTrue(run.out().contains("loss on plain text, nats per token (means over seeds)"), run.out());
        JsonNode last = json("forgetting.json").get("runs").get(2);
        assertEquals(16, last.get("examples").asInt());
        List<EncodedExample> all = TinyModel.load(base).encode(IntStream.range(0, 16)
                .mapToObj(i -> new Example("tell me a story " + i, "", "the red fox sat on the mat " + i % 3)).toList(), 64);
        assertEquals(12L * all.getFirst().lossTokens(), last.get("tokens").asLong(), "all answers have the same number of tokens");
    }

    private CommandLineRun forgetting(String... more) {
        return CommandLineRun.of(with(new String[] {"forgetting", "--base", base.toString(), "--methods", "lora", "--task",
            temp.resolve("task.csv").toString(), "--pretrain-text",
            temp.resolve("plain.txt").toString(), "--out", temp.resolve("out").toString(), "--template", "plain", "--batch-size", "4",
            "--r", "2", "--max-length", "64"}, more));
    }

    @Test void whatIsMissingIsSaidBeforeAnyWork() {
        assertEquals(2, run("compare", "--methods", "lora"));
        assertEquals(2, run("compare", "--methods", "safelora", "--prompts", temp.resolve("prompts.csv").toString()));
        assertFalse(Files.exists(temp.resolve("out/runs")));
        assertThrows(AglException.class, () -> CompareCommand.variants(List.of("lora"), "kl=1"));
        for (String bad : List.of("kl=strong", "kl=NaN", "kl=", "kl=1,,2", "kl")) {
            assertThrows(AglException.class, () -> CompareCommand.variants(List.of("kl"), bad), bad);
        }
    }

    /** Strengths of one method in two places are all tried, each once. */
    @Test void strengthsOfOneMethodAreAddedTogether() {
        assertEquals(List.of(0.1, 1.0, 2.0),
                CompareCommand.variants(List.of("kl"), "kl=0.1;kl=1,2;kl=1").stream().map(v -> v.choice().strength()).toList());
        for (String bad : List.of("kl=1;kl=Infinity", "kl=1e400", "kl=1e-400", "kl=1f", "kl=0x1p3", "kl=,")) {
            assertThrows(AglException.class, () -> CompareCommand.variants(List.of("kl"), bad), bad);
        }
    }

    private static String[] with(String[] args, String... more) {
        return Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new);
    }

    private static String withoutTimes(String json) {
        return json.replaceAll("\"seconds\":\\[[^]]*]", "");
    }

    private static List<String> texts(JsonNode list, String field) {
        List<String> texts = new ArrayList<>();
        list.forEach(n -> texts.add(n.get(field).asText()));
        return texts;
    }

    private static List<String> fields(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
