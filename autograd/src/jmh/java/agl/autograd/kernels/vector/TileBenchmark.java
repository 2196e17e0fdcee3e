package agl.autograd.kernels.vector;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The product's tile of six rows on factors that the second-level cache holds, B packed: C[192, 256] += A[192, 288] · B[288, 256], 28.3
 * million floating-point operations. A sample is one such product; the percentiles show a core that is shared for a while with another
 * thread.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = {"-XX:+UseSerialGC", "-Xmn64m", "-XX:+UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=1000"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TileBenchmark {
    private static final int M = 192, N = 256, K = 288;
    private static final int H = GemmTile.HEIGHT, W = GemmTile.WIDTH;

    private final float[] a = filled(M * K);
    private final float[] b = filled(N * K);
    private final float[] c = filled(M * N);

    private static float[] filled(int n) {
        float[] x = new float[n];
        Arrays.fill(x, 1e-3f);
        return x;
    }

    /** A's rows as they lie. */
    @Benchmark
    public float[] rows() {
        for (int j = 0; j < N; j += W) {
            for (int i = 0; i < M; i += H) {
                GemmTile.rows(H, K, a, i * K, K, b, j * K, 1, 0, c, i * N + j, N, null);
            }
        }
        return c;
    }
}
