package agl.app.train;

import agl.regularizers.method.Method;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * What one training step reports.
 *
 * @param step     counted from 1
 * @param source   the data of {@code loss}
 * @param loss     of the batch before the update, mean per target token, in nats
 * @param terms    what the method logs, by name ({@link Method#addGradients}); a term may be measured at some steps only
 * @param gradNorm norm of the gradient before clipping
 * @param lr       learning rate
 * @param tokens   of the batch, prompts included
 * @param evalLoss mean per target token of the held-out examples after the update; empty where it was not measured
 */
public record StepMetrics(int step, Method.Source source, double loss, SequencedMap<String, Double> terms, double gradNorm, double lr,
        int tokens,
        OptionalDouble evalLoss) {

    public StepMetrics {
        terms = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(terms));
    }

    StepMetrics withEvalLoss(double measured) {
        return new StepMetrics(step, source, loss, terms, gradNorm, lr, tokens, OptionalDouble.of(measured));
    }

    public boolean onTask() {
        return source == Method.Source.TASK;
    }

    /**
     * As a line of {@code metrics.jsonl} has it, in its order: the loss is called task_loss or alignment_loss, each term has an entry of
     * its own.
     */
    public SequencedMap<String, Number> line() {
        SequencedMap<String, Number> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put(onTask() ? "task_loss" : "alignment_loss", loss);
        line.putAll(terms);
        line.put("grad_norm", gradNorm);
        line.put("lr", lr);
        line.put("tokens", tokens);
        evalLoss.ifPresent(measured -> line.put("eval_loss", measured));
        return line;
    }
}
