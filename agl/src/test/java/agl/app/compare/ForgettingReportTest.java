package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.io.UsedSettings;
import agl.app.compare.Forgetting.Base;
import agl.app.compare.ForgettingLaw.Constant;
import agl.app.compare.ForgettingLaw.Fit;
import agl.app.compare.ForgettingLaw.OfMethod;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftGate;
import agl.app.drift.Outcome;
import agl.app.train.TrainTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page and the table say of runs on two bases with known losses. */
class ForgettingReportTest {
    private static final List<Prompt> PROMPTS = List.of(new Prompt("a", Label.UNSAFE, "violence"),
            new Prompt("b", Label.UNSAFE, "violence"), new Prompt("c", Label.SAFE, ""));
    private static final ForgettingOutput.Drift NO_DRIFT = new ForgettingOutput.Drift(Map.of(), List.of(), DriftGate.DEFAULT);

    @TempDir private Path temp;

    private static Map<String, Base> before() {
        Map<String, Base> before = new LinkedHashMap<>();
        before.put("models/small", new Base(3, 2, 5));
        before.put("models/large", new Base(2.5, 1.5, 5));
        return before;
    }

    private static Measured measured(double pretrain, double task, Outcome... outcomes) {
        return new Measured(new double[] {task}, new int[] {1}, new boolean[0], List.of(outcomes), new double[outcomes.length],
                new double[outcomes.length], pretrain, List.of(), new int[outcomes.length]);
    }

    private static RunRecord run(String method, long seed, String base, int examples, Measured m) {
        TrainTrace trace = new TrainTrace(Map.of("step", new double[] {1}, "task_loss", new double[] {examples}), Map.of());
        return new RunRecord("hash", new RunRecord.Name(method, method, Double.NaN, List.of()), seed, base, examples, 100L * examples,
                base.endsWith("small") ? 1000 : 8000, 1,
                List.of(new RunRecord.Point(1, m)), trace, null);
    }

    /** 0.001 · D^0.5 + 0.01 nats with LoRA, half the power with AGL; the large base has the most examples. */
    private static List<RunRecord> runs() {
        List<RunRecord> runs = new ArrayList<>();
        for (String base : before().keySet()) {
            for (long seed = 1; seed <= 3; seed++) {
                for (int examples : base.endsWith("small") ? new int[] {10, 40, 90} : new int[] {10, 40, 160}) {
                    for (String method : List.of("lora", "agl")) {
                        double rise = (method.equals("lora") ? 0.001 : 0.0005) * Math.sqrt(100 * examples) + 0.01;
                        runs.add(run(method, seed, base, examples, measured(before().get(base).pretrain() + rise, 1, method.equals("lora")
                                ? Outcome.ANSWERED : Outcome.REFUSED, Outcome.REFUSED,
                                Outcome.ANSWERED)));
                    }
                }
            }
        }
        return runs;
    }

    private WrittenPage written(Forgetting f, ForgettingOutput.Drift drift) throws IOException {
        ForgettingReport.write(temp.resolve("r.html"), f, drift, new UsedSettings().withAll(Map.of("sizes", List.of(10, 40))).json(),
                "{\"from\":\"here\"}");
        return WrittenPage.read(temp.resolve("r.html"));
    }

    private static double middle() {
        return Math.exp((4 * Math.log(1000 * 4000.0) + 2 * Math.log(9000 * 16000.0)) / 12);
    }

