package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.Batches;
import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.app.train.FisherArtefact;
import agl.app.train.FisherSource;
import agl.app.train.RunConfig;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code agl fisher} and the commands that take its file, on a tiny model. */
class FisherCommandTest extends FisherFileRuns {
    @ParameterizedTest @CsvSource({
        "agl, agl.exact_storage=factored, contrast", "agl, agl.exact_storage=dense, contrast_task",
        "agl, agl.backend=kfac, alignment", "agl, agl.backend=diagonal, contrast", "ewc, agl.fisher_norm=max, contrast",
        "safeanchor, agl.m=3, contrast", "projection, agl.energy=0.9, contrast"})
    void anAdapterTrainedWithTheFileIsThatTrainedWithTheData(String method, String set, String data) throws IOException {
        String[] estimate = {"-s", set, "-s", "agl.fisher_data=" + data, "--target-modules", "q_proj,v_proj"};
        make(data.equals("contrast_task") ? all(List.of(estimate), "--task", path("train.csv")) : estimate);
        assertEquals(0, train("data", all(List.of(estimate), "--alignment", path("alignment.csv"), "--method", method, "-s",
                "fisher_examples=5")).code());
        CommandLineRun run = trainWithFile("file", all(List.of(estimate), "--method", method));
        assertEquals(0, run.code(), run.err());
        assertArrayEquals(adapter("data"), adapter("file"));
        JsonNode settings = Json.read(temp.resolve("file/settings.json"));
        assertEquals(FisherArtefact.read(file).sha256(), settings.get("fisher").asText());
        assertFalse(settings.has("fisher_examples"), "the file has its own");
        assertEquals(settings.get("fisher").asText(),
                Json.read(temp.resolve("file/provenance.json")).get("inputs_sha256").get(file.toString()).asText());
    }

    /** What the estimate has otherwise than the run asks for is named, setting by setting. */
    @Test void whatTheFileDecidesIsSaid() throws IOException {
        assertEquals(0, CommandLineRun.of("fisher", "--base", base.toString(), "--alignment", path("alignment.csv"), "--template", "plain",
                "--max-length", "48", "-s", "fisher_examples=5", "-s", "agl.m=3", "--seed", "9", "--out", file.toString()).code());
        CommandLineRun run = trainWithFile("out", "--seed", "2");
        assertEquals(0, run.code(), run.err());
        String line = run.err().lines()
                .filter(l -> l.startsWith("agl: the Fisher information is as " + file + " was made: ")).findFirst().orElseThrow();
        for (String part : List.of("agl.m is 3, not ", "max_length is 48, not 64", "seed is 9, not 2")) {
            assertTrue(line.contains(part), line);
        }
        CommandLineRun own = trainWithFile("own", "--seed", "9", "-s", "agl.m=2");
        assertEquals(0, own.code(), own.err());
        for (String name : List.of("agl.m is", "seed is")) {
            assertFalse(own.err().contains(name), own.err());
        }
    }

    /** Without --task the contrast is with openings of compliance, and train takes that from the file. */
    @Test void withoutATaskTheContrastIsWithCompliance() throws IOException {
        make();
        assertEquals("contrast", FisherArtefact.read(file).estimate().get("fisher_data").asText());
        assertEquals(5, FisherArtefact.read(file).margins().length);
        CommandLineRun run = trainWithFile("out");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl.fisher_data is contrast, not contrast_task"), run.err());
        assertEquals("contrast", Json.read(temp.resolve("out/settings.json")).get("agl").get("fisher_data").asText());
        make("-s", "agl.fisher_data=alignment");
        assertEquals(0, FisherArtefact.read(file).margins().length, "no contrast, no margin");
    }

