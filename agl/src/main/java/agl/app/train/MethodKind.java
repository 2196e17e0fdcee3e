package agl.app.train;

import agl.app.io.Spelling;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.EmaGradSq;
import agl.regularizers.method.Agl;
import agl.regularizers.method.AsFt;
import agl.regularizers.method.Contrast;
import agl.regularizers.method.EwcLora;
import agl.regularizers.method.HardProjection;
import agl.regularizers.method.Interleaving;
import agl.regularizers.method.DistanceToBase;
import agl.regularizers.method.DistanceToBase.Measure;
import agl.regularizers.method.LinearContrast;
import agl.regularizers.method.Lisa;
import agl.regularizers.method.Method;
import agl.regularizers.method.OpLora;
import agl.regularizers.method.SafeAnchor;
import agl.regularizers.method.SafeGrad;
import agl.regularizers.method.SafeLora;
import agl.regularizers.method.ScaledUpdate;
import agl.regularizers.method.WeightAverage;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The methods that {@code --method} accepts, in the order in which they are listed. Each entry holds all that the application knows about a
 * method: its name, strength and needs, how to create it, and where it differs from the rest.
 */
public enum MethodKind {
    /** The task loss alone. */
    LORA(Strength.NONE, Needs.NOTHING, Acts.ON_ALL, c -> Method.lora()),
    /** AlignGuard-LoRA. */
    AGL(Strength.LAMBDA_A, Reads.EVERYTHING) {
        @Override Method make(MethodContext c) {
            AglSettings s = c.settings();
            EmaGradSq running = s.h() == AglSettings.H.EMA_GRAD_SQ ? new EmaGradSq(Kernels.best(), s.emaDecay()) : null;
            AglRegularizer regularizer = new AglRegularizer(s, c.estimate(s), running, c.seed());
            c.listen(running);
            return new Agl(regularizer, MEASURE_EVERY, () -> c.current(s));
        }
    },
    /** Elastic weight consolidation of ΔW. */
    EWC(Strength.weight("lambda", 1e5), Reads.DIAGONAL,
            c -> new EwcLora(c.strength(), c.estimate(c.settings().with("{\"metric\":\"diag_fisher\"}")))),
    /** Divergence from the base on alignment examples. */
    KL(Strength.weight("weight", 1), Needs.ALIGNMENT, Acts.ON_ALL,
            c -> c.toBase("kl", c.strength(), Measure.KL, c.alignmentBatches(), 1)),
    /** The same at every fourth step, with four times the weight. */
    KL_SPARSE(Strength.weight("weight", 1), Needs.ALIGNMENT, Acts.ON_ALL,
            c -> c.toBase("kl_sparse", DistanceToBase.SPARSE * c.strength(), Measure.KL, c.alignmentBatches(), DistanceToBase.SPARSE)),
    /** The same on the first tokens of the answers. */
    KL_FIRST(Strength.weight("weight", 1), Needs.ALIGNMENT, Acts.ON_ALL,
            c -> c.toBase("kl_first", c.strength(), Measure.KL, c.alignmentOpenings(DistanceToBase.FIRST_ALIGNED), 1)),
    /** The same on the answers that the base itself gives. */
    KL_OWN(Strength.weight("weight", 1), Needs.PROMPTS, Acts.ON_ALL,
            c -> c.toBase("kl_own", c.strength(), Measure.KL, c.ownAnswers(), 1)),
    /** Distance of the hidden states from the base's, at the last token of the prompts. */
    SBR(Strength.weight("weight", 50), Needs.PROMPTS, Acts.ON_ALL,
            c -> c.toBase("sbr", c.strength(), Measure.HIDDEN, c.alignmentOpenings(1), 1)),
    /** Distance of the logits from the base's, on alignment examples. */
    DER(Strength.weight("weight", 1), Needs.ALIGNMENT, Acts.ON_ALL,
            c -> c.toBase("der", c.strength(), Measure.LOGITS, c.alignmentBatches(), 1)),
    /** Divergence from the base, and the task's gradient without its part against it. */
    SAFEGRAD(Strength.weight("weight", 1), Needs.ALIGNMENT,
            c -> new SafeGrad(c.toBase("safegrad", c.strength(), Measure.KL, c.alignmentBatches(), 1))),
    /** Divergence from the base on the first answer tokens of the task's own examples. */
    FIRST_TOKENS(Strength.weight("weight", 1), Needs.NOTHING, Acts.ON_ALL, c -> new DistanceToBase("first_tokens", c.strength(),
            Measure.KL, c.lora(), c.taskOpenings(DistanceToBase.FIRST_OF_TASK), c.seed())),
    /** Refusals against answers, on mini-batches of pairs. */
    CONTRAST(Strength.weight("weight", 0.1), Needs.ALIGNMENT, Acts.ON_ALL,
            c -> new Contrast(c.strength(), c.lora(), c.contrastPairs().batches(c.batchSize(), c.passSize()), c.seed())),
    /** The same, linearised at the current weights every few steps. */
    CONTRAST_LINEAR(Strength.weight("weight", 0.1), Needs.ALIGNMENT) {
        @Override Method make(MethodContext c) {
            ContrastPairs pairs = c.contrastPairs();
            return new LinearContrast(c.strength(), pairs.refuse(), LINEARISE_EVERY, () -> c.gradients(pairs));
        }
    },
    /** Projects the update after training, in layers where it deviates from the alignment direction. */
    SAFELORA(Strength.cosine("threshold", 0.5), Needs.UNALIGNED, Acts.AFTER_TRAINING,
            c -> new SafeLora(c.strength(), c.alignmentMatrices())),
    /** The same in the layers that deviate most. */
    SAFELORA_NUMBER(Strength.count("number", 10), Needs.UNALIGNED, Acts.AFTER_TRAINING,
            c -> SafeLora.lowest((int) c.strength(), c.alignmentMatrices())),
    /** A penalty on the part of the update that is orthogonal to the alignment direction. */
    ASFT(Strength.weight("lambda", 1), Needs.UNALIGNED, c -> new AsFt(c.strength(), c.alignmentMatrices())),
    /** Gradient projection. */
    SAFEANCHOR(Strength.M, Reads.SUBSPACE, c -> new SafeAnchor(c.estimate(c.settings()))),
    /** Alternating phases on task and alignment data. */
    LISA(Strength.weight("rho", 1), Needs.ALIGNMENT) {
        @Override Method make(MethodContext c) {
            return new Lisa(c.strength(), LISA_TASK_STEPS, LISA_ALIGNMENT_STEPS);
        }

        @Override int taskSteps(int steps, int onTask) {
            int period = LISA_TASK_STEPS + LISA_ALIGNMENT_STEPS;
            // A period begins with the steps on alignment data.
            return steps / period * LISA_TASK_STEPS + Math.max(0, steps % period - LISA_ALIGNMENT_STEPS);
        }
    },
    /** LoRA with alignment examples among the task's. */
    MIX(Strength.part("share", 0.25), Needs.ALIGNMENT, Acts.ON_ALL, c -> new Interleaving(c.strength())) {
        @Override int steps(int onTask, double share) {
            return new Interleaving(share).steps(onTask);
        }

        @Override int taskSteps(int steps, int onTask) {
            return onTask;
        }

        @Override int mixed(int task, double share) {
            return new Interleaving(share).alignmentExamples(task);
        }
    },
    /** Update projection, after training. */
    PROJECTION(Strength.M, Needs.FISHER, Reads.SUBSPACE, Acts.AFTER_TRAINING,
            c -> new HardProjection(c.estimate(c.settings()), 0)),
    /** Keeps the update orthogonal to the k leading singular directions of the frozen weights. */
    OPLORA(Strength.count("k", 16), Needs.NOTHING) {
        @Override Method make(MethodContext c) {
            Map<String, Tensor> weights = c.weights();
            int k = (int) c.strength();
            // If k equals the smaller dimension, nothing is left to train.
            int most = weights.values().stream().mapToInt(w -> Math.min(w.dim(0), w.dim(1))).min().orElse(0);
            if (k >= most) {
                throw new AglException(
                        "method oplora: k must be below the smaller side of every adapted matrix, here " + most + ", got " + k);
            }
            return new OpLora(k, weights);
        }
    },
    /** LoRA, the update scaled by this factor after training. */
    SCALE(Strength.share("factor", 0.5), Needs.NOTHING, Acts.AFTER_TRAINING, c -> new ScaledUpdate(c.strength())),
    /** LoRA, the average of the weights along training kept. */
    EMA(Strength.decay("decay", 0.95), Needs.NOTHING, Acts.AFTER_TRAINING, c -> new WeightAverage(c.strength())),
    /** LoRA, stopped after this share of its schedule. */
    EARLYSTOP(Strength.share("share_of_steps", 0.5), Needs.NOTHING, Acts.ON_ALL, c -> Method.lora()) {
        @Override int steps(int onTask, double share) {
            return Math.max(1, (int) Math.round(share * onTask));
        }

        @Override boolean cutsSteps() {
            return true;
        }
    };