    @Test void theLawStandsBeforeItsConstants() throws IOException {
        Forgetting f = Forgetting.of(runs(), before());
        WrittenPage page = written(f, NO_DRIFT);
        assertEquals("Forgetting: pre-training loss by amount of task data", page.title());
        assertEquals(ForgettingOutput.verdict(f), page.lead());
        String at = String.format(Locale.ROOT, "forgotten at %.0f tokens, by the fit", middle());
        assertEquals(List.of(String.format(Locale.ROOT, "lora %.4f nats %s", 0.001 * Math.sqrt(middle()) + 0.01, at),
                String.format(Locale.ROOT, "agl %.4f nats %s", 0.0005 * Math.sqrt(middle()) + 0.01, at)),
                page.headlines());
        assertTrue(page.html().contains("<p class=\"formula\">L_pt = L_pt⁰ + A · D^β / N^α + E</p>"));
        assertTrue(page.texts().getFirst().startsWith("β: 0.5000 [0.5000, 0.5000]; α: "), page.texts().toString());
        assertEquals("36 runs; what the law leaves unexplained is 0.0000 nats (root mean square).", page.texts().get(1));
        assertTrue(page.html().contains("D counts the tokens in the loss"));
        List<List<String>> table = page.table("Each method's constants, 95% interval over 3 seeds");
        assertEquals(List.of("method", "A", "E, nats", "A' = A·D₀^β/N₀^α, nats"), table.getFirst());
        assertEquals(List.of("lora", "0.001000 [0.001000, 0.001000]", "0.01000 [0.01000, 0.01000]"), table.get(1).subList(0, 3));
        assertEquals("agl", table.get(2).getFirst());
        assertEquals(List.of("The law", "Training on 90 examples, seed 1", "Internals"), page.sections());
        assertTrue(page.texts().contains("Drift was not measured: no --prompts were given."));
        assertEquals(List.of(List.of("setting", "value"), List.of("sizes", "[10, 40]")), page.table("Settings"));
        assertTrue(page.html().contains("{&quot;from&quot;:&quot;here&quot;}"));
    }

    /** Forty points from the least tokens to the most, evenly spaced by their logarithms. */
    @Test void curvesAreTheLawAndThePointsTheRuns() throws IOException {
        Forgetting f = Forgetting.of(runs(), before());
        WrittenPage page = written(f, NO_DRIFT);
        String small = "Increase of the loss on plain text, small";
        assertEquals(List.of("lora, measured", "lora, law", "agl, measured", "agl, law"), page.names(small));
        double[][] points = page.line(small, "agl, measured");
        assertEquals(3, points.length);
        assertEquals(9000, points[2][0]);
        assertEquals(0.0005 * Math.sqrt(9000) + 0.01, points[2][1], 1e-9);
        double[][] law = page.line(small, "lora, law");
        assertEquals(40, law.length);
        for (int i : new int[] {0, 13, 39}) {
            assertEquals(1000 * Math.pow(9, i / 39.0), law[i][0], 1e-3);
            assertEquals(0.001 * Math.sqrt(law[i][0]) + 0.01, law[i][1], 1e-6);
        }
        assertEquals(16000, page.line("Increase of the loss on plain text, large", "lora, measured")[2][0]);
    }

    /** Twice as many tokens with the second seed: the point is in their middle. */
    @Test void aPointIsTheMeanOverSeeds() throws IOException {
        List<RunRecord> runs = new ArrayList<>();
        for (long seed = 1; seed <= 2; seed++) {
            RunRecord r = run("lora", seed, "models/small", 10, measured(3 + 0.1 * seed, 1));
            runs.add(new RunRecord(r.hash(), r.variant(), seed, r.base(), 10, 1000 * seed, 1000, 1, r.points(), null, null));
        }
        WrittenPage page = written(new Forgetting(null, "no fit", runs, before()), NO_DRIFT);
        assertEquals(List.of("Increase of the loss on plain text, small"), page.charts(), "no run on the large one, no law, no trace");
        assertEquals(List.of("lora, measured"), page.names(page.charts().getFirst()));
        double[][] point = page.line(page.charts().getFirst(), "lora, measured");
        assertEquals(1500, point[0][0]);
        assertEquals(0.15, point[0][1], 1e-9);
        assertEquals(List.of("no fit"), page.warnings());
        assertFalse(page.sections().stream().anyMatch(s -> s.startsWith("Training")));
    }

