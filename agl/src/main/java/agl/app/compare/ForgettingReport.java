package agl.app.compare;

import agl.app.compare.ForgettingLaw.Fit;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftReport;
import agl.app.report.Caption;
import agl.app.report.Report;
import agl.app.report.Report.Curve;
import agl.app.report.Report.Mark;
import agl.app.train.TrainReport;
import agl.app.train.TrainTrace;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** report.html of {@code agl forgetting}. */
public final class ForgettingReport {
    private static final int CURVE_POINTS = 40;

    private ForgettingReport() { }

    public static void write(Path file, Forgetting f, ForgettingOutput.Drift drift, ObjectNode settings, String provenance) {
        Fit fit = f.fit();
        Report report = Report.of("Forgetting: pre-training loss by amount of task data");
        report.lead(ForgettingOutput.verdict(f));
        report.section("The law");
        f.notes().forEach(report::warning);
        if (fit == null) {
            report.warning(f.noLaw());
        } else {
            law(report, fit);
        }
        curves(report, f);
        List<RunRecord> shown = most(f.runs());
        Map<String, TrainTrace> traces = new LinkedHashMap<>();
        shown.stream().filter(r -> r.trace() != null).forEach(r -> traces.put(r.label() + f.marks(List.of(r)), r.trace()));
        DriftComparison results = drift.prompts().isEmpty() ? null : drift(f, shown, drift);
        if (results == null) {
            report.text("Drift was not measured: no --prompts were given.");
        } else {
            Map<String, Double> losses = new HashMap<>();
            shown.forEach(r -> losses.put(r.label() + f.marks(List.of(r)), Measures.taskLoss(r.last())));
            DriftReport.refusals(report, results, name -> losses.getOrDefault(name, Double.NaN));
            DriftReport.answers(report, results);
            DriftReport.against(report, results, name -> losses.getOrDefault(name, Double.NaN));
        }
        TrainReport.training(report, "Training on " + shown.getFirst().examples() + " examples, seed " + shown.getFirst().seed(), traces);
        report.section("Internals");
        TrainReport.internals(report, traces);
        if (results != null) {
            DriftReport.internals(report, results, "How drift was measured", DriftReport.explanation());
        }
        report.folded("Settings", folded -> folded.settings(settings));
        report.provenance(provenance);
        report.write(file);
    }

    private static void curves(Report report, Forgetting f) {
        for (Map.Entry<String, Forgetting.Base> base : f.before().entrySet()) {
            List<RunRecord> own = f.sound().stream().filter(r -> r.base().equals(base.getKey())).toList();
            List<Curve> series = new ArrayList<>();
            own.stream().map(RunRecord::label).distinct().forEach(method -> {
                List<RunRecord> of = own.stream().filter(r -> r.label().equals(method)).toList();
                series.add(Curve.of(method, points(of, base.getValue().pretrain()), Mark.DOTS).named(method + ", measured"));
                if (f.fit() != null && f.fit().methods().get(method).determined()) {
                    series.add(Curve.of(method, curve(f.fit(), method, of), Mark.FIT).named(method + ", law"));
                }
            });
            if (!series.isEmpty()) {
                report.lines(new Caption("Increase of the loss on plain text, " + Path.of(base.getKey()).getFileName(),
                        "Symbols: mean over seeds."
                                + (series.stream().anyMatch(c -> c.mark() == Mark.FIT) ? " Lines: the law, fitted to all runs." : "")
                                + " D counts the tokens in the loss (the answers') of the task examples that training came to, each once, "
                                + "however many passes. Losses are per token of each model's own tokenizer: compare sizes within one "
                                + "family."), "task tokens, D", "nats per token", series);
            }
        }
    }

    private static void law(Report report, Fit fit) {
        report.formula("L_pt = L_pt⁰ + A · D^β / N^α + E");
        report.text("β: " + ForgettingOutput.text(fit.beta()) + "; α: " + ForgettingOutput.text(fit.alpha()) 
                + ". D: task tokens; N: parameters; L: nats per token.");
        fit.methods()
                .forEach((name, m) -> report.headline(name,
                        m.determined() ? String.format(Locale.ROOT, "%.4f nats", fit.predict(name, fit.d0(), fit.n0())) : "not determined",
                        m.determined() ? String.format(Locale.ROOT, "forgotten at %.0f tokens, by the fit", fit.d0())
                                : m.e().determined() ? m.middle().note() : m.e().note()));
        List<List<Object>> rows = new ArrayList<>();
        fit.methods().forEach((name, m) -> rows.add(List.of(name, ForgettingOutput.text(m.a()), ForgettingOutput.text(m.e()),
                ForgettingOutput.text(m.middle()))));
        report.models(Caption.of("Each method's constants, 95% interval over " + fit.seeds() + " seeds"),
                List.of("method", "A", "E, nats", "A' = A·D₀^β/N₀^α, nats"), rows);
        report.text(String.format(Locale.ROOT, "%d runs; what the law leaves unexplained is %.4f nats (root mean square).",
                fit.observations(), fit.rms()));
    }

    /** Each method's run with the most data, of the first base and seed. */
    private static List<RunRecord> most(List<RunRecord> runs) {
        RunRecord first = runs.getFirst();
        List<RunRecord> own = runs.stream().filter(r -> r.base().equals(first.base()) && r.seed() == first.seed()).toList();
        int most = own.stream().mapToInt(RunRecord::examples).max().orElseThrow();
        return own.stream().filter(r -> r.examples() == most).toList();
    }

    private static DriftComparison drift(Forgetting f, List<RunRecord> shown, ForgettingOutput.Drift drift) {
        Map<String, List<DriftCheck.Result>> tuned = new LinkedHashMap<>();
        shown.forEach(r -> tuned.put(r.label() + f.marks(List.of(r)), r.last().drift(drift.prompts())));
        return DriftComparison.of("aligned base", drift.bases().get(shown.getFirst().base()).last().drift(drift.prompts()), tuned,
                drift.gate());
    }

    /** Mean over seeds by number of examples. */
    private static double[][] points(List<RunRecord> runs, double before) {
        TreeMap<Integer, List<RunRecord>> bySize = ForgettingOutput.bySize(runs);
        return new double[][] {
            bySize.values().stream().mapToDouble(l -> l.stream().mapToLong(RunRecord::taskTokens).average().orElseThrow()).toArray(),
            bySize.values().stream().mapToDouble(l -> ForgettingOutput.increase(l, before)).toArray()};
    }

    private static double[][] curve(Fit fit, String method, List<RunRecord> runs) {
        double from = Math.log(runs.stream().mapToLong(RunRecord::taskTokens).min().orElseThrow());
        double to = Math.log(runs.stream().mapToLong(RunRecord::taskTokens).max().orElseThrow());
        double[] x = new double[CURVE_POINTS];
        double[] y = new double[CURVE_POINTS];
        for (int i = 0; i < CURVE_POINTS; i++) {
            x[i] = Math.exp(from + (to - from) * i / (CURVE_POINTS - 1));
            y[i] = fit.predict(method, x[i], runs.getFirst().parameters());
        }
        return new double[][] {x, y};
    }
}
