package agl.app.train;

import agl.autograd.Tensor;
import agl.nn.checkpoint.RunState;
import java.util.List;

/** The parameters with the lowest held-out loss of a run so far, and how many evaluations have passed since. */
final class BestKept {
    private final List<Tensor> parameters;
    private final int patience;
    private double loss = Double.POSITIVE_INFINITY;
    private int step;
    private int since;
    private List<double[]> values = List.of();

    /** @param patience evaluations without a lower loss after which training stops; 0: never */
    BestKept(List<Tensor> parameters, int patience) {
        this.parameters = parameters;
        this.patience = patience;
    }

    /** The held-out loss after so many steps, at the current parameters. */
    void measured(int steps, double held) {
        if (held < loss) {
            loss = held;
            step = steps;
            since = 0;
            values = parameters.stream().map(Tensor::toArray).toList();
        } else {
            since++;
        }
    }

    /** Whether training should stop. */
    boolean outOfPatience() {
        return patience > 0 && since >= patience;
    }

    /** The lowest loss; infinite before the first evaluation. */
    double loss() {
        return loss;
    }

    /** Steps after which it was measured. */
    int step() {
        return step;
    }

    /** Makes the best parameters the current ones. */
    void putBack() {
        for (int i = 0; i < values.size(); i++) {
            for (int e = 0; e < values.get(i).length; e++) {
                parameters.get(i).data().set(e, values.get(i)[e]);
            }
        }
    }

    /** Saves all of it or puts it back. */
    void state(RunState state) {
        step = Math.toIntExact(state.number("best.step", step));
        since = Math.toIntExact(state.number("best.since", since));
        loss = Double.parseDouble(state.text("best.loss", Double.toString(loss)));
        if (state.isLoading()) {
            values = step == 0 ? List.of() : parameters.stream().map(p -> new double[p.size()]).toList();
        }
        for (int i = 0; i < values.size(); i++) {
            state.array("best." + i, values.get(i));
        }
    }
}
