package agl.app.bench;

import agl.app.bench.Measured.Yardsticks;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.Arena;

/**
 * The matrix product C = op(A)·op(B): by size, form and weight type, and at the shapes of LoRA's factors and of generation. N and T in a
 * form say whether A and B are transposed; y = x·Wᵀ is NT.
 */
public final class GemmBench {
    /** Without the Vector API the large sizes would take minutes. */
    private static final double PLAIN_LIMIT = 3e8;

    private final Kernels kernels;
    private final Yardsticks yardsticks;

    public GemmBench(Kernels kernels, Yardsticks yardsticks) {
        this.kernels = kernels;
        this.yardsticks = yardsticks;
    }

    private record Product(String form, int m, int n, int k, DType weights, double beta) {
        double flops() {
            return 2.0 * m * n * k;
        }

        /** Each array once: A and B are read; C is written, which reads its cache lines first. */
        double bytes() {
            return 4.0 * m * k + (double) weights.bytes() * k * n + 8.0 * m * n;
        }
    }

    /** Seconds per product; NaN if it would take too long. */
    private double seconds(Product p, int threads) {
        if (!yardsticks.fast() && p.flops() > PLAIN_LIMIT) {
            return Double.NaN;
        }
        Workers.setThreads(threads);
        boolean ta = p.form.charAt(0) == 'T';
        boolean tb = p.form.charAt(1) == 'T';
        Storage a = Storage.allocate(DType.F32, p.m * p.k);
        a.fill(0, a.length(), 0.5);
        Storage c = Storage.allocate(DType.F32, p.m * p.n);
        try (Arena arena = Arena.ofShared()) {
            Storage b = weights(arena, p);
            return Timing
                    .seconds(() -> kernels.gemm(ta, tb, p.m, p.n, p.k, 1, a, 0, ta ? p.m : p.k, b, 0, tb ? p.k : p.n, p.beta, c, 0, p.n));
        }
    }

    /** Weights as in a checkpoint: mapped, in their stored type; activations are arrays. */
    private static Storage weights(Arena arena, Product p) {
        int n = p.k * p.n;
        if (p.weights == DType.F32) {
            Storage b = Storage.allocate(DType.F32, n);
            b.fill(0, n, 0.25);
            return b;
        }
        return new Storage.Mapped(arena.allocate((long) n * p.weights.bytes(), 64), p.weights);
    }

    private void arithmetic(Measured to, Product p, int threads) {
        double seconds = seconds(p, threads);
        double gflops = p.flops() / seconds * 1e-9;
        to.row("form", p.form, "m", p.m, "n", p.n, "k", p.k, "weights", p.weights.name(), "threads", threads, "gflops", gflops,
                "fraction_of_ceiling", gflops / yardsticks.gflops(threads));
    }

    /** Square products by size and threads, then every form and type at one size. */
    public Measured bySize() {
        Measured to = new Measured("sgemm", "Matrix product (fraction: of the multiply-adds that as many threads can do)");
        for (int size : new int[] {64, 128, 256, 512, 1024, 2048}) {
            for (int threads : yardsticks.threadCounts()) {
                arithmetic(to, new Product("NT", size, size, size, DType.F32, 0), threads);
            }
        }
        for (String form : new String[] {"NN", "TN", "TT"}) {
            arithmetic(to, new Product(form, 1024, 1024, 1024, DType.F32, 0), 1);
        }
        for (DType type : new DType[] {DType.BF16, DType.F16}) {
            for (String form : new String[] {"NT", "NN"}) {
                for (int threads : yardsticks.threadCounts()) {
                    arithmetic(to, new Product(form, 1024, 1024, 1024, type, 0), threads);
                }
            }
        }
        return to;
    }

    /** The matrix products of a training step of smollm135M and tinyllama1.1B, forward and input gradient, at 512 tokens. */
    public Measured layers() {
        Measured to = new Measured("layer_shapes", "Matrix products of a training step, 512 tokens");
        int threads = yardsticks.threads();
        int[][] outIn = {{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {2048, 2048}, {5632, 2048}};
        for (int[] s : outIn) {
            arithmetic(to, new Product("NT", 512, s[0], s[1], DType.F32, 0), threads);
            arithmetic(to, new Product("NN", 512, s[1], s[0], DType.F32, 0), threads);
        }
        return to;
    }

    /** The six products of a LoRA layer at 512 tokens, out = in = 2048. */
    public Measured lora() {
        Measured to = new Measured("lora_shapes",
                "LoRA's products, 512 tokens, out = in = 2048 (fraction: of the time that arithmetic or the last cache needs, whichever "
                + "is longer)");
        int threads = yardsticks.threads();
        for (int r : new int[] {4, 8, 16, 32, 64}) {
            roofline(to, "U = X·Aᵀ", r, new Product("NT", 512, r, 2048, DType.F32, 0), threads);
            roofline(to, "Y += U·Bᵀ", r, new Product("NT", 512, 2048, r, DType.F32, 1), threads);
            roofline(to, "dB = dYᵀ·U", r, new Product("TN", 2048, r, 512, DType.F32, 0), threads);
            roofline(to, "dU = dY·B", r, new Product("NN", 512, r, 2048, DType.F32, 0), threads);
            roofline(to, "dA = dUᵀ·X", r, new Product("TN", r, 2048, 512, DType.F32, 0), threads);
            roofline(to, "dX += dU·A", r, new Product("NN", 512, 2048, r, DType.F32, 1), threads);
        }
        return to;
    }

    private void roofline(Measured to, String what, int r, Product p, int threads) {
        double seconds = seconds(p, threads);
        double arithmetic = p.flops() / yardsticks.gflops(threads) * 1e-9;
        double memory = p.bytes() / yardsticks.cache(threads) * 1e-9;
        to.row("product", what, "r", r, "threads", threads, "gflops", p.flops() / seconds * 1e-9, "gb_per_s", p.bytes() / seconds * 1e-9,
                "bound", arithmetic > memory ? "arithmetic" : "cache", "fraction_of_bound", Math.max(arithmetic, memory) / seconds);
    }

    /** One token through a matrix larger than any cache: limited by how fast the weights can be read. */
    public Measured generation() {
        Measured to = new Measured("generation", "One token (m = 1) through 16384 × 2048 weights (fraction: of the memory's bandwidth)");
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
            for (int threads : yardsticks.threadCounts()) {
                Product p = new Product("NT", 1, 16384, 2048, type, 0);
                double seconds = seconds(p, threads);
                double rate = p.bytes() / seconds * 1e-9;
                to.row("weights", type.name(), "threads", threads, "gb_per_s", rate, "fraction_of_bandwidth",
                        rate / yardsticks.memory(threads),
                        "gflops", p.flops() / seconds * 1e-9);
            }
        }
        return to;
    }
}
