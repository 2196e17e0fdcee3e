package agl.app.train;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.regularizers.method.Method;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * Metrics of one training step.
 *
 * @param step     counted from 1
 * @param source   the kind of data behind {@code loss}
 * @param loss     of the batch before the update, mean per target token, in nats
 * @param terms    the method's logged terms, by name ({@link Method#addGradients}); a term may be measured only at some steps
 * @param gradNorm norm of the gradient before clipping
 * @param lr       learning rate
 * @param tokens   number of tokens in the batch, including prompts
 * @param evalLoss mean loss per target token of the held-out examples after the update; empty if not measured
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

    /** The step that wrote this {@link #line}. */
    static StepMetrics ofLine(SequencedMap<String, Number> line) {
        Method.Source source = line == null || line.containsValue(null) ? null
                : Arrays.stream(Method.Source.values()).filter(s -> line.containsKey(s.title() + "_loss")).findFirst().orElse(null);
        if (source == null || !line.keySet().containsAll(List.of("step", "grad_norm", "lr", "tokens"))) {
            throw new AglException("not what was measured in a training step: " + Json.quote(String.valueOf(line)));
        }
        SequencedMap<String, Double> terms = new LinkedHashMap<>();
        line.forEach((name, value) -> terms.put(name, value.doubleValue()));
        terms.keySet().removeAll(List.of("step", source.title() + "_loss", "grad_norm", "lr", "tokens", "eval_loss"));
        Number held = line.get("eval_loss");
        return new StepMetrics(line.get("step").intValue(), source, line.get(source.title() + "_loss").doubleValue(), terms,
                line.get("grad_norm").doubleValue(), line.get("lr").doubleValue(), line.get("tokens").intValue(),
                held == null ? OptionalDouble.empty() : OptionalDouble.of(held.doubleValue()));
    }

    /** Whether the batch was of task examples alone. */
    public boolean onTask() {
        return source == Method.Source.TASK;
    }

    /**
     * The entries of a line of {@code metrics.jsonl}, in order: the loss is called task_loss, alignment_loss or mixed_loss; each term has
     * its own entry.
     */
    public SequencedMap<String, Number> line() {
        SequencedMap<String, Number> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put(source.title() + "_loss", loss);
        line.putAll(terms);
        line.put("grad_norm", gradNorm);
        line.put("lr", lr);
        line.put("tokens", tokens);
        evalLoss.ifPresent(measured -> line.put("eval_loss", measured));
        return line;
    }
}