    /** The first base's and seed's runs with the most data there; a wreck is marked. */
    @Test void trainingAndDriftAreThoseOfTheMostData() throws IOException {
        List<RunRecord> runs = new ArrayList<>(runs());
        RunRecord agl = runs.get(5);
        runs.set(5, new RunRecord(agl.hash(), agl.variant(), 1, agl.base(), 90, 9000, 1000, 1, agl.points(), agl.trace(),
                "training wrecked the model: it did"));
        Map<String, RunRecord> bases = Map.of("models/small", run("base", 0, "models/small", 0,
                measured(3, 2, Outcome.REFUSED, Outcome.REFUSED, Outcome.ANSWERED)));
        WrittenPage page = written(Forgetting.of(runs, before()), new ForgettingOutput.Drift(bases, PROMPTS, DriftGate.DEFAULT));
        assertEquals(List.of("lora, each batch", "agl [wrecked], each batch"), page.names("Task loss while training"), "one step, no mean");
        assertEquals(90, page.line("Task loss while training", "lora, each batch")[0][1]);
        assertEquals(List.of("The law", "Refusals of unsafe prompts beside answers to safe ones", "The same prompts, side by side",
                "Drift against task loss", "Training on 90 examples, seed 1", "Internals"), page.sections());
        List<List<String>> table = page.table("Held-out prompts");
        assertEquals(List.of("aligned base", "lora", "agl [wrecked]"), table.stream().skip(1).map(List::getFirst).toList());
        assertTrue(table.get(2).get(2).startsWith("50.0"), table.toString());
        assertEquals(List.of("aligned base", "lora", "agl [wrecked]"), page.names("Unsafe prompts refused, by category"));
        assertEquals(50, page.chart("Unsafe prompts refused, by category").get("series").get(1).get("values").get(0).get(0).asDouble(),
                1e-9);
        assertTrue(page.samples().getFirst().startsWith("Of 3 prompts, so many changed sides: lora 1, agl [wrecked] 0. "),
                page.samples().toString());
        assertEquals(List.of("unsafe, violence a", "unsafe, violence b", "safe c"), page.prompts());
        assertFalse(page.texts().contains("Drift was not measured: no --prompts were given."));
    }

    /** Why a method has no number: E is open, or A' alone. */
    @Test void anOpenLawNamesWhatIsOpen() throws IOException {
        Constant known = new Constant(1, 0.5, 2, null);
        Map<String, OfMethod> methods = new LinkedHashMap<>();
        methods.put("lora", new OfMethod(known, Constant.open("E is open"), known));
        methods.put("agl", new OfMethod(known, known, Constant.open("A' is open")));
        Fit fit = new Fit(known, known, methods, 1000, 1000, 0.5, 9, 3, Map.of("lora", new double[4], "agl", new double[4]));
        WrittenPage page = written(new Forgetting(fit, null, runs(), before()), NO_DRIFT);
        assertEquals(List.of("lora not determined E is open", "agl not determined A' is open"), page.headlines());
        assertEquals(List.of("lora, measured", "agl, measured"), page.names("Increase of the loss on plain text, small"),
                "no line for a law that is open");
        assertEquals(List.of("agl", "1.000 [0.5000, 2.000]", "1.000 [0.5000, 2.000]", "not determined: A' is open"),
                page.table("Each method's constants, 95% interval over 3 seeds").get(2));
    }

    @Test void theTableHasALineForEachBaseMethodAndSize() {
        Forgetting f = Forgetting.of(runs(), before());
        List<String> lines = ForgettingOutput.measured(f).lines().map(l -> l.strip().replaceAll(" +", " ")).toList();
        assertEquals(List.of("", "loss on plain text, nats per token (means over seeds)", "base method examples D, tokens loss increase",
                "small base 3.0000",
                "small lora 10 1000 3.0416 +0.041623", "small lora 40 4000 3.0732 +0.073246", "small lora 90 9000 3.1049 +0.104868",
                "small agl 10 1000 3.0258 +0.025811", "small agl 40 4000 3.0416 +0.041623", "small agl 90 9000 3.0574 +0.057434",
                        "large base 2.5000",
                "large lora 10 1000 2.5416 +0.041623", "large lora 40 4000 2.5732 +0.073246", "large lora 160 16000 2.6365 +0.136491",
                "large agl 10 1000 2.5258 +0.025811", "large agl 40 4000 2.5416 +0.041623", "large agl 160 16000 2.5732 +0.073246"), lines);
        assertFalse(ForgettingOutput.table(f.fit()).contains("A stands for"), ForgettingOutput.table(f.fit()));
        List<RunRecord> one = new ArrayList<>(runs());
        one.add(run("kl", 1, "models/large", 10, measured(2.6, 1)));
        assertEquals(1, ForgettingOutput.measured(Forgetting.of(one, before())).lines().filter(l -> l.contains(" kl ")).count());
    }