    /** Lisa's phases, in steps: one step in five is on alignment data, within the same total number of steps as for other methods. */
    private static final int LISA_TASK_STEPS = 8;
    private static final int LISA_ALIGNMENT_STEPS = 2;
    /** A term of weight zero costs a pass over every ΔW and changes nothing, so it is measured only every few steps. */
    public static final int MEASURE_EVERY = 10;

    /** Steps over which linearised margins hold: measured with 20 as with 10 (docs/fidelity/methods.md). */
    private static final int LINEARISE_EVERY = 20;

    /** Which settings under {@code agl} a method uses. */
    public enum Reads {
        /** None: no Fisher information. */
        NOTHING,
        /** Settings of the estimate, for its diagonal. */
        DIAGONAL,
        /** Settings of the estimate, for its eigenvectors. */
        SUBSPACE,
        /** Also the settings of AGL's terms. */
        EVERYTHING
    }

    /** What a method uses or changes. */
    private enum Acts {
        /** The update s·B·A alone. */
        ON_UPDATE,
        /** Whatever is trained. */
        ON_ALL,
        /** The update, and it replaces the trained factors at the end. */
        AFTER_TRAINING
    }

    private final Strength strength;
    private final Needs needs;
    private final Reads reads;
    private final Acts acts;
    private final Function<MethodContext, Method> maker;

