package agl.lora;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Dropout;
import agl.autograd.op.Linear;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.LinearLayer;
import agl.nn.checkpoint.RunState;
import java.util.SplittableRandom;

/** A frozen linear layer with a low-rank update. Formulas: {@link LoraProduct}, or {@link DoraProduct} for a layer with magnitudes. */
public final class LoraLinear implements LinearLayer {
    private final LinearLayer base;
    private final Tensor a;
    private final Tensor b;
    private final Tensor magnitude;
    private final double scale;
    private final double dropout;
    private final long seed;
    private double[] squares;
    private long calls;
    private boolean enabled = true;
    private Tensor merged;
    private Linear.GradientListener hook;

    /**
     * An adapter's tensors for one layer.
     *
     * @param a         A, (r, in)
     * @param b         B, (out, r)
     * @param scale     s, lora_alpha / r
     * @param magnitude magnitudes of the adapted rows, (out), for DoRA, else null
     */
    public record Update(Tensor a, Tensor b, double scale, Tensor magnitude) {
        /** Without magnitudes. */
        public Update(Tensor a, Tensor b, double scale) {
            this(a, b, scale, null);
        }
    }

    /**
     * With the given factors.
     *
     * @param dropout probability that an element of x̃ is zeroed in training
     * @param seed    seed of the dropout masks
     * @throws AglException when the factors do not fit the layer
     */
    public LoraLinear(LinearLayer base, Update update, double dropout, long seed) {
        Tensor a = update.a;
        Tensor b = update.b;
        Tensor magnitude = update.magnitude;
        if (a.dim(1) != base.in() || b.dim(0) != base.out() || a.dim(0) != b.dim(1)) {
            throw new AglException("layer " + base.name() + " is (" + base.out() + ", " + base.in() + "), the adapter's A is ("
                    + a.dim(0) + ", " + a.dim(1) + ") and B (" + b.dim(0) + ", " + b.dim(1) + ")");
        }
        if (magnitude != null && magnitude.size() != base.out()) {
            throw new AglException(
                    "layer " + base.name() + " has " + base.out() + " rows, the adapter has " + magnitude.size() + " magnitudes (DoRA)");
        }
        this.base = base;
        this.a = a;
        this.b = b;
        this.magnitude = magnitude;
        this.scale = update.scale;
        this.dropout = dropout;
        this.seed = seed;
    }

    /** A new update, initialized as configured; PEFT's default, B = 0, starts at zero. DoRA's magnitudes start at the row norms. */
    // explain: LoRA start
    public static LoraLinear initial(LinearLayer base, LoraConfig config, DType dtype, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int r = config.rank(base.name());
        double boundA = 1 / Math.sqrt(base.in()); // kaiming_uniform with a = √5
        double boundB = 1 / Math.sqrt(r);
        boolean gaussian = config.init() == LoraConfig.Init.GAUSSIAN;
        Tensor a = Tensor.fill(dtype, i -> gaussian ? random.nextGaussian() / r : random.nextDouble(-boundA, boundA), r, base.in())
                .requireGrad();
        Tensor b = Tensor.zeros(dtype, base.out(), r).requireGrad();
        if (config.init() == LoraConfig.Init.RANDOM) {
            for (int i = 0; i < b.size(); i++) {
                b.data().set(i, random.nextDouble(-boundB, boundB));
            }
        }
        double scale = config.scale(base.name());
        Tensor magnitude = null;
        if (config.useDora()) {
            double[] norms = DoraProduct.norms(Kernels.plain(), base.weight(), rowSquares(base.weight()), a, b, scale);
            magnitude = Tensor.fill(dtype, o -> norms[o], base.out()).requireGrad();
        }
        return new LoraLinear(base, new Update(a, b, scale, magnitude), config.loraDropout(), seed);
    }
    // explain: end

    @Override public Tensor forward(Tape tape, Tensor x) {
        if (!enabled) {
            return base.forward(tape, x);
        }
        if (merged != null) {
            return Linear.of(tape, x, merged, base.bias(), hook);
        }
        // Each training pass has its own mask; the same seed and the same number of passes give the same masks.
        Tensor dropped = tape.recording() ? Dropout.of(tape, x, dropout, tape.draw(() -> seed * 1_000_003 + calls++)) : x;
        return magnitude == null ? LoraProduct.of(tape, x, dropped, weights(), hook)
                : DoraProduct.of(tape, x, dropped, weights(), new DoraProduct.Magnitudes(magnitude, norms(tape.kernels())), hook);
    }

    /** How many masks were drawn, to save it or put it back. The parameters are the optimizer's. */
    public void state(RunState state) {
        calls = state.number("masks." + base.name(), calls);
    }

    private LoraWeights weights() {
        return new LoraWeights(base.weight(), base.bias(), a, b, scale);
    }

    private double[] norms(Kernels kernels) {
        if (squares == null) {
            squares = rowSquares(base.weight());
        }
        return DoraProduct.norms(kernels, base.weight(), squares, a, b, scale);
    }

    private static double[] rowSquares(Tensor w) {
        double[] squares = new double[w.dim(0)];
        for (int i = 0; i < w.size(); i++) {
            squares[i / w.dim(1)] += w.get(i) * w.get(i);
        }
        return squares;
    }

    /** A, (r, in). */
    public Tensor a() {
        return a;
    }

    /** B, (out, r). */
    public Tensor b() {
        return b;
    }

    /** DoRA's magnitudes of the adapted rows, (out), or null. */
    public Tensor magnitude() {
        return magnitude;
    }

    /** s. */
    public double scale() {
        return scale;
    }

    /** The layer without the update. */
    public LinearLayer base() {
        return base;
    }

    /** Switches the update off (the aligned base) or on. */
    public void enable(boolean on) {
        enabled = on;
    }

    /** W0 + s·B·A, for DoRA its rows scaled to their magnitudes; accumulated in double and rounded once, (out, in). */
    // explain: LoRA merge
    public Tensor mergedWeight() {
        int r = a.dim(0);
        int in = base.in();
        double[] norms = magnitude == null ? null : norms(Kernels.plain());
        double[] row = new double[in];
        Tensor w = Tensor.zeros(a.dtype(), base.out(), in);
        for (int o = 0; o < base.out(); o++) {
            java.util.Arrays.fill(row, 0);
            for (int k = 0; k < r; k++) {
                double f = scale * b.get(o * r + k);
                for (int j = 0; j < in; j++) {
                    row[j] += f * a.get(k * in + j);
                }
            }
            double gain = norms == null ? 1 : magnitude.get(o) / norms[o];
            for (int j = 0; j < in; j++) {
                w.data().set(o * in + j, gain * (base.weight().get(o * in + j) + row[j]));
            }
        }
        return w;
    }
    // explain: end

    /** From now on computes with the merged weight as one matrix: faster, but not trainable. */
    public void merge() {
        merged = mergedWeight();
    }

    /** Restores the frozen weight and its update exactly. */
    public void unmerge() {
        merged = null;
    }

    @Override public Tensor effectiveWeight() {
        return enabled ? mergedWeight() : base.weight();
    }

    @Override public String name() {
        return base.name();
    }

    @Override public Tensor weight() {
        return base.weight();
    }

    @Override public Tensor bias() {
        return base.bias();
    }

    @Override public void listen(Linear.GradientListener newHook) {
        hook = newHook;
        base.listen(newHook);
    }
}
