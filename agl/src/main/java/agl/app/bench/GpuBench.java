package agl.app.bench;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.DeviceKernels.Traffic;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels of a device: the time of the first call, which compiles, and of later calls, and the bus traffic of a training step.
 */
public final class GpuBench {
    private static final int CALLS = 5;

    private final Kernels kernels;
    private final Shape shape;
    private final int batch;
    private final int tokens;
    private final List<Map<String, Object>> rows = new ArrayList<>();

    public GpuBench(Kernels kernels, Shape shape, int batch, int tokens) {
        this.kernels = kernels;
        this.shape = shape;
        this.batch = batch;
        this.tokens = tokens;
    }

    /** Kernels at the sizes of the shape's layers. */
    public List<Map<String, Object>> kernels() {
        int n = batch * tokens;
        int hidden = shape.hidden();
        int inner = shape.intermediate();
        int vocabulary = shape.vocabulary();
        Storage x = random(n * hidden);
        Storage w = random(inner * hidden);
        Storage y = random(n * inner);
        Storage z = random(n * inner);
        row("product", 2.0 * n * hidden * inner,
                () -> kernels.gemm(false, true, n, inner, hidden, 1, x, 0, hidden, w, 0, hidden, 0, y, 0, inner));
        int d = hidden / shape.heads();
        int[] starts = new int[batch + 1];
        Arrays.setAll(starts, i -> i * tokens);
        AttentionShape a = AttentionShape.causal(shape.heads(), shape.heads(), d, starts);
        Storage q = random(n * hidden);
        Storage out = random(n * hidden);
        Storage lse = random(n * shape.heads());
        double pairs = 0.5 * batch * tokens * (tokens + 1.0) * shape.heads();
        row("attention", 4 * pairs * d, () -> kernels.attention(a, q, x, x, out, lse));
        Storage dq = random(n * hidden);
        Storage dk = random(n * hidden);
        Storage dv = random(n * hidden);
        row("attention backward", 10 * pairs * d, () -> kernels.attentionBackward(a, q, x, x, out, lse, x, dq, dk, dv));
        Storage norm = random(n);
        Storage gain = random(hidden);
        row("rmsNorm", 0, () -> kernels.rmsNorm(n, hidden, x, gain, 1e-5, out, norm));
        row("swiGlu", 0, () -> kernels.swiGlu(n * inner, y, z, y));
        Storage logits = random(Math.min(n, 64) * vocabulary);
        Storage losses = random(Math.min(n, 64));
        row("cross-entropy", 0, () -> kernels.crossEntropyRows(Math.min(n, 64), vocabulary, logits, 0, new int[n], 0, losses, 0, true));
        row("dot", 0, () -> kernels.dot(n * inner, y, 0, z, 0));
        return rows;
    }

    private Storage random(int length) {
        Storage s = kernels.allocate(DType.F32, length);
        for (int i = 0; i < length; i++) {
            s.set(i, (i * 2654435761L % 1000) * 1e-3 - 0.5);
        }
        kernels.scale(length, 1, s, 0, s, 0);
        return s;
    }

    private void row(String name, double flops, Runnable call) {
        double first = seconds(call);
        double[] later = new double[CALLS];
        for (int i = 0; i < CALLS; i++) {
            later[i] = seconds(call);
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("kernel", name);
        row.put("first_ms", 1e3 * first);
        row.put("steady_ms", 1e3 * Timing.median(later));
        if (flops > 0) {
            row.put("gflops", flops * 1e-9 / Timing.median(later));
        }
        rows.add(row);
    }

    private static double seconds(Runnable call) {
        long start = System.nanoTime();
        call.run();
        return (System.nanoTime() - start) * 1e-9;
    }

    /** Training steps as in {@link StepBench}: a run of one step and a run of several, both with the same first step. */
    public Map<String, Object> step(int steps) {
        StepBench bench = new StepBench(shape, batch, tokens, 8, 0, DType.F32, null, 0);
        Traffic before = kernels.traffic();
        double first = bench.run(0, 1, false, false).seconds()[0];
        Traffic one = kernels.traffic().since(before);
        Traffic between = kernels.traffic();
        double[] seconds = bench.run(0, 1 + steps, false, false).seconds();
        Traffic more = kernels.traffic().since(between).since(one);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("shape", shape.title());
        result.put("batch", batch);
        result.put("tokens", tokens);
        result.put("first_step_s", first);
        result.put("steady_step_s", Timing.median(Arrays.copyOfRange(seconds, 1, seconds.length)));
        result.put("kernels_per_step", more.launches() / steps);
        result.put("bytes_to_device_per_step", more.bytesIn() / steps);
        result.put("bytes_from_device_per_step", more.bytesOut() / steps);
        result.put("bytes_to_device_at_start", one.bytesIn());
        return result;
    }
}
