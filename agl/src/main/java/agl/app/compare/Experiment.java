package agl.app.compare;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.drift.ClosedSet;
import agl.app.io.Inputs;
import agl.app.model.ModelBundle;
import agl.app.train.Checkpoints;
import agl.app.train.FineTune;
import agl.app.train.FisherSource;
import agl.app.train.MethodKind;
import agl.app.train.Needs;
import agl.app.train.RunConfig;
import agl.app.train.StoppedException;
import agl.app.train.Strength;
import agl.app.train.TrainData;
import agl.app.train.TrainTrace;
import agl.app.train.WreckCheck;
import agl.error.AglException;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Runs variants on one base, each at most once: finished runs are read from their files. */
public final class Experiment {
    /**
     * Incremented when the same settings give another result or another record. 3: identified by the base's files that are read. 4:
     * outcomes of answers. 5: tokens trained on. 6: one text for several prompts. 7: whether training wrecked the model. 8: where answers
     * were cut off, what follows a refusal. 9: the variant is one value. 10: batches of KL and contrast are whole whatever the micro-batch;
     * seconds without measurements.
     */
    private static final int FORMAT = 10;

    /**
     * @param shared whether some method here needs the Fisher information, which is then available for the others' reports
     * @param cache  the Fisher cache folder, or null
     */
    public record Fishers(boolean shared, Path cache) { }

    private final ModelBundle bundle;
    private final Probe probe;
    private final RunStore store;
    private final ObjectNode origin;
    private final int checkpointEvery;
    private final FisherSource fisher;
    private final boolean fisherShared;
    private final Inputs weights;
    private RunRecord aligned;

    /**
     * @param origin          what the results depend on besides the settings: hashes of model and data by role
     * @param checkpointEvery steps between measurements along training; 0: only at the end
     */
    public Experiment(ModelBundle bundle, Probe probe, RunStore store, ObjectNode origin, int checkpointEvery, Fishers fishers) {
        this.bundle = bundle;
        this.probe = probe;
        this.store = store;
        this.origin = origin;
        this.checkpointEvery = checkpointEvery;
        this.fisher = new FisherSource(bundle, fishers.cache);
        this.fisherShared = fishers.shared;
        this.weights = Inputs.read(List.of(bundle.folder()));
    }

    /** The base itself, measured once. */
    public RunRecord base() {
        if (aligned == null) {
            aligned = measureBase();
        }
        return aligned;
    }

    private RunRecord measureBase() {
        String hash = RunStore.hash(common("base"));
        return store.find(hash).orElseGet(() -> {
            long start = System.nanoTime();
            Measured measured = probe.measure(bundle, true, ClosedSet.NONE);
            RunRecord run = new RunRecord(hash, new RunRecord.Name("base", "base", Double.NaN, List.of()), 0, bundle.folder().toString(), 0,
                    0, bundle.model().size(),
                    (System.nanoTime() - start) * 1e-9, List.of(new RunRecord.Point(0, measured)), null, null);
            save(run);
            return run;
        });
    }

    /** The variant's run with these settings; {@code config} has the seed and the variant's own settings already. */
    public RunRecord run(Variant variant, RunConfig config, TrainData data) {
        String hash = hash(variant, config, data);
        Optional<RunRecord> known = store.find(hash);
        if (known.isPresent()) {
            RunRecord r = known.get();
            store.checkpoints(hash).delete(); // of a process that was killed when it had just saved the run
            // The same run may have another name in another table.
            return r.named(variant.label(), variant.group(), variant.sets(), r.base());
        }
        // Measured before the adapter is attached.
        double lossBefore = Measures.taskLoss(base().last());
        long start = System.nanoTime();
        double[] measuring = {0};
        double saved = fisher.secondsSaved();
        List<RunRecord.Point> points = new ArrayList<>();
        ClosedSet answers = ClosedSet.of(data.task().stream().map(Example::response).toList());
        // Methods that act after training have no trajectory to measure.
        boolean onTheWay = checkpointEvery > 0 && !variant.choice().kind().changesFactorsAfterTraining();
        Checkpoints checkpoints = store.checkpoints(hash);
        checkpoints.onlyIf(weights::requireUnchangedWeights);
        checkpoints.also(state -> {
            double[] spent = {(System.nanoTime() - start) * 1e-9 - measuring[0]};
            state.array("seconds", spent);
            RunStore.through(state, points);
            if (state.isLoading()) {
                measuring[0] -= spent[0]; // counted as trained, although not by this process
            }
        });
        FineTune.Result result;
        try {
            result = new FineTune(bundle, config, fisher, checkpoints).run(variant.choice(), data, null, null, (step, total, lora) -> {
                if (onTheWay && step < total && step % checkpointEvery == 0) {
                    long before = System.nanoTime();
                    points.add(new RunRecord.Point(step, measure(lora, false, answers)));
                    measuring[0] += (System.nanoTime() - before) * 1e-9;
                }
            });
        } catch (StoppedException e) {
            throw e;
        } catch (AglException e) {
            // Restore the base for the next run.
            bundle.model().replaceLinears(layer -> layer instanceof LoraLinear l ? l.base() : layer);
            throw new AglException(variant.label() + ", seed " + config.train().seed() + ": " + weights.because(e).getMessage(), e);
        }
        double seconds = result.seconds() - measuring[0] + fisher.secondsSaved() - saved;
        points.add(new RunRecord.Point(result.history().size(), measure(result.lora(), true, answers)));
        String wreck = wreck(lossBefore, points.getLast().measured(), config);
        TrainTrace trace = TrainTrace.of(result.history(), fisher(result, config, data), result.lora());
        result.lora().detach();
        int taskSteps = config.resolved(variant.choice()).taskSteps(data.task().size());
        long tokens = trainedOn(
                new Batches(bundle.encode(data.task(), config.train().maxLength()), config.train().batchSize(), config.train().seed()),
                taskSteps);
        RunRecord run = new RunRecord(hash,
                new RunRecord.Name(variant.label(), variant.group(), variant.choice().strengthOrDefault(config.agl()), variant.sets()),
                config.train().seed(), bundle.folder().toString(), data.task().size(), tokens, bundle.model().size(),
                seconds, points, trace, wreck);
        save(run);
        checkpoints.delete();
        return run;
    }