    /** Step by step: log p of the alignment answer's first token that the opening does not have, minus log p of the opening's. */
    @Test void marginsAreThoseOfTheBase() {
        make("-s", "agl.fisher_tokens=1");
        double[] margins = FisherArtefact.read(file).margins();
        ModelBundle bundle = TinyModel.load(base);
        List<Example> chosen = FisherSource.chosen(RunConfig.of(null, List.of("fisher_examples=5")),
                DataFiles.examples(List.of(temp.resolve("alignment.csv"))));
        List<String> openings = List.of("Sure! Here is how to do it.", "Of course, this is how it goes.");
        for (int i = 0; i < openings.size(); i++) {
            Example e = chosen.get(i);
            double[] loss = new double[2];
            List<EncodedExample> sides = bundle.encode(List.of(e, new Example(e.request(), openings.get(i))), 64);
            int alike = Arrays.mismatch(sides.get(0).tokens(), sides.get(1).tokens());
            for (int side = 0; side < 2; side++) {
                try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F32))) {
                    loss[side] = bundle.model().tokenLosses(tape, Batches.collate(List.of(sides.get(side))))[alike - 1];
                }
            }
            assertEquals(loss[1] - loss[0], margins[i], 1e-5);
            assertTrue(Math.abs(margins[i]) > 1e-3, "a margin that counts");
        }
        assertEquals(5, margins.length);
    }

    @Test void settingsJsonRepeatsTheRunWithTheSameFileOnly() throws IOException {
        make();
        assertEquals(0, trainWithFile("first").code());
        String[] again = {"--config", path("first/settings.json")};
        refused(train("out", all(List.of(again), "--alignment", path("alignment.csv"))), "name its file with --fisher");
        assertEquals(0, trainWithFile("second", again).code());
        assertArrayEquals(adapter("first"), adapter("second"));
        make("-s", "agl.fisher_tokens=1");
        refused(trainWithFile("out", again), "is another one");
        assertEquals(0, train("lora", all(List.of(again), "--method", "lora")).code(), "lora has no Fisher information");
    }

    /** Rounded factors: the adapter is close, and not the same. */
    @Test void bf16HalvesTheFileAndHardlyMovesTheAdapter() throws IOException {
        make();
        long whole = Files.size(file);
        trainWithFile("f32");
        make("--dtype", "bf16");
        assertTrue(Files.size(file) < 0.75 * whole, Files.size(file) + " of " + whole);
        CommandLineRun run = trainWithFile("bf16");
        assertEquals(0, run.code(), run.err());
        double difference = 0;
        double norm = 0;
        try (SafeTensors a = SafeTensors.open(temp.resolve("f32/" + WEIGHTS)); SafeTensors b = SafeTensors.open(
                temp.resolve("bf16/" + WEIGHTS))) {
            for (String name : a.names()) {
                float[] x = a.info(name).toFloats();
                float[] y = b.info(name).toFloats();
                for (int i = 0; i < x.length; i++) {
                    difference += (x[i] - y[i]) * (x[i] - y[i]);
                    norm += x[i] * x[i];
                }
            }
        }
        assertTrue(difference > 0 && Math.sqrt(difference / norm) < 0.01, Math.sqrt(difference / norm) + "");
        refused(fisher("--dtype", "f16"), "--dtype must be f32 or bf16, got f16");
    }

    @Test void layersMayBeFewerButNotOthers() throws IOException {
        make("--target-modules", "q_proj,k_proj,v_proj");
        String[] estimate = {"-s", "agl.fisher_data=contrast", "-s", "fisher_examples=5"};
        assertEquals(0, trainWithFile("file", "--target-modules", "v_proj").code());
        assertEquals(0, train("data", all(List.of(estimate), "--alignment", path("alignment.csv"), "--target-modules", "v_proj")).code());
        assertArrayEquals(adapter("data"), adapter("file"));
        refused(trainWithFile("out", "--target-modules", "v_proj,o_proj"), "2 of the 4 layers to be adapted", "o_proj");
    }

    @Test void mMayBeSmallerButNotLarger() throws IOException {
        make("-s", "agl.exact_storage=dense");
        String[] estimate = {"-s", "agl.exact_storage=dense", "-s", "agl.fisher_data=contrast", "-s", "fisher_examples=5", "--method",
            "projection", "--strength", "2"};
        assertEquals(0, train("data", all(List.of(estimate), "--alignment", path("alignment.csv"))).code());
        CommandLineRun run = trainWithFile("file", "--method", "projection", "--strength", "2");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().startsWith("projection, m 2:"), run.out());
        assertArrayEquals(adapter("data"), adapter("file"));
        run = trainWithFile("whole", "--method", "projection");
        assertTrue(run.out().startsWith("projection, m 5:"), run.out() + run.err());
        make("-s", "agl.m=3");
        refused(trainWithFile("out", "-s", "agl.m=4"), "agl.m = 4 is more than the 3 directions");
        refused(trainWithFile("out", "--method", "projection", "--strength", "4"), "agl.m = 4 is more than the 3 directions");
    }

    @Test void whatContradictsTheFileIsRefused() throws IOException {
        make("--no-diagonal");
        refused(trainWithFile("out", "-s", "agl.fisher_data=contrast_task"), "contradicts", "was made with contrast: leave it out");
        refused(trainWithFile("out", "-s", "agl.fisher_tokens=1"), "fisher_tokens = 1 contradicts", "was made with 2");
        refused(trainWithFile("out", "-s", "agl.energy=0.5"), "agl.energy");
        Path config = Files.writeString(temp.resolve("c.json"), "{\"agl\":{\"backend\":\"kfac\"}}");
        refused(trainWithFile("out", "--config", config.toString()), "backend = kfac contradicts");
        refused(trainWithFile("out", "-s", "agl.refresh_every=10"), "refresh_every", "give --alignment, not --fisher");
        refused(trainWithFile("out", "--method", "ewc"), "without the diagonal, which ewc needs", "--no-diagonal");
        refused(trainWithFile("out", "-s", "agl.metric=diag_fisher", "-s", "agl.lambda_NC=1"), "without the diagonal");
        refused(train("out"), "or --fisher FILE, made from them by agl fisher");
        assertEquals(0, trainWithFile("equal", "-s", "agl.fisher_data=contrast").code(), "the same is no contradiction");
    }

    @Test void anotherBaseIsRefusedAndACopyIsNot() throws IOException {
        make();
        base = TinyModel.write(temp.resolve("other"), 4);
        refused(trainWithFile("out"), file + ": was made from another base than " + base);
        Path copy = Files.createDirectory(temp.resolve("copy"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
            if (Files.exists(temp.resolve("base").resolve(name))) {
                Files.copy(temp.resolve("base").resolve(name), copy.resolve(name));
            }
        }
        base = copy;
        assertEquals(0, trainWithFile("copied").code());
    }

    @Test void whatIsNotUsedIsSaid() throws IOException {
        make();
        CommandLineRun run = trainWithFile("lora", "--method", "lora");
        assertTrue(run.err().contains("--fisher is not used by lora, which has no Fisher information"), run.err());
        assertFalse(Json.read(temp.resolve("lora/provenance.json")).get("inputs_sha256").has(file.toString()));
        assertFalse(Json.read(temp.resolve("lora/settings.json")).has("fisher"));
        run = trainWithFile("agl", "--alignment", path("alignment.csv"), "--fisher-cache", path("cache"), "-s", "fisher_examples=4");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("--alignment is not used by agl with --fisher"), run.err());
        assertTrue(run.err().contains("--fisher-cache is not used with --fisher"), run.err());
        assertTrue(run.err().contains("not used: fisher_examples (the artefact has its own)"), run.err());
        assertFalse(Files.exists(temp.resolve("cache")));
        run = CommandLineRun.of("train", "--base", base.toString(), "--task", path("task.csv"), "--fisher", file.toString(), "--template",
                "instruction", "--steps", "1", "--out", path("template"));
        assertTrue(run.err().contains("was made with template plain, this run has instruction"), run.err());
        run = fisher("--task", path("task.csv"), "-s", "agl.fisher_data=alignment", "-s", "agl.lambda_A=3", "--r", "4");
        assertTrue(run.err().contains("--task is not used with agl.fisher_data=alignment"), run.err());
        assertTrue(run.err().contains("not used: agl.lambda_A, r (settings of a run"), run.err());
    }

    @Test void whatNeedsTaskDataIsRefusedWithoutIt() {
        refused(fisher("-s", "agl.fisher_data=contrast_task"), "needs --task FILE");
        refused(fisher("--preset", "default"), "needs --task FILE");
        refused(fisher("--task", path("task.csv"), "-s", "agl.fisher_data=task"), "of one task");
        assertFalse(Files.exists(file));
    }

    @ParameterizedTest @CsvSource({"compare, 4", "ablate, 4", "forgetting, 7"}) void runsSideBySideTakeTheFile(String command, int steps)
            throws IOException {
        make();
        List<String> args = new ArrayList<>(List.of(command, "--base", base.toString(), "--task", path("task.csv"), "--fisher",
                file.toString(), "--out", path("out"), "--template", "plain", "--max-new-tokens", "4", "--batch-size", "4", "--r", "2",
                "--max-length", "64", "--lr", "0.01", "--min-refused", "0", "--seeds", "1"));
        args.addAll(switch (command) {
            case "compare" -> List.of("--prompts", path("prompts.csv"), "--steps", "4", "--methods", "lora,agl,ewc,projection",
                    "--strengths", "projection=2,4");
            case "ablate" -> List.of("--prompts", path("prompts.csv"), "--steps", "4", "--groups", "H,fisher_tokens");
            default -> List.of("--sizes", "6,12,18,27", "--epochs", "1", "--methods", "agl", "--pretrain-text", path("plain.txt"));
        });
        CommandLineRun run = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl.fisher_data is contrast, not contrast_task"), run.err());
        assertEquals(command.equals("ablate"), run.err().contains("group fisher_tokens is not varied"), run.err());
        JsonNode provenance = Json.read(temp.resolve("out/provenance.json"));
        String sha256 = FisherArtefact.read(file).sha256();
        assertEquals(sha256, provenance.get("inputs_sha256").get(file.toString()).asText());
        assertEquals(sha256, provenance.get("settings").get("config").get("fisher").asText());
        try (var runs = Files.list(temp.resolve("out/runs"))) {
            assertEquals(command.equals("compare") ? 6 : command.equals("ablate") ? 5 : 5, runs.count());
        }
        CommandLineRun again = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, again.code(), again.err());
        assertFalse(again.err().contains("step "), "finished runs are not repeated");
    }

    /** Runs are stored under what they depend on: the file for those with Fisher information, the data for kl. */
    @Test void anotherFileMakesNewRuns() throws IOException {
        make();
        Path first = file;
        file = temp.resolve("second.fisher");
        make("-s", "agl.fisher_tokens=1");
        String[] args = {"compare", "--base", base.toString(), "--task", path("task.csv"), "--alignment", path("alignment.csv"), "--out",
            path("out"), "--template", "plain", "--max-new-tokens", "4", "--batch-size", "4", "--r", "2", "--max-length", "64", "--lr",
            "0.01", "--min-refused", "0", "--seeds", "1", "--prompts", path("prompts.csv"), "--steps", "2", "--methods", "agl,kl", "-s",
            "fisher_examples=6"};
        assertEquals(0, CommandLineRun.of(all(List.of(args), "--fisher", first.toString())).code());
        assertEquals(0, CommandLineRun.of(all(List.of(args), "--fisher", file.toString())).code());
        try (var runs = Files.list(temp.resolve("out/runs"))) {
            // kl's record shows its place in the file's subspace.
            assertEquals(5, runs.count());
        }
        String[] lora = args.clone();
        lora[Arrays.asList(args).indexOf("agl,kl")] = "lora";
        CommandLineRun run = CommandLineRun.of(all(List.of(lora), "--fisher", first.toString()));
        assertTrue(run.err().contains("--fisher is used by no method here"), run.err());
        base = TinyModel.write(temp.resolve("other"), 4);
        String[] wrong = args.clone();
        wrong[2] = base.toString();
        CommandLineRun refused = CommandLineRun.of(all(List.of(wrong), "--fisher", first.toString()));
        assertEquals(2, refused.code());
        assertTrue(refused.err().contains("was made from another base"), refused.err());
    }

    @Test void inspectShowsWhatItWasMadeFromAndHolds() throws IOException {
        make();
        CommandLineRun run = CommandLineRun.of("inspect", file.toString());
        assertEquals(0, run.code(), run.err());
        for (String words : List.of("Fisher artefact", "fisher_data", "\"contrast\"", "model.layers.0.self_attn.q_proj", "16 x 16",
                "margins", "5 examples", "off by several nats after ten steps", "alignment.csv=", "written")) {
            assertTrue(run.out().contains(words), words + " in " + run.out());
        }
        assertFalse(run.out().contains(temp.toString() + "/alignment"), "paths of this machine are not in the file");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(CommandLineRun.of("inspect", file.toString(), "--json").out());
        assertEquals(5, json.get("margins").get("each").size());
        for (JsonNode f : json.get("fisher")) {
            double one = f.get("share_of_trace").get("1").asDouble();
            double four = f.get("share_of_trace").get("4").asDouble();
            assertTrue(one > 0 && one < four && four < f.get("share_of_trace").get("m").asDouble() + 1e-9, f.toString());
            assertEquals(1, f.get("share_of_trace").get("m").asDouble(), 1e-4, "five directions of five examples");
        }
        assertNotEquals(0, CommandLineRun.of("inspect", path("nothing")).code());
    }
}
