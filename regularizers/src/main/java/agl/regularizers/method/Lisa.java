package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/**
 * Lisa (Huang et al. 2024, arXiv:2405.18641): alternates between steps on alignment data and steps on task data. The penalty
 * (ρ/2) ‖w − w_other‖² keeps each phase near the weights at which the other one ended; w are the trained parameters, A and B.
 * Gradient: ρ (w − w_other).
 */
public final class Lisa implements Method {
    private final double rho;
    private final int taskSteps;
    private final int alignmentSteps;
    private List<double[]> anchor;

    /**
     * @param taskSteps      steps of a task phase
     * @param alignmentSteps steps of an alignment phase; training begins with one
     */
    public Lisa(double rho, int taskSteps, int alignmentSteps) {
        if (taskSteps < 1 || alignmentSteps < 1) {
            throw new agl.error.AglException("Lisa's phases need at least one step each, not " + taskSteps + " and " + alignmentSteps);
        }
        this.rho = rho;
        this.taskSteps = taskSteps;
        this.alignmentSteps = alignmentSteps;
    }

    @Override public String name() {
        return "lisa";
    }

    @Override public Source source(int step) {
        return step % (taskSteps + alignmentSteps) < alignmentSteps ? Source.ALIGNMENT : Source.TASK;
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        if (step == 0) {
            // The very first phase has no anchor.
            anchor = null;
        } else if (source(step) != source(step - 1)) {
            // A phase begins: its anchor is where the other one ended.
            anchor = tensors(factors).stream().map(Tensor::toArray).toList();
        }
        return continuePhase(tape, factors);
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        boolean anchored = state.number("method.anchored", anchor == null ? 0 : 1) == 1;
        if (state.isLoading()) {
            anchor = anchored ? tensors(factors).stream().map(w -> new double[w.size()]).toList() : null;
        }
        for (int i = 0; anchored && i < anchor.size(); i++) {
            state.array("method.anchor." + i, anchor.get(i));
        }
    }

    /** The proximal term within a phase. */
    // explain: Lisa
    SequencedMap<String, Double> continuePhase(Tape tape, List<LoraFactors> factors) {
        if (anchor == null) {
            return Method.logged("proximal", 0.0, 0.0);
        }
        double sum = 0;
        List<Tensor> tensors = tensors(factors);
        for (int i = 0; i < tensors.size(); i++) {
            Tensor w = tensors.get(i);
            Storage grad = tape.grad(w);
            for (int e = 0; e < w.size(); e++) {
                double d = w.get(e) - anchor.get(i)[e];
                sum += d * d;
                grad.add(e, rho * d);
            }
        }
        return Method.logged("proximal", sum / 2, rho * sum / 2);
    }
    // explain: end

    private static List<Tensor> tensors(List<LoraFactors> factors) {
        List<Tensor> all = new ArrayList<>();
        factors.forEach(f -> {
            all.add(f.a());
            all.add(f.b());
        });
        return all;
    }
}
