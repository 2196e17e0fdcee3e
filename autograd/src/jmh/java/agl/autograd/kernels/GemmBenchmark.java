package agl.autograd.kernels;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The matrix product, by size, by the weights' type, and in LoRA's and generation's shapes. Milliseconds per product, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"-XX:+UseSerialGC", "-Xmn64m", "-XX:+UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=1000"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class GemmBenchmark {
    private final Kernels kernels = Kernels.best();

    @Param({"256", "1024"})
    public int size;

    @Param({"F32", "BF16"})
    public DType weights;

    private Storage x;
    private Storage w;
    private Storage y;

    @Setup
    public void operands() {
        Workers.setThreads(1);
        x = ones(size * size);
        w = weights == DType.F32 ? ones(size * size)
                : new Storage.Mapped(Arena.global().allocate((long) size * size * weights.bytes(), 64), weights);
        y = ones(size * size);
    }

    private static Storage ones(int n) {
        Storage s = Storage.allocate(DType.F32, n);
        s.fill(0, n, 1);
        return s;
    }

    /** Y = X·Wᵀ, a linear layer. */
    @Benchmark
    public Storage forward() {
        kernels.gemm(false, true, size, size, size, 1, x, 0, size, w, 0, size, 0, y, 0, size);
        return y;
    }

    /** dX = dY·W, its backward pass. */
    @Benchmark
    public Storage backward() {
        kernels.gemm(false, false, size, size, size, 1, x, 0, size, w, 0, size, 0, y, 0, size);
        return y;
    }

    /** U = X·Aᵀ with r = 8. */
    @Benchmark
    public Storage loraDown() {
        kernels.gemm(false, true, size, 8, size, 1, x, 0, size, w, 0, size, 0, y, 0, 8);
        return y;
    }

    /** Y += U·Bᵀ with r = 8. */
    @Benchmark
    public Storage loraUp() {
        kernels.gemm(false, true, size, size, 8, 1e-6, x, 0, 8, w, 0, 8, 1, y, 0, size);
        return y;
    }

    /** One token, as in generation. */
    @Benchmark
    public Storage oneRow() {
        kernels.gemm(false, true, 1, size, size, 1, x, 0, size, w, 0, size, 0, y, 0, size);
        return y;
    }
}
