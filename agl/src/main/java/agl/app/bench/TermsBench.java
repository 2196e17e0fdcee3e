package agl.app.bench;

import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.regularizers.AglSettings;

/** Time of AGL's fused terms and gradients, compared with a training step of the same shape. */
public final class TermsBench {
    private static final Shape SHAPE = Shape.of("stories15M");
    private static final int STEPS = 5;

    private TermsBench() { }

    public static Measured run(int threads) {
        Workers.setThreads(threads);
        Measured to = new Measured("agl_terms",
                "AGL's four terms and their gradients on all q_proj and v_proj of stories15M, in a step of 2 × 256 tokens; m = 32 "
                + "eigenvectors");
        for (AglSettings.Backend backend : AglSettings.Backend.values()) {
            AglSettings settings = AglSettings.DEFAULT
                    .with("{\"lambda_NC\":0.1,\"backend\":\"" + backend.name().toLowerCase(java.util.Locale.ROOT) + "\",\"m\":32}");
            StepBench.Result r = new StepBench(SHAPE, 2, 256, 8, 0, DType.F32, settings, 32).run(3, STEPS, false, false);
            double terms = Timing.median(r.termsSeconds());
            double step = Timing.median(r.seconds());
            to.row("backend", settings.toJson().get("backend").asText(), "threads", threads, "terms_s", terms, "step_s", step,
                    "share_of_step", terms / step,
                    "fisher_s", r.fisherSeconds());
        }
        return to;
    }
}
