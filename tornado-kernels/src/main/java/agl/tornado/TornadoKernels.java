package agl.tornado;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.DeviceKernels;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.regularizers.AglSettings;
import agl.regularizers.GeodesicOverlap;
import agl.regularizers.TermKernels;
import agl.regularizers.Tile;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * The kernels on one TornadoVM device. Tensors created through {@link #allocate} stay there; heap arrays are copied there and back for
 * each call; frozen weights are copied once. Everything in double is computed by the plain loops.
 */
public final class TornadoKernels implements Kernels, TermKernels {
    private static final Kernels PLAIN = Kernels.plain();

    private final Engine engine;
    private final Operands on;
    private final String name;
    private final GroupSums sums;
    private final TermKernels terms;

    TornadoKernels(TornadoDevice device, int arenaFloats) {
        engine = new Engine(device, arenaFloats);
        on = new Operands(engine);
        sums = new GroupSums(engine);
        terms = new TornadoTerms(engine, on, sums);
        name = "tornado (" + device.getPhysicalDevice().getDeviceName() + ")";
    }

    @Override public String name() {
        return name;
    }

    @Override public DeviceKernels.Traffic traffic() {
        return engine.traffic();
    }

    @Override public Storage allocate(DType dtype, int length) {
        return dtype == DType.F32 ? DeviceStorage.zeros(engine, length) : Storage.allocate(dtype, length);
    }

    @Override public Storage resident(Storage s) {
        if (!(s instanceof Storage.F32 f)) {
            return s;
        }
        return DeviceStorage.of(engine, Arrays.copyOf(f.array(), f.length()));
    }

    static long groups(long threads) {
        return Math.ceilDiv(threads, 64);
    }

    @Override public void gemm(boolean transA, boolean transB, int m, int n, int k, double alpha, Storage a, int aOff, int lda,
                               Storage b, int bOff, int ldb, double beta, Storage c, int cOff, int ldc) {
        if (Operands.inDouble(a, b, c)) {
            PLAIN.gemm(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
            return;
        }
        Matrix mA = new Matrix(a, aOff, m, k, lda, transA);
        Matrix mB = new Matrix(b, bOff, k, n, ldb, transB);
        Matrix none = new Matrix(a, 0, 0, 0, 0, false);
        on.run(() -> sum(new Product(alpha, mA, mB), new Product(0, none, none), beta, new Matrix(c, cOff, m, n, ldc, false)));
    }

    @Override public void product(Product first, Product second, double beta, Matrix c) {
        if (Operands.inDouble(first.a().data(), first.b().data(), second.a().data(), second.b().data(), c.data())) {
            Kernels.super.product(first, second, beta, c);
        } else if (c.size() > 0) {
            on.run(() -> sum(first, second, beta, c));
        }
    }

    /** C = first + second + beta·C in one pass over C; the second may be empty (inner size 0). */
    private void sum(Product first, Product second, double beta, Matrix c) {
        Matrix a = first.a();
        Matrix b = first.b();
        Matrix a2 = second.a();
        Matrix b2 = second.b();
        int atA = on.read(a.data()) + a.offset();
        int atB = on.read(b.data()) + b.offset();
        int atA2 = on.read(a2.data()) + a2.offset();
        int atB2 = on.read(b2.data()) + b2.offset();
        int atC = on.write(c.data(), beta == 0 && c.offset() == 0 && c.contiguous() && c.size() == c.data().length()) + c.offset();
        engine.run(Op.PRODUCT, Math.ceilDiv(c.rows(), 64) * (long) Math.ceilDiv(c.cols(), 64),
                new int[] {c.rows(), c.cols(), atC, c.stride(),
                    a.cols(), atA, a.rowStride(), a.colStride(), atB, b.rowStride(), b.colStride(),
                    a2.cols(), atA2, a2.rowStride(), a2.colStride(), atB2, b2.rowStride(), b2.colStride()},
                first.alpha(), second.alpha(), beta);
    }

    @Override public void axpy(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        if (Operands.inDouble(x, y)) {
            PLAIN.axpy(n, alpha, x, xOff, y, yOff);
        } else if (n > 0) {
            on.run(() -> engine.run(Op.AXPY, groups(n), new int[] {n, on.read(x) + xOff, on.write(y, false) + yOff}, alpha));
        }
    }

    @Override public void scale(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        if (Operands.inDouble(x, y)) {
            PLAIN.scale(n, alpha, x, xOff, y, yOff);
        } else if (n > 0) {
            on.run(() -> engine.run(Op.SCALE, groups(n), new int[] {n, on.read(x) + xOff, on.write(y, n == y.length()) + yOff}, alpha));
        }
    }

    @Override public void rows(int n, int cols, Storage x, int[] from, double[] factor, Storage y, int[] to, boolean accumulate) {
        if (Operands.inDouble(x, y)) {
            PLAIN.rows(n, cols, x, from, factor, y, to, accumulate);
        } else if (n > 0) {
            on.run(() -> engine.run(accumulate ? Op.ROWS_ADD : Op.ROWS, groups(accumulate ? cols : (long) n * cols),
                    new int[] {n, cols, on.read(x), on.list(from, n),
                        on.list(factor, n), on.write(y, !accumulate && to == null && n * cols == y.length()), on.list(to, n)}));
        }
    }

    @Override public double dot(int n, Storage x, int xOff, Storage y, int yOff) {
        if (Operands.inDouble(x, y)) {
            return PLAIN.dot(n, x, xOff, y, yOff);
        }
        return inner(new Matrix(x, xOff, 1, n, n, false), new Matrix(y, yOff, 1, n, n, false));
    }

    @Override public double dot(Matrix x, Matrix y) {
        boolean here = x.rows() == y.rows() && x.cols() == y.cols() && !x.transposed() && !y.transposed() && x.size() > 0;
        return here && !Operands.inDouble(x.data(), y.data()) ? inner(x, y) : Kernels.super.dot(x, y);
    }

    private double inner(Matrix x, Matrix y) {
        return on.compute(() -> {
            int groups = GroupSums.groups(x.size());
            engine.run(Op.DOT, groups, new int[] {x.size(), on.read(x.data()) + x.offset(), on.read(y.data()) + y.offset(), sums.offset(),
                x.cols(), x.stride(), y.stride()});
            return sums.total(groups, 1);
        })[0];
    }

    @Override public void sumOfSquares(int rows, int n, double alpha, Storage x, Storage y, int yOff) {
        if (Operands.inDouble(x, y)) {
            Kernels.super.sumOfSquares(rows, n, alpha, x, y, yOff);
            return;
        }
        on.run(() -> engine.run(Op.SQUARES, groups(n), new int[] {n, on.read(x), on.write(y, n == y.length()) + yOff, rows}, alpha));
    }

    @Override public void rmsNorm(int rows, int cols, Storage x, Storage w, double eps, Storage y, Storage inverseRms) {
        if (Operands.inDouble(x, w, y, inverseRms)) {
            PLAIN.rmsNorm(rows, cols, x, w, eps, y, inverseRms);
            return;
        }
        on.run(() -> engine.run(Op.RMS_NORM, rows, new int[] {rows, cols, on.read(x), on.read(w), on.write(y, rows * cols == y.length()),
            on.write(inverseRms, rows == inverseRms.length())}, eps));
    }

    @Override public void rmsNormBackward(int rows, int cols, Storage x, Storage w, Storage inverseRms, Storage dy, Storage dx,
            Storage dw) {
        if (Operands.inDouble(x, w, inverseRms, dy, dx, dw)) {
            PLAIN.rmsNormBackward(rows, cols, x, w, inverseRms, dy, dx, dw);
            return;
        }
        on.run(() -> {
            if (dx != null) {
                engine.run(Op.RMS_NORM_BACK, rows,
                        new int[] {rows, cols, on.read(x), on.read(w), on.read(inverseRms), on.read(dy), on.write(dx, false)});
            }
            if (dw != null) {
                engine.run(Op.RMS_NORM_WEIGHT, groups(cols),
                        new int[] {rows, cols, on.read(x), on.read(inverseRms), on.read(dy), on.write(dw, false)});
            }
        });
    }

    @Override public void swiGlu(int n, Storage gate, Storage up, Storage y) {
        if (Operands.inDouble(gate, up, y)) {
            PLAIN.swiGlu(n, gate, up, y);
            return;
        }
        on.run(() -> engine.run(Op.SWIGLU, groups(n), new int[] {n, on.read(gate), on.read(up), on.write(y, n == y.length())}));
    }

    @Override public void swiGluBackward(int n, Storage gate, Storage up, Storage dy, Storage dGate, Storage dUp, boolean accumulate) {
        if (Operands.inDouble(gate, up, dy, dGate, dUp)) {
            PLAIN.swiGluBackward(n, gate, up, dy, dGate, dUp, accumulate);
            return;
        }
        if (!accumulate) {
            clear(n, dGate);
            clear(n, dUp);
        }
        on.run(() -> engine.run(Op.SWIGLU_BACK, groups(n),
                new int[] {n, on.read(gate), on.read(up), on.read(dy), on.add(dGate), on.add(dUp)}));
    }

    @Override public void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
                               Storage x, Storage y, boolean accumulate) {
        if (Operands.inDouble(x, y)) {
            PLAIN.rope(rows, heads, headDim, positions, cos, sin, sign, x, y, accumulate);
            return;
        }
        int half = headDim / 2;
        on.run(() -> engine.run(Op.ROPE, groups((long) rows * heads * half),
                new int[] {rows, heads, half, on.list(positions, rows), on.table(cos), on.table(sin),
                    on.read(x), on.write(y, !accumulate && rows * heads * headDim == y.length()), accumulate ? 1 : 0},
                sign));
    }

    @Override public void dropout(int n, Storage x, double p, long seed, Storage y, boolean accumulate) {
        if (Operands.inDouble(x, y)) {
            PLAIN.dropout(n, x, p, seed, y, accumulate);
            return;
        }
        // The plain loop compares k·2^-53 with p for an integer k, which is equivalent to k < ⌈p·2^53⌉.
        long limit = (long) Math.ceil(p * 0x1p53);
        on.run(() -> engine.run(Op.DROPOUT, groups(n),
                new int[] {n, on.read(x), on.write(y, !accumulate && n == y.length()), accumulate ? 1 : 0,
                    (int) (seed >> 32), (int) seed, (int) (limit >> 32), (int) limit},
                1 / (1 - p)));
    }

    @Override public void attention(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp) {
        if (Operands.inDouble(q, k, v, out, logSumExp)) {
            PLAIN.attention(s, q, k, v, out, logSumExp);
            return;
        }
        requireHead(s);
        int pairs = s.queryRows() * s.heads();
        on.run(() -> engine.run(Op.ATTENTION, pairs,
                new int[] {s.queryRows(), s.heads(), s.kvHeads(), s.headDim(), on.read(q), on.read(k), on.read(v),
                    on.write(out, pairs * s.headDim() == out.length()), on.write(logSumExp, pairs == logSumExp.length()),
                    on.ranges(SeenKeys.ofQueries(s))},
                s.scale()));
    }

    @Override public void attentionBackward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp,
                                            Storage dOut, Storage dq, Storage dk, Storage dv) {
        if (Operands.inDouble(q, k, v, out, logSumExp, dOut, dq, dk, dv)) {
            PLAIN.attentionBackward(s, q, k, v, out, logSumExp, dOut, dq, dk, dv);
            return;
        }
        requireHead(s);
        int pairs = s.queryRows() * s.heads();
        on.run(() -> {
            int along = on.temporary(pairs);
            engine.run(Op.ATTENTION_BACK_Q, pairs,
                    new int[] {s.queryRows(), s.heads(), s.kvHeads(), s.headDim(), on.read(q), on.read(k), on.read(v), on.read(out),
                        on.read(logSumExp), on.ranges(SeenKeys.ofQueries(s)), along, on.add(dq), on.read(dOut)},
                    s.scale());
            if (dk != null || dv != null) {
                int[] seen = SeenKeys.ofKeys(s);
                engine.run(Op.ATTENTION_BACK_KV, (long) s.keyRows() * s.kvHeads(),
                        new int[] {s.keyRows(), s.heads(), s.kvHeads(), s.headDim(), on.read(q), on.read(k),
                            on.read(v), along, on.read(logSumExp), on.ranges(seen), on.add(dk), on.add(dv), on.read(dOut)},
                        s.scale());
            }
        });
    }

    private static void requireHead(AttentionShape s) {
        if (s.headDim() > AttentionKernels.MOST) {
            throw new AglException("attention heads of " + s.headDim() + " numbers are more than the device's kernels take, "
                    + AttentionKernels.MOST + "; use --device cpu");
        }
    }

    @Override public void crossEntropyRows(int rows, int vocabulary, Storage logits, int logitsOff, int[] targets, int targetsOff,
                                           Storage loss, int lossOff, boolean gradient) {
        if (Operands.inDouble(logits, loss)) {
            PLAIN.crossEntropyRows(rows, vocabulary, logits, logitsOff, targets, targetsOff, loss, lossOff, gradient);
            return;
        }
        on.run(() -> engine.run(Op.CROSS_ENTROPY, rows,
                new int[] {rows, vocabulary, (gradient ? on.write(logits, false) : on.read(logits)) + logitsOff,
                    on.list(Arrays.copyOfRange(targets, targetsOff, targetsOff + rows), rows),
                    on.write(loss, rows == loss.length()) + lossOff, gradient ? 1 : 0}));
    }

    @Override public void adamW(int n, Storage p, Storage g, double gradScale, Storage m, Storage v,
                                double lr, double b1, double b2, double eps, double weightDecay, int step) {
        if (Operands.inDouble(p, g, m, v)) {
            PLAIN.adamW(n, p, g, gradScale, m, v, lr, b1, b2, eps, weightDecay, step);
            return;
        }
        on.run(() -> engine.run(Op.ADAMW, groups(n), new int[] {n, on.write(p, false), on.read(g), on.write(m, false), on.write(v, false)},
                gradScale, b1, 1 - b1, b2, 1 - b2, 1 - lr * weightDecay, lr / (1 - Math.pow(b1, step)), 1 / (1 - Math.pow(b2, step)), eps));
    }

    @Override public double riemannian(AglSettings s, Tile a, Tile t, double scale, Tile da, Tile dt) {
        return terms.riemannian(s, a, t, scale, da, dt);
    }

    @Override public double stability(Storage h, Tile t, double scale, Tile dt) {
        return terms.stability(h, t, scale, dt);
    }

    @Override public void geodesic(GeodesicOverlap.Sums into, Storage metric, Tile a, Tile t, Tile ma, Tile mt) {
        terms.geodesic(into, metric, a, t, ma, mt);
    }
}
