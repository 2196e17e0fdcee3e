package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.io.Notes;
import agl.app.io.StopSignal;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.error.NotFiniteException;
import agl.nn.Batch;
import agl.nn.Neftune;
import agl.nn.Optimizer;
import agl.nn.Schedule;
import agl.nn.Transformer;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Method;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Consumer;

/**
 * The training loop: loss forward and backward, the {@link Method}'s changes to the gradient, clipping, optimizer step. The same loop
 * trains a LoRA adapter and, for aligning a base, the whole model: it trains whatever tensors it is given.
 */
public final class Trainer {

    /**
     * What to train on and how.
     *
     * @param evaluation held-out task examples, measured during training; may be empty. The caller measures the final result, after any
     *                   post-processing
     * @param alignment  examples for steps that are not {@link Method.Source#TASK}; empty for a method without such steps
     * @param factors    the adapter's factors for the method; empty if the whole model is trained
     * @param steps      steps to run. Fewer than those of the settings stop their schedule early; more stretch it
     */
    public record Job(List<EncodedExample> examples, List<EncodedExample> evaluation, List<EncodedExample> alignment, Method method,
                      List<LoraFactors> factors, int steps) { }

    /** Called after every step. */
    @FunctionalInterface
    public interface Listener {
        /** @param total steps of the whole run */
        void step(StepMetrics metrics, int total);

        /** Called before the first step of a run that goes on from a checkpoint, with the steps before it. */
        default void earlier(List<StepMetrics> steps, int total) { }
    }

    private final Transformer model;
    private final List<Tensor> parameters;
    private final TrainSettings settings;
    private final BestKept best;
    private final Kernels kernels = Kernels.best();
    private final Pool pool = new Pool(DType.F32);

    public Trainer(Transformer model, List<Tensor> parameters, TrainSettings settings) {
        this.model = model;
        this.parameters = parameters;
        this.settings = settings;
        this.best = new BestKept(parameters, settings.patience());
        model.recompute(settings.recompute());
    }

    /** Trains on the task loss alone, for the number of steps in the settings. */
    public void run(List<EncodedExample> examples, List<EncodedExample> evaluation, Listener listener) {
        run(new Job(examples, evaluation, List.of(), Method.lora(), List.of(), settings.totalSteps(examples.size())), null, listener);
    }

    /** Trains without checkpoints. */
    public void run(Job job, Listener listener) {
        run(job, null, listener);
    }

    /**
     * Trains, from where the newest checkpoint is if there is one. It fails when a loss, a gradient or what is to be saved is no longer
     * finite, unless the best weights before that are kept.
     *
     * @param checkpoints where the run's state is saved; null: nowhere, and a signal ends the process at once
     */
    public void run(Job job, Checkpoints checkpoints, Listener listener) {
        try (StopSignal signal = checkpoints == null ? null : StopSignal.listen()) {
            run(job, checkpoints, signal, listener);
        } catch (NotFiniteException e) {
            if (!settings.keepBest() || best.step() == 0) {
                throw new AglException(e.getMessage() + (checkpoints == null ? "" : checkpoints.kept()), e);
            }
            Notes.say(e.getMessage() + "; training ends there");
        }
    }

    private void run(Job job, Checkpoints checkpoints, StopSignal signal, Listener listener) {
        Feed feed = new Feed(job, settings);
        int steps = job.steps;
        int total = Math.max(steps, settings.totalSteps(job.examples.size()));
        Schedule schedule = settings.schedule(total);
        Optimizer optimizer = settings.optimizer(kernels, model, parameters);
        TrainerState state = new TrainerState(model, optimizer, job, best);
        onTape(tape -> job.method.start(tape, job.factors));
        int first = checkpoints == null ? 0 : checkpoints.restore(saved -> state.through(saved, this::onTape));
        if (first > 0) {
            listener.earlier(state.history(), steps);
            feed.skip(first, job.method);
        }
        // explain: Training step
        for (int step = first; step < steps && !best.outOfPatience(); step++) {
            Method.Source source = job.method.source(step);
            List<EncodedExample> chosen = feed.next(source);
            double loss = lossGradient(chosen, step);
            double lr = schedule.at(step);
            SequencedMap<String, Double> terms;
            double gradNorm;
            try (Tape tape = Tape.inference(kernels, pool)) {
                requireFinite(source, loss, step);
                terms = job.method.addGradients(tape, job.factors, step);
                requireFinite(terms, step);
                job.method.transformGradients(tape, job.factors, step);
                gradNorm = optimizer.step(lr, 1);
                job.method.afterStep(tape, job.factors, step);
            }
            int tokens = chosen.stream().mapToInt(EncodedExample::length).sum();
            OptionalDouble held = isMeasured(job, step + 1, steps) ? OptionalDouble.of(evaluate(job.evaluation)) : OptionalDouble.empty();
            if (keepsBest() && held.isPresent()) {
                best.measured(step + 1, held.getAsDouble());
            }
            StepMetrics metrics = new StepMetrics(step + 1, source, loss, terms, gradNorm, lr, tokens, held);
            int every = job.method.refreshEvery();
            if (every > 0 && (step + 1) % every == 0 && step + 1 < steps) {
                state.remember(step + 1);
                onTape(tape -> job.method.refresh(tape, job.factors));
            }
            listener.step(metrics, steps);
            if (checkpoints != null) {
                state.add(metrics);
                int code = signal.code();
                checkpoints.after(step + 1, steps, code != 0, saved -> state.through(saved, this::onTape));
                if (code != 0) {
                    throw new StoppedException("stopped after step " + (step + 1) + " of " + steps
                            + ", with a checkpoint: " + checkpoints.goOn() + " goes on from there", code);
                }
            }
        }
        // explain: end
    }

