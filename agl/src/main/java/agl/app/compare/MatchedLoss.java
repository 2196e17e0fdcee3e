package agl.app.compare;

import agl.app.stats.Interval;
import agl.app.train.MethodChoice;
import agl.app.io.TextTable;
import agl.app.train.Needs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Drift at the same task loss: each method's least drift at a task loss up to LoRA's plus a little, where between two neighbouring
 * strengths both are linear. A method whose every strength costs more has no value there.
 */
final class MatchedLoss {
    /** How much above plain LoRA's task loss, in nats per token. */
    static final List<Double> ABOVE = List.of(0.01, 0.02);

    /**
     * A method at a limit of the task loss: {@code (1 − weight)} of one strength and {@code weight} of the next.
     *
     * @param refused by unsafe prompt, the share of seeds that refuse it
     */
    record At(Summary one, Summary next, double weight, double[] refused) {
        /** "kl, weight 1", or "kl, weight 1 to 3" between two. */
        String label() {
            return weight == 0 ? one.label() : one.label() + " to " + MethodChoice.number(next.strength());
        }
    }

    /**
     * One method's row: its value at each limit of {@link #ABOVE}, empty where it has none.
     *
     * @param run the same at the last limit, of the strengths that were run alone
     */
    record Row(String method, Needs needs, List<Optional<At>> at, Optional<At> run) { }


    private final CompareOutcome outcome;
    private final Measures measures;
    private final List<Row> rows;

    private MatchedLoss(CompareOutcome outcome, List<Row> rows) {
        this.outcome = outcome;
        this.measures = outcome.measures();
        this.rows = rows;
    }

    /** Empty without plain LoRA, without another method, for an ablation and if no drift is stated. */
    static Optional<MatchedLoss> of(CompareOutcome o) {
        Optional<Summary> lora = CompareVerdict.lora(o);
        boolean ablation = o.sound().stream().anyMatch(v -> !v.variant().sets().isEmpty());
        if (lora.isEmpty() || o.noDrift().isPresent() || ablation || o.sound().size() < 2) {
            return Optional.empty();
        }
        Map<String, List<Summary>> curves = new LinkedHashMap<>();
        o.grouped().stream().filter(v -> !v.wrecked())
                .forEach(v -> curves.computeIfAbsent(v.variant().group(), g -> new ArrayList<>()).add(v));
        curves.values().forEach(curve -> curve.sort(Comparator.comparingDouble(Summary::strength)));
        double loss = lora.get().mean(Metric.TASK_LOSS);
        List<Row> rows = new ArrayList<>();
        curves.forEach((method, curve) -> rows.add(new Row(method, curve.getFirst().variant().needs(),
                ABOVE.stream().map(above -> most(points(o.measures(), curve, loss + above))).toList(),
                most(points(o.measures(), curve, loss + ABOVE.getLast()).stream().filter(at -> at.weight == 0).toList()))));
        return Optional.of(new MatchedLoss(o, rows));
    }

    List<Row> rows() {
        return rows;
    }

    /** The points of a curve at a task loss up to this limit: the runs, and where the curve meets the limit. */
    private static List<At> points(Measures measures, List<Summary> curve, double limit) {
        List<At> allowed = new ArrayList<>();
        for (int i = 0; i < curve.size(); i++) {
            Summary one = curve.get(i);
            double loss = one.mean(Metric.TASK_LOSS);
            if (loss <= limit) {
                allowed.add(new At(one, one, 0, measures.refused(one.last())));
            }
            if (i + 1 < curve.size()) {
                Summary next = curve.get(i + 1);
                double weight = (limit - loss) / (next.mean(Metric.TASK_LOSS) - loss);
                if (weight > 0 && weight < 1) {
                    double[] a = measures.refused(one.last());
                    double[] b = measures.refused(next.last());
                    allowed.add(new At(one, next, weight,
                            IntStream.range(0, a.length).mapToDouble(p -> (1 - weight) * a[p] + weight * b[p]).toArray()));
                }
            }
        }
        return allowed;
    }

