package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.DataFiles;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.app.train.AlignCheck;
import agl.app.train.TaskMeasure;
import agl.app.train.TrainSettings;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Models;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AlignCommandTest {
    @TempDir Path temp;
    private Path base;
    private Path data;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        data = temp.resolve("data.jsonl");
        write(12, 12);
    }

    private void write(int refusals, int answers) throws IOException {
        Stream<String> no = IntStream.range(0, refusals).mapToObj(i -> row("about the dog " + i, "I cannot help with that."));
        Stream<String> yes = IntStream.range(0, answers).mapToObj(i -> row("tell me a story " + i, "the red fox sat on the mat"));
        Files.writeString(data, String.join("", Stream.concat(no, yes).toList()));
    }

    private static String row(String instruction, String response) {
        return "{\"instruction\":\"" + instruction + "\",\"response\":\"" + response + "\"}\n";
    }

    private CommandLineRun align(String... more) {
        List<String> args = new ArrayList<>(List.of("align", "--base", base.toString(), "--data", data.toString(), "--out",
                temp.resolve("out").toString(), "--template", "plain",
                "--max-length", "64"));
        if (!List.of(more).contains("--batch-size")) {
            args.addAll(List.of("--batch-size", "6"));
        }
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private double loss(Path folder) {
        List<Example> examples = DataFiles.examples(List.of(data));
        return TaskMeasure.loss(TaskMeasure.run(TinyModel.load(folder), examples, 64, 0, String::equals),
                IntStream.range(0, examples.size()).toArray());
    }

    /** BF16 rounds the trained weights by up to 0.4 %: what is said holds for the rounded ones. */
    @ParameterizedTest @ValueSource(strings = {"F32", "BF16", "F16"}) void theLossIsThatOfWhatIsWritten(String type) {
        Path stored = temp.resolve("stored");
        Models.save(Models.load(base), stored, base, DType.valueOf(type));
        base = stored;
        CommandLineRun run = align("--steps", "8", "--lr", "3e-3");
        assertEquals(0, run.code(), run.err());
        String said = String.format(Locale.ROOT, "(%s): loss %.3f before, %.3f as written, in nats per token on its 24 training examples",
                type, loss(base), loss(temp.resolve("out")));
        assertTrue(run.out().contains(said), said + "\n" + run.out());
        assertTrue(loss(temp.resolve("out")) < loss(base) - 0.05);
    }

    @ParameterizedTest
    @CsvSource({"false, 3e-5", "true, 1e-3"}) void eachWayHasALearningRateOfItsOwn(boolean lora, double rate) throws IOException {
        CommandLineRun run = align(
                Stream.concat(Stream.of("--steps", "1"), lora ? Stream.of("--lora") : Stream.of()).toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        JsonNode train = new ObjectMapper().readTree(temp.resolve("out/provenance.json").toFile()).get("settings").get("train");
        assertEquals(rate, train.get("learning_rate").asDouble());
        assertEquals(lora, train.has("lora_alpha"));
    }

    /** Of a run whose folder was moved away, say. */
    @Test void anEarlierLogIsReplacedWithALine() throws IOException {
        Path log = temp.resolve("out.metrics.jsonl");
        String earlier = "{\"step\":1,\"grad_norm\":0.5,\"tokens\":7}\n";
        Files.writeString(log, earlier);
        CommandLineRun run = align("--steps", "2");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains(log + " is an earlier run's; it is replaced when this one has succeeded"), run.err());
        assertEquals(2, Files.readAllLines(log).size());
        try (Stream<Path> left = Files.list(temp)) {
            assertEquals(0, left.filter(path -> path.toString().contains("agl-earlier")).count());
        }
    }

    @Test void aConfigFileGoesBeforeTheDefault() throws IOException {
        Path file = Files.writeString(temp.resolve("settings.json"), "{\"learning_rate\":0.0007}");
        assertEquals(0, align("--steps", "1", "--config", file.toString()).code());
        assertTrue(Files.readString(temp.resolve("out/provenance.json")).replace(" ", "").contains("\"learning_rate\":7.0E-4"));
    }

    private void assertNothingLeft() throws IOException {
        try (Stream<Path> all = Files.list(temp)) {
            assertEquals(List.of(), all.map(p -> p.getFileName().toString()).filter(n -> n.startsWith("out") || n.startsWith(".out"))
                    .filter(n -> !n.endsWith(".lock")).toList());
        }
    }

    @ParameterizedTest @ValueSource(strings = {"2", "900"}) void aWreckIsNotWritten(String rate) throws IOException {
        CommandLineRun run = align("--steps", "4", "--lr", rate);
        assertEquals(2, run.code(), run.out());
        assertTrue(run.err().contains("try a lower learning rate than") && run.err().lines().filter(l -> l.startsWith("agl:")).count() == 1,
                run.err());
        assertNothingLeft();
    }

    @Test void aModelThatSaysTheSameWhateverItReadsIsRefused() {
        Path silent = temp.resolve("silent");
        var model = Models.load(base);
        Tensor zero = Tensor.zeros(DType.F32, model.head().dim(0), model.head().dim(1));
        model.replace("model.embed_tokens.weight", zero);
        Models.save(model, silent, base, DType.F32);
        List<Example> examples = DataFiles.examples(List.of(data));
        ModelBundle bundle = TinyModel.load(silent);
        AlignCheck check = new AlignCheck(examples, bundle.encode(examples, 64), TrainSettings.DEFAULT);
        assertEquals(Math.log(bundle.model().config().vocabulary()), check.before(bundle).loss(), 1e-5, "all tokens are alike");
        String message = assertThrows(AglException.class, () -> check.of(bundle, at(5.6))).getMessage();
        assertTrue(message.contains("same next token whatever it reads"), message);
        check.of(TinyModel.load(base), at(5.6));
    }

    private static AlignCheck.Before at(double loss) {
        return new AlignCheck.Before(loss, new AlignCheck.Refused(7, 1, 9, 2));
    }

    /** What counts as a wreck: worse than knowing nothing by more than a nat, or ten times the loss and more than a nat. */
    @Test void howFarALossMayRise() {
        List<Example> examples = DataFiles.examples(List.of(data));
        ModelBundle bundle = TinyModel.load(base);
        AlignCheck check = new AlignCheck(examples, bundle.encode(examples, 64), TrainSettings.DEFAULT);
        double now = check.before(bundle).loss();
        AlignCheck.Found risen = check.of(bundle, at(now - 0.5));
        assertEquals(now, risen.after());
        assertTrue(risen.warnings().getFirst().contains("ended above its start"), risen.warnings().toString());
        assertEquals(List.of(), check.of(bundle, at(now + 1)).warnings());
        assertTrue(assertThrows(AglException.class, () -> check.of(bundle, at(now / 11))).getMessage().contains("wrecked"));
        assertFalse(check.of(bundle, at(now / 9)).warnings().isEmpty());
    }

    @Test void aModelThatRefusesWhatItsDataAnswersIsNamed() throws IOException {
        Files.writeString(data, IntStream.range(0, 2).mapToObj(i -> row("about the dog " + i, "i cannot help")).reduce("", String::concat));
        CommandLineRun run = align("--steps", "80", "--batch-size", "2", "--lr", "1e-2");
        assertTrue(run.err().contains("every answer in the data is a refusal"), run.err());
        assertFalse(run.out().contains("training requests that the data answers"), run.out());
        List<Example> mixed = List.of(new Example("about the dog 1", "i cannot help"), new Example("about the dog 2", "the dog sat"),
                new Example("about the dog 3", "the red dog"));
        for (Path model : List.of(temp.resolve("out"), base)) {
            ModelBundle bundle = TinyModel.load(model);
            AlignCheck.Found found = new AlignCheck(mixed, bundle.encode(mixed, 64), TrainSettings.DEFAULT).of(bundle, at(30));
            assertEquals(model.equals(base) ? new AlignCheck.Refused(0, 1, 0, 2) : new AlignCheck.Refused(1, 1, 2, 2), found.refused());
            assertTrue(found.inWords().endsWith(model.equals(base)
                    ? "; refuses 0 of 1 training requests that the data refuses (7 before); "
                            + "refuses 0 of 2 training requests that the data answers (9 before)"
                    : "; refuses 1 of 1 training requests that the data refuses (7 before); "
                            + "refuses 2 of 2 training requests that the data answers (9 "
                            + "before)"),
                    found.inWords());
            assertEquals(!model.equals(base),
                    found.warnings().stream().anyMatch(w -> w.contains("it refuses 2 of 2 training requests that the data answers")));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 6, 1", "1, 6, 0", "6, 0, 0"}) void dataWithoutARefusalAreNamed(int refusals, int answers, long said)
            throws IOException {
        write(refusals, answers);
        CommandLineRun run = align("--steps", "1");
        assertEquals(0, run.code(), run.err());
        assertEquals(said, run.err().lines().filter(l -> l.startsWith("agl: no answer in the data is a refusal")).count(), run.err());
        assertFalse(said == 1 && run.out().contains("training requests that the data answers"), run.out());
    }

    @Test void whatIsNotUsedIsSaid() throws IOException {
        CommandLineRun run = align("--steps", "1", "--r", "4", "-s", "agl.lambda_A=3", "-s", "eval_every=5", "--epochs", "2");
        for (String line : List.of("not used: r (without --lora", "not used: agl.lambda_A (align has no method)",
                "not used: eval_every (align holds nothing out)", "not used: epochs (steps decides)")) {
            assertTrue(run.err().contains("agl: " + line), line + "\n" + run.err());
        }
    }
}
