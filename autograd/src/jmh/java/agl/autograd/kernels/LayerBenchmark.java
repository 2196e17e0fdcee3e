package agl.autograd.kernels;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.SplittableRandom;
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

/** The kernels of a layer other than the matrix product, at smollm135M's sizes. Milliseconds per call, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = {"-XX:+UseSerialGC", "-Xmn64m", "-XX:+UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=1000"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class LayerBenchmark {
    private static final int HIDDEN = 576;
    private static final int INTERMEDIATE = 1536;
    private static final int VOCABULARY = 49152;
    private static final int HEADS = 9;
    private static final int KV_HEADS = 3;
    private static final int HEAD_DIM = 64;

    private final Kernels kernels = Kernels.best();
    private final SplittableRandom random = new SplittableRandom(3);

    @Param("256")
    public int tokens;

    private AttentionShape shape;
    private Storage a;
    private Storage b;
    private Storage c;
    private Storage d;
    private Storage e;
    private Storage f;
    private Storage g;
    private Storage weight;
    private Storage perRow;
    private Storage logits;
    private int[] positions;
    private int[] targets;
    private double[] cos;
    private double[] sin;

    @Setup
    public void operands() {
        Workers.setThreads(1);
        shape = AttentionShape.causal(HEADS, KV_HEADS, HEAD_DIM, new int[] {0, tokens});
        int n = tokens * INTERMEDIATE;
        a = values(n);
        b = values(n);
        c = values(n);
        d = values(n);
        e = values(n);
        f = values(n);
        g = values(n);
        weight = values(HIDDEN);
        perRow = values(tokens * HEADS);
        logits = values(16 * VOCABULARY);
        positions = random.ints(tokens, 0, tokens).toArray();
        targets = random.ints(16, 0, VOCABULARY).toArray();
        cos = random.doubles((long) tokens * HEAD_DIM / 2).toArray();
        sin = random.doubles((long) tokens * HEAD_DIM / 2).toArray();
    }

    private Storage values(int n) {
        Storage s = Storage.allocate(DType.F32, n);
        for (int i = 0; i < n; i++) {
            s.set(i, random.nextDouble());
        }
        return s;
    }

    @Benchmark
    public Storage attention() {
        kernels.attention(shape, a, b, c, d, perRow);
        return d;
    }

    @Benchmark
    public Storage attentionBackward() {
        kernels.attentionBackward(shape, a, b, c, d, perRow, a, e, f, g);
        return e;
    }

    @Benchmark
    public Storage rmsNorm() {
        kernels.rmsNorm(tokens, HIDDEN, a, weight, 1e-5, c, perRow);
        return c;
    }

    @Benchmark
    public Storage rmsNormBackward() {
        kernels.rmsNormBackward(tokens, HIDDEN, a, weight, perRow, b, d, null);
        return d;
    }

    @Benchmark
    public Storage swiGlu() {
        kernels.swiGlu(tokens * INTERMEDIATE, a, b, c);
        return c;
    }

    @Benchmark
    public Storage swiGluBackward() {
        kernels.swiGluBackward(tokens * INTERMEDIATE, a, b, c, d, e, true);
        return e;
    }

    @Benchmark
    public Storage rope() {
        kernels.rope(tokens, HEADS, HEAD_DIM, positions, cos, sin, 1, a, c, false);
        return c;
    }

    @Benchmark
    public Storage dropout() {
        kernels.dropout(tokens * HIDDEN, a, 0.1, 7, c, false);
        return c;
    }

    /** 16 rows of a vocabulary of 49152. */
    @Benchmark
    public Storage crossEntropyRows() {
        kernels.crossEntropyRows(16, VOCABULARY, logits, 0, targets, 0, perRow, 0, true);
        return logits;
    }

    @Benchmark
    public Storage adamW() {
        kernels.adamW(tokens * HIDDEN, a, b, 1, c, d, 1e-6, 0.9, 0.999, 1e-8, 0, 100);
        return a;
    }
}
