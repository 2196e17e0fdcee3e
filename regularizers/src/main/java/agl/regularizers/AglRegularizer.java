package agl.regularizers;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.checkpoint.RunState;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * AGL's terms for a training loop: after the backward pass of the task loss, {@link #addGradients} adds the terms' gradients to those of A
 * and B; then the optimizer steps.
 */
public final class AglRegularizer {
    /** A weight that rises by less than this fraction over the entries around τ counts as nearly constant. */
    private static final double NEARLY_CONSTANT = 0.1;

    private final AglSettings settings;
    private Map<String, Fisher> fisher;
    private final EmaGradSq taskGradients;
    private final long seed;
    /** Scratch memory of each thread that works on the matrices, reused from step to step. */
    private final ThreadLocal<Map<DType, Pool>> pools = ThreadLocal.withInitial(() -> new EnumMap<>(DType.class));

    /**
     * @param fisher        by adapted matrix, normalized ({@link Fisher#normalise})
     * @param taskGradients the running means for {@code H = ema_grad_sq}, else null
     */
    public AglRegularizer(AglSettings settings, Map<String, Fisher> fisher, EmaGradSq taskGradients) {
        this(settings, fisher, taskGradients, 0);
    }

    /** @param seed with a step's number decides which rows E_RM visits */
    public AglRegularizer(AglSettings settings, Map<String, Fisher> fisher, EmaGradSq taskGradients, long seed) {
        this.settings = settings;
        this.seed = seed;
        this.taskGradients = taskGradients;
        if (settings.h() == AglSettings.H.EMA_GRAD_SQ && taskGradients == null) {
            throw new AglException(
                    "H = ema_grad_sq needs the task gradients during training, and there are none here; choose identity or diag_fisher");
        }
        refresh(fisher);
    }

    /** For settings other than {@code H = ema_grad_sq}. */
    public static AglRegularizer of(AglSettings settings, Map<String, Fisher> fisher) {
        return new AglRegularizer(settings, fisher, null);
    }

    /** The settings in force. */
    public AglSettings settings() {
        return settings;
    }

    /** The Fisher information in use, by adapted matrix. */
    public Map<String, Fisher> fisher() {
        return fisher;
    }

    /** Replaces the Fisher information by a new estimate. */
    public void refresh(Map<String, Fisher> estimate) {
        fisher = new LinkedHashMap<>();
        estimate.forEach((name, f) -> {
            if (settings.needsDiagonal() && f.diagonal() == null) {
                throw new AglException(name + ": the settings use diag F, but this Fisher estimate was made without it; estimate it again");
            }
            fisher.put(name, f.resident(Kernels.best()));
        });
    }

    /**
     * Adds λ_A ∂L_A + λ_T ∂L_T + λ_NC(α ∂E_RM + (1 − α) ∂E_geo) to the gradients of every A and B, from all rows.
     *
     * @param tape any tape: its kernels and pool are used, nothing is recorded
     * @param all  also measure terms of weight zero (one more pass over ΔW); else they are NaN
     */
    public TermValues addGradients(Tape tape, List<LoraFactors> factors, boolean all) {
        endStep();
        return sum(tape, factors, f -> new FusedAgl.Wanted(true, all, null));
    }

    /** The same with E_RM and its gradient from the rows of this step, where {@code collision_rows} is below 1. */
    public TermValues addGradients(Tape tape, List<LoraFactors> factors, int step) {
        endStep();
        return sum(tape, factors, f -> new FusedAgl.Wanted(true, false, RowSample.draw(seed, step, f.name())));
    }

    /** The raw values of all terms, no gradients. */
    public TermValues measure(Tape tape, List<LoraFactors> factors) {
        return sum(tape, factors, f -> new FusedAgl.Wanted(false, true, null));
    }

    /** One task per matrix: each writes the gradients of its own factors, and the values are added in the order of the matrices. */
    // explain: The terms of all matrices
    private TermValues sum(Tape tape, List<LoraFactors> factors, Function<LoraFactors, FusedAgl.Wanted> wanted) {
        TermValues[] parts = new TermValues[factors.size()];
        Storage[] metrics = factors.stream().map(this::h).toArray(Storage[]::new);
        Workers.parallelFor(parts.length, i -> {
            LoraFactors f = factors.get(i);
            try (Tape own = Tape.inference(tape.kernels(), pools.get().computeIfAbsent(tape.dtype(), Pool::new))) {
                parts[i] = FusedAgl.run(own, f, of(f.name()), settings, metrics[i], wanted.apply(f));
            }
        });
        TermValues total = TermValues.ZERO;
        for (TermValues part : parts) {
            total = total.plus(part);
        }
        return total;
    }
    // explain: end

