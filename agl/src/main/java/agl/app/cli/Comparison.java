package agl.app.cli;

import agl.app.compare.CompareOutcome;
import agl.app.compare.CompareOutput;
import agl.app.compare.CompareReport;
import agl.app.compare.CompareVerdict;
import agl.app.compare.Experiment;
import agl.app.compare.Measures;
import agl.app.compare.Probe;
import agl.app.compare.RunRecord;
import agl.app.compare.RunStore;
import agl.app.compare.Summary;
import agl.app.compare.Variant;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftGate;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.OutputFiles;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.StoppedException;
import agl.app.train.TrainData;
import agl.error.AglException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Variants side by side on one base: every variant with every seed, then tables, JSON and a report. */
final class Comparison {
    private final String command;
    private final Path base;
    private final ExperimentOptions options;
    private final int checkpointEvery;

    Comparison(String command, Path base, ExperimentOptions options, int checkpointEvery) {
        this.command = command;
        this.base = base;
        this.options = options;
        this.checkpointEvery = checkpointEvery;
    }

    CompareOutcome run(List<Variant> variants, PrintWriter out) {
        if (options.prompts.isEmpty()) {
            throw new AglException("agl " + command + " needs --prompts FILE: what the models should refuse and what not");
        }
        if (checkpointEvery < 0) {
            throw new AglException("--checkpoints must be at least 0, got " + checkpointEvery);
        }
        DriftGate gate = options.drift.gate();
        options.require(variants);
        List<String> notes = options.dropUnused(variants, checkpointEvery);
        Inputs inputs = options.inputs(List.of(base));
        TrainData data = options.data();
        List<Prompt> prompts = options.promptList();
        Probe probe = options.probe(data, prompts, null);
        OutputFiles output = OutputFiles.into(options.out);
        RunStore store = new RunStore(options.out, options.saveEvery());
        ModelBundle bundle = options.load(base);
        Experiment experiment = new Experiment(bundle, probe, store, options.origin(base, List.of()), checkpointEvery,
                new Experiment.Fishers(variants.stream().anyMatch(Variant::usesFisher), options.fisherCache));
        notes.addAll(data.notes(prompts));
        notes.forEach(Notes::say);
        options.warnings(variants, data).forEach(Notes::say);
        RunRecord aligned = experiment.base();
        Map<Variant, List<RunRecord>> runs = new LinkedHashMap<>();
        variants.forEach(v -> runs.put(v, new ArrayList<>()));
        List<String> failed = new ArrayList<>();
        int done = 0;
        // Seed by seed, so that all methods share one Fisher estimate per seed, and an interrupted comparison has complete seeds.
        for (long seed : options.seeds) {
            for (Variant v : variants) {
                Progress.say("run " + ++done + " of " + variants.size() * options.seeds.size() + ": " + v.label() + ", seed " + seed);
                try {
                    RunRecord run = experiment.run(v, options.config(v, seed), data);
                    runs.get(v).add(run);
                    if (run.wrecked()) {
                        System.err.println("agl: " + run.wreckLine());
                    }
                } catch (StoppedException e) {
                    throw e;
                } catch (AglException e) {
                    failed.add(e.getMessage());
                    System.err.println("agl: " + e.getMessage());
                }
            }
        }
        Measures measures = new CompareOutcome(aligned, List.of(), failed, prompts, gate).measures();
        List<Summary> summaries = new ArrayList<>();
        runs.forEach((v, list) -> {
            if (!list.isEmpty()) {
                summaries.add(Summary.of(v, list, measures));
            }
        });
        if (summaries.isEmpty()) {
            throw new AglException("no run could be finished; " + failed.getFirst());
        }
        CompareOutcome outcome = new CompareOutcome(aligned, summaries, failed, prompts, gate);
        write(outcome, variants, inputs, output, out);
        if (!failed.isEmpty()) {
            throw new AglException(failed.size() + " of " + done + " runs could not be finished and are in no table: "
                    + String.join("; ", failed));
        }
        if (outcome.sound().isEmpty()) {
            throw new AglException("nothing is left to compare: " + summaries.getFirst().runs().stream().filter(RunRecord::wrecked)
                    .findFirst().orElseThrow().wreckLine()
                    + (summaries.size() > 1 ? "; the others likewise" : "") + "; what was measured is printed and written");
        }
        return outcome;
    }

    /** Prints tables, verdict and notes; writes JSON, provenance and report. */
    private void write(CompareOutcome outcome, List<Variant> variants, Inputs inputs, OutputFiles output, PrintWriter out) {
        out.print(CompareOutput.tables(outcome));
        out.println(CompareVerdict.text(outcome));
        outcome.notes().forEach(out::println);
        CompareVerdict.advice(outcome).ifPresent(out::println);
        out.flush();
        UsedSettings settings = new UsedSettings();
        settings.with("seeds", options.seeds);
        settings.with("variants", variants.stream().map(Variant::label).toList());
        settings.with("checkpoints", checkpointEvery);
        settings.withAll(options.templates());
        settings.withAll(options.described());
        settings.with("max_new_tokens", options.drift.maxNewTokens());
        settings.with("answer_tokens", options.answerTokens);
        settings.with("match", options.match);
        settings.with("config", options.common().toJson());
        Provenance provenance = Provenance.of(command, options.seeds.getFirst(), settings, inputs);
        output.write(folder -> {
            provenance.writeInto(folder);
            AtomicFiles.writeText(folder.resolve(command + ".json"), CompareOutput.json(outcome, provenance.notes()));
            CompareReport.write(folder.resolve("report.html"), command, outcome, settings.json(), provenance.toJson());
        });
        out.printf("wrote %s: report.html, %s.json, runs, provenance%n", options.out, command);
        out.printf("report: %s%n", options.out.resolve("report.html"));
        out.flush();
    }
}