    /** The one with the most refusals; of two with as many, the one with the lower task loss. */
    private static Optional<At> most(List<At> points) {
        return points.stream().max(Comparator.comparingDouble((At at) -> Arrays.stream(at.refused).sum())
                .thenComparingDouble(at -> -at.one.mean(Metric.TASK_LOSS)));
    }

    /** Drift with its interval over prompts, in points. */
    Interval drift(At at) {
        return measures.difference(measures.refused(List.of(outcome.base().last())), at.refused);
    }

    /** How many points more the one drifts than the other, on the same prompts. */
    Interval more(At at, At than) {
        return measures.difference(than.refused, at.refused);
    }

    /** The method with the least drift at a limit among those with these needs, and plain LoRA. */
    Optional<Row> best(Needs needs, int limit) {
        return rows.stream().filter(r -> r.needs == needs && r.at.get(limit).isPresent())
                .min(Comparator.comparingDouble((Row r) -> drift(r.at.get(limit).get()).value())
                        .thenComparing(r -> !r.method.equals("lora")));
    }

    /** A table: per method and limit the drift, and how much more that is than the best method with the same needs has. */
    String table() {
        List<String> header = new ArrayList<>(List.of(""));
        ABOVE.forEach(above -> header.add("+" + above));
        TextTable table = new TextTable(1, header);
        Needs group = null;
        for (Row row : rows) {
            if (row.needs != group) {
                table.heading("needs " + row.needs.title() + ":");
                group = row.needs;
            }
            List<String> cells = new ArrayList<>(List.of(row.method));
            for (int limit = 0; limit < ABOVE.size(); limit++) {
                cells.add(cell(row, limit));
            }
            table.row(cells);
        }
        return "\nleast drift at a task loss up to LoRA's plus so much, points [95% interval over prompts]; "
                + "how much more than the best with the same needs\n" + table.text();
    }

    /** "5.0 [1.2, 9.8]; +3.3 [-1.0, 7.6]", or "–". */
    String cell(Row row, int limit) {
        if (row.at.get(limit).isEmpty()) {
            return "–";
        }
        At at = row.at.get(limit).get();
        Row best = best(row.needs, limit).orElseThrow();
        boolean alone = rows.stream().filter(r -> r.needs == row.needs && r.at.get(limit).isPresent()).count() == 1;
        return drift(at).text(1) + (alone ? "" : best == row ? "; least" : "; +" + more(at, best.at.get(limit).get()).text(1));
    }

    /**
     * Which method to take, by what is at hand: of each need the run with the least drift within {@link CompareVerdict#SAME_LOSS} of LoRA's
     * task loss, and whether it is ahead of those that need less. Empty if the methods do not differ in what they need.
     */
    Optional<String> advice() {
        Row lora = rows.stream().filter(r -> r.method.equals("lora")).findFirst().orElseThrow();
        List<Needs> all = rows.stream().filter(r -> r != lora).map(Row::needs).distinct().toList();
        if (all.size() < 2) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>();
        Row ahead = lora;
        for (Needs needs : all) {
            Row best = rows.stream().filter(r -> r.needs == needs && r.run.isPresent())
                    .min(Comparator.comparingDouble((Row r) -> drift(r.run.get()).value()).thenComparing(r -> r != lora)
                            .thenComparingDouble(r -> r.run.get().one.mean(Metric.TASK_LOSS))).orElse(null);
            if (best == null) {
                parts.add(having(needs) + " nothing: no method comes to that loss");
                continue;
            }
            At at = best.run.get();
            Interval less = more(ahead.run.orElseThrow(), at);
            boolean sure = less.hasEnds() && less.low() > 0;
            parts.add(String.format(Locale.ROOT, "%s %s (drift %.1f%s)", having(needs), at.label(), drift(at).value(),
                    best == lora ? ", no other drifts less"
                            : sure ? "" : (less.value() > 0 ? ", which may be chance beside " : ", not ahead of ")
                                    + ahead.run.get().label()));
            ahead = sure ? best : ahead;
        }
        return Optional.of(String.format(Locale.ROOT, "To take, at up to %.2f nats above LoRA's task loss: %s.", ABOVE.getLast(),
                String.join("; ", parts)));
    }

    private static String having(Needs needs) {
        return needs == Needs.NOTHING ? "with the task data alone" : "with " + needs.title();
    }
}