    /**
     * Why the current model with its adapter counts as wrecked, and what to change; null if it does not. Judged by the loss on all held-out
     * examples, compared with the base's.
     */
    private String wreck(double before, Measured after, RunConfig config) {
        WreckCheck check = new WreckCheck(bundle.encode(probe.evaluation(), config.train().maxLength()), config.train());
        return check.reason(bundle.model(), before, Measures.taskLoss(after))
                .map(reason -> reason + "; " + WreckCheck.advice(config.train())).orElse(null);
    }

    /** Tokens in the loss of the examples that so many steps reach, each counted once regardless of the number of passes. */
    static long trainedOn(Batches task, int steps) {
        return IntStream.range(0, Math.min(steps, task.batchesPerEpoch())).mapToObj(task::examplesOf).flatMap(List::stream)
                .mapToLong(EncodedExample::lossTokens).sum();
    }

    /** A run is stored under the hash of the base, so it must not come from other weights. */
    private void save(RunRecord run) {
        weights.requireUnchangedWeights();
        store.save(run);
    }

    /**
     * The run's own Fisher information; for a method without one, that of the methods it is compared with, to show where its update lies.
     */
    private Map<String, Fisher> fisher(FineTune.Result result, RunConfig config, TrainData data) {
        return result.fisher() != null || !fisherShared ? result.fisher()
                : fisher.estimate(result.lora(), config, config.agl(), data);
    }

    private Measured measure(LoraModel lora, boolean keepAnswers, ClosedSet answers) {
        return lora.whileMerged(() -> probe.measure(bundle, keepAnswers, answers));
    }

    /** Hash of exactly what determines the run, so that changing AGL's λ does not repeat the LoRA run. */
    String hash(Variant variant, RunConfig config, TrainData data) {
        MethodKind kind = variant.choice().kind();
        ObjectNode all = common(kind.title());
        ObjectNode settings = config.toJson();
        settings.remove("preset");
        // The record of a run without Fisher information stores its place in the subspace of the methods it is compared with.
        boolean shown = fisherShared && kind.needs() != Needs.FISHER;
        if (kind.reads() == MethodKind.Reads.NOTHING && !shown) {
            settings.remove("agl");
        } else if (kind.reads() != MethodKind.Reads.EVERYTHING) {
            // All settings that shape the estimate, including future ones; the storage of its vectors does not matter.
            List<String> shapes = new ArrayList<>(AglSettings.names(AglSettings.Estimate.class));
            shapes.add("fisher_norm");
            shapes.remove("exact_storage");
            settings.withObject("/agl").retain(shapes);
        }
        if (!shown && (kind.needs() == Needs.NOTHING || kind.needs() == Needs.UNALIGNED)) {
            settings.remove("fisher_examples");
            all.remove("alignment");
        }
        if (!shown && kind.needs() != Needs.FISHER) {
            settings.remove("fisher");
        } else if (config.fisher() != null && !kind.readsAlignment()) {
            // The artefact's hash, in the settings, stands for the examples it was made from.
            settings.remove("fisher_examples");
            all.remove("alignment");
        }
        if (kind.needs() != Needs.UNALIGNED) {
            all.remove("unaligned");
        }
        double strength = variant.choice().strengthOrDefault(config.agl());
        if (kind.strength().setting() == Strength.Setting.LAMBDA_A) {
            settings.withObject("/agl").put("lambda_A", strength);
        }
        all.put("strength", Double.isNaN(strength) ? "none" : Double.toString(strength));
        all.set("config", settings);
        all.put("checkpoint_every", checkpointEvery);
        all.put("task_examples", RunStore.hash(data.task()));
        return RunStore.hash(all);
    }

    private ObjectNode common(String method) {
        ObjectNode all = origin.deepCopy().put("format", FORMAT).put("method", method);
        all.set("measure", probe.settings());
        if (method.equals("base")) {
            all.remove("alignment");
            all.remove("unaligned");
        }
        return all;
    }
}
