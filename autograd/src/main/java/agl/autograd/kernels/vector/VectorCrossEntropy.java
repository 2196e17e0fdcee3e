package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;

/** Cross-entropy of rows of logits and its gradient, which overwrites the logits. Formulas: {@link agl.autograd.kernels.Kernels}. */
final class VectorCrossEntropy {
    /** Exponentials that are summed in float before the sum continues in double. */
    private static final int BLOCK = 4096;

    private VectorCrossEntropy() { }

    static void rows(int rows, int vocabulary, float[] logits, int logitsOff, int[] targets, int targetsOff,
                     float[] loss, int lossOff, boolean gradient) {
        if ((long) rows * vocabulary <= Ranges.ELEMENTS) {
            for (int r = 0; r < rows; r++) {
                loss[lossOff + r] = row(vocabulary, logits, logitsOff + r * vocabulary, targets[targetsOff + r], gradient);
            }
        } else {
            Workers.parallelFor(rows, r ->
                    loss[lossOff + r] = row(vocabulary, logits, logitsOff + r * vocabulary, targets[targetsOff + r], gradient));
        }
    }

    private static float row(int n, float[] logits, int off, int target, boolean gradient) {
        float max = VectorMath.max(n, logits, off);
        float ofTarget = logits[off + target];
        float[] e = gradient ? logits : Scratch.get().floats(Scratch.EXPONENTIALS, BLOCK);
        double sum = 0;
        for (int j = 0; j < n; j += BLOCK) {
            sum += VectorMath.exp(Math.min(BLOCK, n - j), logits, off + j, 1, max, e, gradient ? off + j : 0);
        }
        if (gradient) {
            VectorMath.axpby(n, (float) (1 / sum), logits, off, 0, logits, off);
            logits[off + target] -= 1;
        }
        return (float) (max + Math.log(sum) - ofTarget);
    }
}