    MethodKind(Strength strength, Needs needs, Reads reads, Acts acts, Function<MethodContext, Method> maker) {
        this.strength = strength;
        this.needs = needs;
        this.reads = reads;
        this.acts = acts;
        this.maker = maker;
    }

    MethodKind(Strength strength, Needs needs, Acts acts, Function<MethodContext, Method> maker) {
        this(strength, needs, Reads.NOTHING, acts, maker);
    }

    MethodKind(Strength strength, Needs needs, Function<MethodContext, Method> maker) {
        this(strength, needs, Acts.ON_UPDATE, maker);
    }

    /** A method that overrides {@link #make}. */
    MethodKind(Strength strength, Needs needs) {
        this(strength, needs, null);
    }

    /** A method with Fisher information. */
    MethodKind(Strength strength, Reads reads, Function<MethodContext, Method> maker) {
        this(strength, Needs.FISHER, reads, Acts.ON_UPDATE, maker);
    }

    /** The same, overriding {@link #make}. */
    MethodKind(Strength strength, Reads reads) {
        this(strength, reads, null);
    }

    /** The method with that name. */
    public static MethodKind of(String name) {
        return Arrays.stream(values()).filter(k -> k.title().equals(name)).findFirst()
                .orElseThrow(() -> new AglException("there is no method \"" + name + "\"" + Spelling.hint(name, names()) + "; choose "
                        + String.join(", ", names())));
    }