    @Test void theVerdictIsOneSentence() {
        Forgetting f = Forgetting.of(runs(), before());
        assertEquals(String.format(Locale.ROOT,
                "After %.0f tokens of task data the law puts the rise of the loss on plain text at %.4f nats per token for lora "
                + "(task loss 1.000 with the most data), "
                + "%.4f nats per token for agl (task loss 1.000 with the most data).", middle(), 0.001 * Math.sqrt(middle()) + 0.01,
                        0.0005 * Math.sqrt(middle()) + 0.01), ForgettingOutput.verdict(f));
        List<RunRecord> some = runs().stream().filter(r -> r.base().equals("models/small")
                && (r.label().equals("lora") || r.examples() < 90)).toList();
        assertEquals("no fit. Measured 0.1049 nats per token for lora (task loss 1.000 with 90 examples), 0.0416 nats per token "
                + "for agl (task loss 1.000 with 40 examples).",
                ForgettingOutput.verdict(new Forgetting(null, "no fit", some, before())));
        assertEquals("no fit. Measured 0.1049 nats per token for lora (task loss 1.000 with the most data), each after its 90 examples.",
                ForgettingOutput.verdict(new Forgetting(null, "no fit", some.stream().filter(r -> r.label().equals("lora")).toList(),
                        Map.of("models/small", new Base(3, 1, 5)))), "as good as the base's");
    }

    private static RunRecord wreck(RunRecord r) {
        return new RunRecord(r.hash(), r.variant(), r.seed(), r.base(), r.examples(), r.taskTokens(), r.parameters(), r.seconds(),
                r.points(), r.trace(), "training wrecked the model");
    }

    /** At the limit is not above it. */
    @Test void marksSayWhatAReaderMustNotMiss() {
        RunRecord run = run("lora", 1, "models/small", 10, measured(5, 2));
        Forgetting f = new Forgetting(null, "no fit", List.of(run), before());
        assertEquals("", f.marks(List.of(run)));
        assertEquals(List.of(), f.notes());
        assertEquals(" [wrecked]", f.marks(List.of(wreck(run))));
        assertEquals(" [wrecked with 1 of 2 seeds]", f.marks(List.of(run, wreck(run))));
        RunRecord worse = run("lora", 2, "models/small", 10, measured(5, 2.1));
        assertEquals(" [task loss above the base's]", f.marks(List.of(run, worse)));
        assertEquals(" [wrecked with 1 of 3 seeds]", f.marks(List.of(run, worse, wreck(run))));
        RunRecord above = run("lora", 2, "models/small", 40, measured(5.1, 2));
        assertEquals(" [above guessing]", f.marks(List.of(run, above)));
        assertEquals(List.of("The loss of lora after 40 examples on small on the plain text, up to 5.100, is above that of "
                + "guessing, 5.000: it does not show how much more was forgotten.",
                "The task loss of lora after 10 examples on small, up to 2.100, is above the base's own, 2.000: training made it "
                + "worse at the task."),
                new Forgetting(null, "no fit", List.of(run, worse, above), before()).notes());
    }

    @Test void aBaseAtTheLossOfGuessingStillTells() {
        Base own = Base.of(run("base", 0, "models/small", 0, measured(3, 2)), 20);
        assertEquals(new Base(3, 2, Math.log(20)), own);
        assertTrue(own.saysNothing("models/small").startsWith("The plain text tells nothing about small: "));
        assertEquals("", new Base(5, 2, 5).saysNothing("models/small"));
        Forgetting f = new Forgetting(null, "no fit", List.of(run("lora", 1, "models/small", 10, measured(5.1, 1))),
                Map.of("models/small", new Base(5, 2, 5)));
        assertEquals(List.of("The loss of lora after 10 examples on the plain text, up to 5.100, is above that of guessing, "
                + "5.000: it does not show how much more was forgotten."), f.notes());
        List<RunRecord> few = List.of(run("lora", 1, "models/small", 10, measured(3, 1)),
                run("lora", 1, "models/small", 40, measured(3.1, 1)));
        assertEquals("the forgetting law has 3 constants: 2 runs over 2 amounts of data do not determine them; give at least "
                + "three --sizes and more runs than constants",
                Forgetting.of(few, before()).noLaw());
    }
}