    /** The same computed with {@link AglLoss}, matrix by matrix, as a check and for small models. */
    public TermValues addGradientsComposed(Tape tape, List<LoraFactors> factors) {
        endStep();
        TermValues total = TermValues.ZERO;
        for (LoraFactors f : factors) {
            try (Tape own = Tape.training(tape.kernels(), tape.pool())) {
                AglLoss loss = AglLoss.of(own, f, of(f.name()), settings, h(f));
                own.backward(loss.total());
                total = total.plus(loss.values());
            }
        }
        return total;
    }

    /** To save the running means or put them back, between two steps; the Fisher information is not part of it. */
    public void state(RunState state) {
        if (taskGradients != null) {
            taskGradients.state(state);
        }
    }

    /** The task gradient of a step is complete when the terms' gradients are added to it. */
    private void endStep() {
        if (taskGradients != null) {
            taskGradients.endStep();
        }
    }

    private Fisher of(String name) {
        Fisher f = fisher.get(name);
        if (f == null) {
            throw new AglException("no Fisher information for the adapted matrix " + name + "; available: " + fisher.keySet());
        }
        return f;
    }

    private Storage h(LoraFactors f) {
        return switch (settings.h()) {
            case IDENTITY -> null;
            case DIAG_FISHER -> of(f.name()).diagonal();
            case EMA_GRAD_SQ -> {
                Storage h = taskGradients.diagonal(f.name());
                yield h != null ? h : Storage.allocate(f.a().dtype(), Storage.elements(f.out(), f.in()));
            }
        };
    }

    /** Settings that have no effect or a doubtful one, with the reason and the setting that changes it, one per line. */
    // explain: Warnings
    public static List<String> warnings(AglSettings s) {
        List<String> lines = new ArrayList<>();
        boolean collision = s.lambdaNC() > 0;
        if (collision && s.alpha() < 1 && !s.twoBranch() && s.metric() == AglSettings.Metric.EUCLIDEAN) {
            lines.add("E_geo is identically zero: the two parts of an orthogonal projection are orthogonal in the Euclidean metric. "
                    + "It takes effect with metric = diag_fisher or in two-branch mode (alignment_rank > 0).");
        }
        if (collision && s.backend() == AglSettings.Backend.DIAGONAL && !s.twoBranch()) {
            lines.add("E_RM is identically zero: with backend = diagonal the two parts never share an entry"
                    + (s.metric() == AglSettings.Metric.DIAG_FISHER ? "; so is E_geo, even in the diag_fisher metric" : "")
                    + ". It takes effect with backend = exact or kfac, or in two-branch mode (alignment_rank > 0).");
        }
        if (collision && s.alpha() > 0 && s.overlap() == AglSettings.Overlap.SIGNED) {
            lines.add(
                    "E_RM with overlap = signed has no lower bound: minimizing it rewards entries where the two parts have opposite signs. "
                            + "Choose overlap = absolute or squared for a penalty.");
        }
        if (collision && s.alpha() > 0 && s.beta() > 0 && eta(s, 2 * s.tau()) < (1 + NEARLY_CONSTANT) * eta(s, 0)) {
            lines.add(String.format(java.util.Locale.ROOT,
                    "E_RM's weight is nearly constant: with kappa = %s it runs from %.4f to %.4f over "
                            + "|dW| from 0 to %s. A kappa of 1/tau makes it a slope, one of 10/tau a switch.",
                    s.kappa(), eta(s, 0), eta(s, 2 * s.tau()), 2 * s.tau()));
        }
        if (collision && s.alpha() > 0 && s.reduction() == AglSettings.Reduction.MEAN && s.lambdaNC() < 10) {
            lines.add("E_RM as a mean over entries is of the order of |dW|^2: at lambda_NC = " + s.lambdaNC()
                    + " it is negligible next to the task loss. Choose reduction = sum or a larger lambda_NC.");
        }
        if (s.fisherNorm() == AglSettings.FisherNorm.NONE && s.lambdaA() > 0) {
            lines.add("fisher_norm = none: the Fisher's scale is that of the gradients, so lambda_A does not transfer between models.");
        }
        return lines;
    }
    // explain: end

    private static double eta(AglSettings s, double w) {
        return 1 + s.beta() * agl.autograd.kernels.PlainKernels.sigmoid(s.kappa() * (w - s.tau()));
    }
}
