package agl.regularizers.method;

import agl.error.AglException;

/**
 * Interleaving, also called rehearsal or experience replay (Robins 1995, Connection Science 7(2); with safety examples Bianchi et al. 2024,
 * arXiv:2309.07875): plain LoRA on task data with alignment examples mixed in. With a share s of alignment examples the loss of a step is
 * the mean over the answer tokens of its batch, about (1 − s) of whose examples are of the task. T task examples are joined by
 * T/(1 − s) − T alignment examples, rounded, and the run has as many steps more, so that no task example is left out for one.
 */
public final class Interleaving implements Method {
    private final double share;

    /** @param share s, the share of alignment examples in all that is trained on, above 0 and below 1 */
    public Interleaving(double share) {
        if (!(share > 0 && share < 1)) {
            throw new AglException("a share of alignment examples must be above 0 and below 1, got " + share);
        }
        this.share = share;
    }

    @Override public String name() {
        return "mix";
    }

    @Override public Source source(int step) {
        return Source.MIXED;
    }

    @Override public int alignmentExamples(int task) {
        return steps(task) - task;
    }

    /** Steps of a run that would have {@code n} on task data alone: n/(1 − s), rounded. */
    public int steps(int n) {
        double all = n / (1 - share);
        if (all > Integer.MAX_VALUE) {
            throw new AglException("a share of " + share + " of alignment examples makes a run of " + all + " steps or examples");
        }
        return (int) Math.round(all);
    }
}