    private boolean keepsBest() {
        return settings.keepBest() || settings.patience() > 0;
    }

    /**
     * Makes those parameters current again that had the lowest held-out loss on the way, if that is lower than what they have now, or
     * what they have now is no number.
     *
     * @param last the held-out loss of what they have now
     * @return steps after which that was; 0 if the last ones stay
     */
    int keepBest(double last) {
        if (!settings.keepBest() || best.step() == 0 || last <= best.loss()) {
            return 0;
        }
        best.putBack();
        return best.step();
    }

    private void onTape(Consumer<Tape> work) {
        try (Tape tape = Tape.inference(kernels, pool)) {
            work.accept(tape);
        }
    }

    /** Whether to evaluate held-out examples after this step, counted from 1; the caller evaluates after the last. */
    private boolean isMeasured(Job job, int step, int steps) {
        return !job.evaluation.isEmpty() && step != steps && settings.evalEvery() > 0 && step % settings.evalEvery() == 0;
    }

    private void requireFinite(Method.Source source, double loss, int step) {
        if (!Double.isFinite(loss)) {
            throw new NotFiniteException("the " + source.title() + " loss is " + loss + " at step " + (step + 1) + "; "
                    + WreckCheck.advice(settings));
        }
    }

    private static void requireFinite(SequencedMap<String, Double> terms, int step) {
        terms.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new NotFiniteException("the term " + name + " is " + value + " at step " + (step + 1)
                        + "; try a smaller weight for it");
            }
        });
    }

    /**
     * Adds the gradient of the batch's mean loss per target token. Micro-batches are weighted by their number of targets, so the result
     * is that of the whole batch. Of all passes of a run only these have NEFTune's noise: the method's own do not.
     *
     * @return the loss
     */
    // explain: Task gradient
    private double lossGradient(List<EncodedExample> chosen, int step) {
        int targets = 0;
        for (EncodedExample e : chosen) {
            targets += e.lossTokens();
        }
        if (targets == 0) {
            throw new AglException(
                    "none of the " + chosen.size() + " examples of a batch has an answer within max_length " + settings.maxLength()
                            + ": there is nothing to train on");
        }
        int size = settings.microBatchSize() == 0 ? chosen.size() : settings.microBatchSize();
        double loss = 0;
        for (int from = 0; from < chosen.size(); from += size) {
            Batch batch = Batches.collate(chosen.subList(from, Math.min(chosen.size(), from + size)));
            Neftune noise = new Neftune(settings.neftuneNoiseAlpha(), settings.seed(), (long) step * settings.batchSize() + from);
            try (Tape tape = Tape.training(kernels, pool)) {
                Tensor hidden = model.hidden(tape, batch, noise);
                Tensor part = HeadCrossEntropy.of(tape, hidden, model.head(), batch.targets(), null, 1.0 / targets);
                loss += part.item();
                tape.backward(part);
            }
        }
        return loss;
    }
    // explain: end

    /** Mean loss per target token over all the examples, without dropout; NaN if there is no target. */
    public double evaluate(List<EncodedExample> examples) {
        double sum = 0;
        int count = 0;
        for (int from = 0; from < examples.size(); from += settings.batchSize()) {
            Batch batch = Batches.collate(examples.subList(from, Math.min(examples.size(), from + settings.batchSize())));
            try (Tape tape = Tape.inference(kernels, pool)) {
                int targets = batch.targetCount();
                sum += model.loss(tape, batch).item() * targets;
                count += targets;
            }
        }
        return sum / count;
    }
}
