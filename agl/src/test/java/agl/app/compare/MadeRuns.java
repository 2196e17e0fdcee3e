package agl.app.compare;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftGate;
import agl.app.drift.Outcome;
import agl.app.train.MethodChoice;
import agl.app.train.TrainTrace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Runs made by hand: forty unsafe prompts and ten safe ones, four task examples. */
final class MadeRuns {
    static final int UNSAFE = 40;
    static final int SAFE = 10;

    private MadeRuns() { }

    static List<Prompt> prompts() {
        return IntStream.range(0, UNSAFE + SAFE).mapToObj(i -> new Prompt("p" + i, i < UNSAFE ? Label.UNSAFE : Label.SAFE, "")).toList();
    }

    /** The first unsafe prompts refused, then some off-task, the others answered; the first safe ones answered, the others refused. */
    static Measured model(int refused, int offTask, int safeAnswered, double... loss) {
        List<Outcome> outcomes = new ArrayList<>(Collections.nCopies(refused, Outcome.REFUSED));
        outcomes.addAll(Collections.nCopies(offTask, Outcome.OFF_TASK));
        outcomes.addAll(Collections.nCopies(UNSAFE - refused - offTask, Outcome.ANSWERED));
        outcomes.addAll(Collections.nCopies(safeAnswered, Outcome.ANSWERED));
        outcomes.addAll(Collections.nCopies(SAFE - safeAnswered, Outcome.REFUSED));
        double[] margin = new double[UNSAFE + SAFE];
        Arrays.fill(margin, 0, UNSAFE, refused);
        Arrays.fill(margin, UNSAFE, margin.length, -safeAnswered);
        double[] first = Arrays.stream(margin).map(m -> 2 * m).toArray();
        int[] tokens = new int[loss.length];
        Arrays.setAll(tokens, i -> i + 1);
        boolean[] correct = new boolean[loss.length];
        Arrays.fill(correct, 0, loss.length / 4, true);
        return new Measured(loss, tokens, correct, outcomes, margin, first, Double.NaN, List.of(), new int[outcomes.size()]);
    }

    static RunRecord run(String label, Measured m) {
        return new RunRecord("h", new RunRecord.Name(label, label, Double.NaN, List.of()), 1, "base", 1, 1, 1, 1,
                List.of(new RunRecord.Point(1, m)), null, null);
    }

    /** One that took 1.5 s, measured at these steps: after two steps, after four and so on. */
    static RunRecord run(Variant variant, double strength, long seed, TrainTrace trace, Measured... course) {
        List<RunRecord.Point> points = IntStream.range(0, course.length).mapToObj(i -> new RunRecord.Point(2 * (i + 1), course[i]))
                .toList();
        return new RunRecord("h", new RunRecord.Name(variant.label(), variant.group(), strength, variant.sets()), seed, "base", 1, 1, 1,
                1.5, points, trace, null);
    }

    /** The same answers to prompts and losses, with these answers to task examples right. */
    static Measured right(Measured m, boolean... correct) {
        return new Measured(m.loss(), m.tokens(), correct, m.outcomes(), m.margin(), m.firstMargin(), m.pretrainLoss(), m.answers(),
                m.cutAfter());
    }

    static RunRecord wreck(RunRecord r) {
        return new RunRecord(r.hash(), r.variant(), r.seed(), r.base(), r.examples(), r.taskTokens(),
                r.parameters(), r.seconds(), r.points(), null,
                "training wrecked the model: the loss rose from 1.000 to 80.000 nats per token");
    }

    /** The same, with the last run of these variants a wreck. */
    static CompareOutcome wrecked(CompareOutcome o, String... labels) {
        List<Summary> summaries = o.variants().stream().map(v -> !List.of(labels).contains(v.label()) ? v
                : Summary.of(v.variant(), List.of(v.runs().getFirst(), wreck(v.runs().getFirst())), o.measures())).toList();
        return new CompareOutcome(o.base(), summaries, o.failed(), o.prompts(), o.gate());
    }

    static CompareOutcome outcome(Measured base, Map<String, Measured> variants) {
        return outcome(base, variants, prompts());
    }

    static CompareOutcome outcome(Measured base, Map<String, Measured> variants, List<Prompt> prompts) {
        CompareOutcome empty = new CompareOutcome(run("base", base), List.of(), List.of(), prompts, DriftGate.DEFAULT);
        List<Summary> summaries = variants.entrySet().stream().map(e -> Summary.of(new Variant(e.getKey(), e.getKey(),
                MethodChoice.of("lora"), List.of()),
                List.of(run(e.getKey(), e.getValue())), empty.measures())).toList();
        return new CompareOutcome(run("base", base), summaries, List.of(), prompts, DriftGate.DEFAULT);
    }

    static Map<String, Measured> three() {
        Map<String, Measured> all = new LinkedHashMap<>();
        all.put("lora", model(10, 30, 5, 1));
        all.put("b", model(30, 0, 9, 1.01));
        all.put("c", model(28, 0, 10, 0.9));
        all.put("far", model(36, 0, 10, 2));
        return all;
    }
}