    public static List<String> names() {
        return Arrays.stream(values()).map(MethodKind::title).collect(Collectors.toList());
    }

    /** The name on the command line. */
    public String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Creates the method for one run. */
    Method make(MethodContext c) {
        return maker.apply(c);
    }

    public Strength strength() {
        return strength;
    }

    public Needs needs() {
        return needs;
    }

    public Reads reads() {
        return reads;
    }

    /** Whether it uses or changes only the update s·B·A: anything an adapter trains besides A and B would escape it. */
    public boolean actsOnUpdate() {
        return acts != Acts.ON_ALL;
    }

    /** Whether it replaces the trained factors after training. */
    public boolean changesFactorsAfterTraining() {
        return acts == Acts.AFTER_TRAINING;
    }

    /** Steps of a run that would have so many on task data alone. */
    int steps(int onTask, double strength) {
        return onTask;
    }

    /**
     * How many steps' worth of task data a run sees.
     *
     * @param steps  of the run, by {@link #steps}
     * @param onTask of a run on task data alone
     */
    int taskSteps(int steps, int onTask) {
        return steps;
    }

    /** Whether it trains on pairs of refusals and answers. */
    boolean contrasts() {
        return this == CONTRAST || this == CONTRAST_LINEAR;
    }

    /** How many alignment examples stand among so many task examples, in the same batches. */
    int mixed(int task, double strength) {
        return 0;
    }

    /** Whether its strength is the share of the steps after which training stops. */
    boolean cutsSteps() {
        return false;
    }

    /**
     * A method that acts on ΔW = s·B·A is refused if that is not the whole update: DoRA's W_eff − W_0 is of full rank and moves with the
     * magnitudes at B = 0 already; a trained bias or saved module lies outside every ΔW.
     *
     * @param copies names of tensors trained besides A and B
     */
    public void requireNothingBesideUpdate(boolean dora, Collection<String> copies) {
        String beside = dora ? "DoRA's magnitudes" : String.join(", ", copies);
        if (actsOnUpdate() && !beside.isEmpty()) {
            List<String> others = Arrays.stream(values()).filter(k -> !k.actsOnUpdate()).map(MethodKind::title).toList();
            throw new AglException("method " + title() + " sees the update s*B*A alone, but " + Json.quote(beside)
                    + " would be trained beside it and move the model unseen: train without, or choose " + list(others, "or"));
        }
    }

    /** "a, b and c". */
    public static String list(List<String> names, String last) {
        int n = names.size();
        return n < 2 ? String.join("", names) : String.join(", ", names.subList(0, n - 1)) + " " + last + " " + names.getLast();
    }

    /** Whether the method uses the Fisher information, estimated from examples or read from a file. */
    public boolean usesFisher() {
        return needs == Needs.FISHER;
    }

    /** Whether it reads alignment examples while it trains, or their prompts. */
    public boolean readsAlignment() {
        return needs == Needs.ALIGNMENT || needs == Needs.PROMPTS;
    }

    /** Whether the method uses alignment examples under these settings. */
    public boolean usesAlignment(AglSettings settings) {
        return readsAlignment() || needs == Needs.FISHER && settings.fisherData() != AglSettings.FisherData.TASK;
    }

    /** Fails, before anything is loaded or computed, with one line naming what the method is missing. */
    public void require(AglSettings settings, boolean hasAlignment, boolean hasUnaligned) {
        if (usesAlignment(settings) && !hasAlignment) {
            throw new AglException("--method " + title() + " needs --alignment FILE: examples of what the model should keep doing"
                    + " (builtin: those that come with agl)" + (usesFisher() ? "; or --fisher FILE, made from them by agl fisher" : ""));
        }
        if (needs == Needs.UNALIGNED && !hasUnaligned) {
            throw new AglException("--method " + title() + " needs --unaligned DIR: the checkpoint from which the base was aligned");
        }
    }
}
