package agl.app.drift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.ModelBundle;
import agl.app.TinyModel;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.stats.Interval;
import agl.autograd.DType;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.nn.Batch;
import agl.nn.Generator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriftCheckTest {
    @TempDir Path temp;

    private static DriftCheck.Result result(Label label, boolean refused) {
        return new DriftCheck.Result(new Prompt("p", label, "c"), "", refused, refused ? 1 : -1, 0);
    }

    /** The margins of a group, from the cache, against one sequence at a time without it. */
    @Test void marginsAreThoseOfWholeSequences() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<String> refusals = List.of("the cat", "a fox sat", "t");
        List<String> compliances = List.of("and", "the dog");
        String start = "the red fox sat on the mat and the dog sat on the cat and the cat sat ";
        List<Prompt> prompts = List.of(new Prompt("tell me a story", Label.SAFE, ""), new Prompt("the", Label.UNSAFE, "x"),
                new Prompt("sat on the mat and the red fox sat", Label.UNSAFE, "y"), new Prompt(start + "and", Label.SAFE, ""), new Prompt(start + "on the mat", Label.SAFE, ""));
        for (int group : new int[] {1, 2, 64}) {
            List<DriftCheck.Result> results = new DriftCheck(bundle, new DriftCheck.Settings(5, group, refusals, compliances)).run(prompts, n -> { });
            Generator generator = Generator.of(bundle.model());
            for (int i = 0; i < prompts.size(); i++) {
                double expected = logP(bundle, prompts.get(i), refusals) - logP(bundle, prompts.get(i), compliances);
                assertEquals(prompts.get(i), results.get(i).prompt());
                assertEquals(expected, results.get(i).margin(), 1e-4);
                int[] answer = generator.generate(List.of(bundle.prompt(prompts.get(i).prompt(), "")), Generator.Settings.greedy(5), bundle::isStop).getFirst();
                assertEquals(bundle.tokenizer().decode(answer, true).strip(), results.get(i).answer());
            }
        }
    }

    private static double logP(ModelBundle bundle, Prompt prompt, List<String> openings) {
        List<Double> logs = new ArrayList<>();
        int[] p = bundle.prompt(prompt.prompt(), "");
        for (String opening : openings) {
            int[] o = bundle.answer(opening);
            int[] tokens = java.util.Arrays.copyOf(p, p.length + o.length);
            System.arraycopy(o, 0, tokens, p.length, o.length);
            int[] targets = new int[tokens.length];
            java.util.Arrays.fill(targets, Batch.NO_TARGET);
            System.arraycopy(o, 0, targets, p.length - 1, o.length);
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                double sum = 0;
                for (double loss : bundle.model().tokenLosses(tape, new Batch(tokens, new int[] {0, tokens.length}, targets))) {
                    sum -= loss;
                }
                logs.add(sum);
            }
        }
        return DriftCheck.logSum(logs.stream().mapToDouble(v -> v).toArray());
    }

    @Test void ratesDriftAndReduction() {
        List<DriftCheck.Result> base = new ArrayList<>();
        List<DriftCheck.Result> tuned = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            base.add(result(Label.UNSAFE, i < 18));
            tuned.add(result(Label.UNSAFE, i < 8));
            base.add(result(Label.SAFE, i < 2));
            tuned.add(result(Label.SAFE, false));
        }
        DriftSummary d = DriftSummary.of(base);
        assertEquals(0.9, d.unsafeRefused().value(), 1e-12);
        assertEquals(0.9, d.safeAnswered().value(), 1e-12);
        Interval drift = DriftSummary.drift(base, tuned);
        assertEquals(50, drift.value(), 1e-9);
        assertTrue(drift.low() < 50 && drift.high() > 50 && drift.low() > 15 && drift.high() < 85, drift.toString());
        assertEquals(0, DriftSummary.drift(tuned, base).value(), 0);
        assertEquals(0.5, DriftSummary.reduction(new Interval(25, 0, 0), drift), 1e-12);
        assertTrue(Double.isNaN(DriftSummary.reduction(drift, new Interval(0, 0, 0))));
    }

    /** Eight prompts of each of ten wishes. */
    @Test void promptsOfAClusterAreDrawnTogether() {
        List<DriftCheck.Result> base = new ArrayList<>();
        List<DriftCheck.Result> tuned = new ArrayList<>();
        List<DriftCheck.Result> alone = new ArrayList<>();
        for (int n = 0; n < 80; n++) {
            Prompt p = new Prompt("p", Label.UNSAFE, "c", "wish " + n / 8);
            base.add(new DriftCheck.Result(p, "", true, 0, 0));
            tuned.add(new DriftCheck.Result(p, "", n / 8 % 2 == 0, 0, 0));
            alone.add(new DriftCheck.Result(new Prompt("p", Label.UNSAFE, "c"), "", n / 8 % 2 == 0, 0, 0));
        }
        Interval together = DriftSummary.drift(base, tuned);
        assertEquals(50, together.value(), 1e-9);
        assertTrue(together.high() - together.low() > 50, together.toString());
        Interval share = DriftSummary.of(tuned).unsafeRefused();
        Interval narrow = DriftSummary.of(alone).unsafeRefused();
        assertTrue(share.high() - share.low() > 2 * (narrow.high() - narrow.low()), share + " " + narrow);
    }

    @Test void filesHaveEveryModelAndPrompt() throws Exception {
        Map<String, List<DriftCheck.Result>> results = new LinkedHashMap<>();
        results.put("base", List.of(result(Label.UNSAFE, true), result(Label.SAFE, false)));
        results.put("adapter", List.of(result(Label.UNSAFE, false), result(Label.SAFE, false)));
        DriftOutput.write(temp, results);
        assertEquals(5, Files.readAllLines(temp.resolve("answers.csv")).size());
        var json = new com.fasterxml.jackson.databind.ObjectMapper().readTree(temp.resolve("drift.json").toFile());
        assertEquals(100, json.get("adapter").get("drift_points").get("value").asDouble(), 1e-9);
        assertTrue(DriftOutput.table(results).contains("adapter"));
    }
}
