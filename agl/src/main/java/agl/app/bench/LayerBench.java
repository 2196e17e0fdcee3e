package agl.app.bench;

import agl.app.bench.Measured.Yardsticks;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.SplittableRandom;

/** The parts of a training step other than plain matrix products. */
public final class LayerBench {
    private static final double CAUSAL_BACKWARD = 2.5;

    private final Kernels kernels;
    private final Yardsticks yardsticks;
    private final SplittableRandom random = new SplittableRandom(5);

    public LayerBench(Kernels kernels, Yardsticks yardsticks) {
        this.kernels = kernels;
        this.yardsticks = yardsticks;
    }

    private Storage values(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt() * 0x1p-31f;
        }
        return new Storage.F32(x, n);
    }

    /** Forward and backward of causal attention; only unmasked pairs count as work. */
    public Measured attention() {
        Measured to = new Measured("attention", "Causal attention, one sequence (fraction: of the multiply-adds)");
        int[][] shapes = {{9, 3, 64, 256}, {9, 3, 64, 2048}, {32, 4, 64, 512}};
        for (int[] s : shapes) {
            if (!yardsticks.fast() && s[3] > 256) {
                continue;
            }
            AttentionShape shape = AttentionShape.causal(s[0], s[1], s[2], new int[] {0, s[3]});
            int n = s[3] * s[0] * s[2];
            int nk = s[3] * s[1] * s[2];
            Storage q = values(n);
            Storage k = values(nk);
            Storage v = values(nk);
            Storage out = values(n);
            Storage lse = values(s[3] * s[0]);
            Storage dOut = values(n);
            Storage dq = values(n);
            Storage dk = values(nk);
            Storage dv = values(nk);
            double flops = 2.0 * s[0] * s[2] * s[3] * (s[3] + 1.0);
            for (int threads : yardsticks.threadCounts()) {
                Workers.setThreads(threads);
                double forward = Timing.seconds(() -> kernels.attention(shape, q, k, v, out, lse));
                double backward = Timing.seconds(() -> kernels.attentionBackward(shape, q, k, v, out, lse, dOut, dq, dk, dv));
                row(to, "forward", s, threads, flops / forward * 1e-9);
                row(to, "backward", s, threads, CAUSAL_BACKWARD * flops / backward * 1e-9);
            }
        }
        return to;
    }

    private void row(Measured to, String pass, int[] s, int threads, double gflops) {
        to.row("pass", pass, "tokens", s[3], "heads", s[0], "kv_heads", s[1], "head_dim", s[2], "threads", threads, "gflops", gflops,
                "fraction_of_ceiling", gflops / yardsticks.gflops(threads));
    }

    /** Head and cross-entropy combined, forward and backward, as in training. */
    public Measured crossEntropy() {
        Measured to = new Measured("cross_entropy",
                "Head and cross-entropy, loss and gradient of the hidden states, 128 tokens (fraction: of the multiply-adds)");
        int tokens = 128;
        int[][] shapes = yardsticks.fast() ? new int[][] {{576, 49152}, {288, 32000}} : new int[][] {{64, 8000}};
        for (int[] s : shapes) {
            Tensor head = Tensor.of(values(s[0] * s[1]), s[1], s[0]);
            Tensor hidden = Tensor.of(values(tokens * s[0]), tokens, s[0]).requireGrad();
            int[] targets = random.ints(tokens, 0, s[1]).toArray();
            Pool pool = new Pool(DType.F32);
            double flops = 4.0 * tokens * s[0] * s[1];
            for (int threads : yardsticks.threadCounts()) {
                Workers.setThreads(threads);
                double seconds = Timing.seconds(() -> {
                    try (Tape tape = Tape.training(kernels, pool)) {
                        tape.backward(HeadCrossEntropy.mean(tape, hidden, head, targets));
                    }
                });
                double gflops = flops / seconds * 1e-9;
                to.row("hidden", s[0], "vocabulary", s[1], "threads", threads, "gflops", gflops, "fraction_of_ceiling",
                        gflops / yardsticks.gflops(threads),
                        "tokens_per_s", tokens / seconds);
            }
        }
        return to;
    }

    /**
     * One pass over arrays larger than any cache. Bytes count each array read once and each array written twice: the processor reads a
     * cache line before writing to it.
     */
    public Measured elementwise() {
        Measured to = new Measured("elementwise",
                "Norms and maps, one pass over arrays of 2048 columns (fraction: of the memory's bandwidth)");
        int cols = 2048;
        int rows = yardsticks.fast() ? 4096 : 64;
        int n = rows * cols;
        Storage a = values(n);
        Storage b = values(n);
        Storage c = values(n);
        Storage d = values(n);
        Storage e = values(n);
        Storage w = values(cols);
        Storage perRow = values(rows);
        int headDim = 64;
        int[] positions = new int[rows];
        Arrays.setAll(positions, i -> i % 512);
        double[] cos = random.doubles(512L * headDim / 2, -1, 1).toArray();
        double[] sin = random.doubles(512L * headDim / 2, -1, 1).toArray();
        int[] targets = random.ints(rows, 0, cols).toArray();
        for (int threads : yardsticks.threadCounts()) {
            Workers.setThreads(threads);
            pass(to, "RMSNorm", threads, n, 3, () -> kernels.rmsNorm(rows, cols, a, w, 1e-5, b, perRow));
            pass(to, "RMSNorm backward", threads, n, 4, () -> kernels.rmsNormBackward(rows, cols, a, w, perRow, b, c, null));
            pass(to, "SwiGLU", threads, n, 4, () -> kernels.swiGlu(n, a, b, c));
            pass(to, "SwiGLU backward", threads, n, 7, () -> kernels.swiGluBackward(n, a, b, c, d, e, true));
            pass(to, "RoPE", threads, n, 3, () -> kernels.rope(rows, cols / headDim, headDim, positions, cos, sin, 1, a, c, false));
            pass(to, "dropout", threads, n, 3, () -> kernels.dropout(n, a, 0.1, 3, c, false));
            pass(to, "y += a·x", threads, n, 3, () -> kernels.axpy(n, 0.5, a, 0, c, 0));
            pass(to, "cross-entropy of logits", threads, n, 2,
                    () -> kernels.crossEntropyRows(rows, cols, d, 0, targets, 0, perRow, 0, true));
            e.fill(0, n, 0.1);
            pass(to, "AdamW", threads, n, 7, () -> kernels.adamW(n, a, b, 1, c, e, 1e-3, 0.9, 0.999, 1e-8, 0, 5));
        }
        return to;
    }

    private void pass(Measured to, String what, int threads, int n, int streams, Runnable kernel) {
        double rate = 4.0 * n * streams / Timing.seconds(kernel) * 1e-9;
        to.row("kernel", what, "threads", threads, "gb_per_s", rate, "fraction_of_bandwidth", rate / yardsticks.memory(threads));
    }
}
