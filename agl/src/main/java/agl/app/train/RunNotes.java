package agl.app.train;

import agl.regularizers.AglSettings;
import agl.regularizers.method.DistanceToBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Settings whose effect differs from what they suggest, given the number of steps: one line each, when the run starts. */
public final class RunNotes {
    private RunNotes() { }

    /**
     * @param config resolved for the run's method
     * @param given  names of settings on the command line; defaults get no line
     */
    public static List<String> lines(RunConfig config, TrainData data, Set<String> given) {
        List<String> lines = new ArrayList<>();
        MethodKind kind = config.choice().kind();
        int total = config.train().totalSteps(data.task().size());
        int steps = config.steps(data);
        double share = (double) steps / total;
        if (kind.cutsSteps() && Math.abs(share - config.choice().strength()) > 1e-9) {
            lines.add(String.format(Locale.ROOT, "%s: %d of %d steps, which is a share of %.3g; %s %s is not a whole number of steps%s",
                    kind.title(), steps, total, share, kind.strength().name(), MethodChoice.number(config.choice().strength()),
                    steps == 1 ? "; the minimum is one" : ""));
        }
        if (kind == MethodKind.MIX && config.mixed(data) == 0) {
            lines.add("mix: " + config.examples(data) + " at a share of " + MethodChoice.number(config.choice().strength())
                    + ": this is plain LoRA");
        }
        if (kind == MethodKind.KL_SPARSE && steps < DistanceToBase.SPARSE) {
            lines.add("kl_sparse: every " + DistanceToBase.SPARSE + "th of " + steps + " steps is none: this is plain LoRA");
        }
        // Lisa's steps on alignment data stay.
        if (kind != MethodKind.LISA && kind.strength().isOff(config.choice().strength())) {
            lines.add(kind.title() + ": " + kind.strength().name() + " 0 adds nothing to the task loss, and this is plain LoRA");
        }
        if (kind.contrasts()) {
            ContrastPairs.note(config, data.alignment()).ifPresent(lines::add);
        }
        if (data.initAdapter() != null && kind.changesFactorsAfterTraining() && kind != MethodKind.EMA) {
            // The product B A of the trained factors is not the sum of the given update and a new one in the same rank.
            lines.add(kind.title() + ": what it does after training it does to the whole adapter, the part that the run went on from "
                    + "(--init-adapter) included");
        }
        AglSettings agl = config.agl();
        if (kind.reads() == MethodKind.Reads.EVERYTHING && agl.refreshEvery() >= steps) {
            lines.add("agl.refresh_every " + agl.refreshEvery() + " is not reached before the last of " + steps
                    + " steps: the Fisher information is estimated once, at the start");
        }
        int evaluate = config.train().evalEvery();
        boolean asked = given.contains("eval_every") || evaluate != TrainSettings.DEFAULT.evalEvery();
        if (asked && evaluate >= steps && !data.evaluation().isEmpty()) {
            lines.add("eval_every " + evaluate + " is not reached before the last of " + steps
                    + " steps: the held-out loss is measured at the end alone");
        }
        if (kind.reads() == MethodKind.Reads.EVERYTHING && agl.lambdaA() == 0 && agl.lambdaT() == 0 && agl.lambdaNC() == 0) {
            lines.add("agl.lambda_A, lambda_T and lambda_NC are all 0: agl adds nothing to the task loss, and this is plain LoRA");
        }
        return lines;
    }
}
