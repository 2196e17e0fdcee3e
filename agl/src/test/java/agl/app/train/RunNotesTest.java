package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.Example;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunNotesTest {
    private static final List<Example> EXAMPLES = IntStream.range(0, 12).mapToObj(i -> new Example("ask " + i, "say " + i)).toList();

    private static String notes(String method, double strength, String sets, List<Example> held) {
        RunConfig config = RunConfig.of(null, List.of(("steps=3," + sets).split(",")))
                .resolved(new MethodChoice(MethodKind.of(method), strength));
        Set<String> given = RunConfig.names(null, List.of(sets.split(",")));
        return String.join("; ", RunNotes.lines(config, new TrainData(EXAMPLES, held, EXAMPLES), given));
    }

    /** A factor of .5 on an adapter that went on from another halves that one too. */
    @Test void whatIsDoneAfterTrainingIsDoneToAllOfTheAdapter() {
        TrainData data = new TrainData(EXAMPLES, EXAMPLES, EXAMPLES, null, java.nio.file.Path.of("adapter"));
        for (String method : List.of("scale", "ema", "lora")) {
            RunConfig config = RunConfig.of(null, List.of("steps=3")).resolved(MethodChoice.of(method));
            assertEquals(method.equals("scale") ? List.of("scale: what it does after training it does to the whole adapter, the part that "
                    + "the run went on from (--init-adapter) included") : List.of(), RunNotes.lines(config, data, Set.of()));
        }
    }

    /** The last column: the start of each line, empty where nothing is to be said. */
    @ParameterizedTest @CsvSource(delimiter = '|', emptyValue = "", value = {
        "earlystop | 0.0001 | seed=1 | earlystop: 1 of 3 steps, which is a share of 0.333; share_of_steps 1.0E-4 is not a whole number of "
        + "steps; the minimum is one",
        "earlystop | 0.6 | seed=1 | earlystop: 2 of 3 steps, which is a share of 0.667; share_of_steps 0.6 is not a whole number of steps",
        "earlystop | 1 | seed=1 | ''",
        "earlystop | 0.5 | steps=4 | ''",
        "mix | 0.001 | batch_size=4 | mix: 12 task and 0 alignment examples at a share of 0.001: this is plain LoRA",
        "kl_sparse | 1 | seed=1 | kl_sparse: every 4th of 3 steps is none: this is plain LoRA",
        "kl_sparse | 1 | steps=4 | ''",
        "mix | 0.1 | batch_size=4 | ''",
        "lora | NaN | seed=1 | ''",
        "lora | NaN | eval_every=3 | eval_every 3 is not reached before the last of 3 steps: the held-out loss is measured at the end alone",
        "lora | NaN | eval_every=2 | ''",
        "lora | NaN | eval_every=0 | ''",
        "agl | NaN | agl.refresh_every=3 | agl.refresh_every 3 is not reached before the last of 3 steps: the Fisher information is "
        + "estimated once, at the start",
        "agl | NaN | agl.refresh_every=2 | ''",
        "agl | NaN | seed=1 | ''",
        "agl | 0 | agl.lambda_T=0 | agl.lambda_A, lambda_T and lambda_NC are all 0: agl adds nothing to the task loss, and this is plain LoRA",
        "kl | 0 | seed=1 | kl: weight 0 adds nothing to the task loss, and this is plain LoRA",
        "asft | 0 | seed=1 | asft: lambda 0 adds nothing to the task loss, and this is plain LoRA",
        "lisa | 0 | seed=1 | ''",
        "safelora | 0 | seed=1 | ''",
        "agl | 5 | agl.lambda_T=0,agl.lambda_A=0 | ''",
        "ewc | NaN | agl.lambda_T=0,agl.lambda_A=0 | ''"})
    void whatComesOutOtherwiseIsSaid(String method, double strength, String sets, String expected) {
        assertEquals(expected, notes(method, strength, sets, EXAMPLES));
    }

    /** The default needs no line, unless somebody gave it; another number needs one wherever it came from. */
    @Test void anIntervalThatWasAskedForIsSaid() {
        TrainData data = new TrainData(EXAMPLES, EXAMPLES, EXAMPLES);
        String line = "eval_every %d is not reached before the last of 3 steps: the held-out loss is measured at the end alone";
        for (int every : new int[] {50, 9}) {
            RunConfig config = RunConfig.of(null, List.of("steps=3", "eval_every=" + every)).resolved(MethodChoice.of("lora"));
            assertEquals(List.of(String.format(line, every)), RunNotes.lines(config, data, Set.of("eval_every")));
            assertEquals(every == 50 ? List.of() : List.of(String.format(line, every)), RunNotes.lines(config, data, Set.of()));
        }
    }

    @Test void nothingHeldOutIsSaidElsewhere() {
        assertTrue(notes("lora", Double.NaN, "eval_every=9", List.of()).isEmpty());
    }

    /** Four refusals and one answer make one pair of each. */
    @Test void pairsThatCannotBeMadeAreSaidForThoseWhoMakeThem() {
        List<Example> alignment = IntStream.range(0, 5)
                .mapToObj(i -> new Example("tell me " + i, i < 4 ? "I cannot help with that." : "The fox sat.")).toList();
        TrainData data = new TrainData(EXAMPLES, EXAMPLES, alignment);
        for (String method : List.of("contrast", "contrast_linear", "kl")) {
            RunConfig config = RunConfig.of(null, List.of("steps=3")).resolved(MethodChoice.of(method));
            assertEquals(method.equals("kl") ? List.of() : List.of(method + ": as many refusals as answers make pairs: 1 of each, of 4 "
                    + "refusals and 1 answers in the alignment data"), RunNotes.lines(config, data, Set.of()));
        }
    }
}
