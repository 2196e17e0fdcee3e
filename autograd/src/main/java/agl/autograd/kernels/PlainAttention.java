package agl.autograd.kernels;

import agl.autograd.storage.Storage;

/**
 * Causal grouped-query attention, one query row and one head at a time.
 *
 * <p>Forward: p_j = softmax_j(scale · q·k_j), out = Σ_j p_j v_j, and lse = log Σ_j exp(scale · q·k_j) is kept.
 * Backward, with p_j = exp(scale · q·k_j − lse) recomputed instead of stored (Dao et al. 2022):
 * dv_j += p_j dout, dp_j = dout·v_j, ds_j = p_j (dp_j − dout·out), dq += scale Σ_j ds_j k_j, dk_j += scale ds_j q.
 */
final class PlainAttention {
    private PlainAttention() { }

    // explain: Attention forward
    static void forward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp) {
        int d = s.headDim();
        for (int seq = 0; seq < s.sequences(); seq++) {
            int offset = s.firstPosition(seq);
            for (int row = s.qStart()[seq]; row < s.qStart()[seq + 1]; row++) {
                int position = row - s.qStart()[seq] + offset;
                for (int h = 0; h < s.heads(); h++) {
                    int qo = (row * s.heads() + h) * d;
                    int first = s.firstKey(position);
                    double[] score = new double[position - first + 1];
                    double max = Double.NEGATIVE_INFINITY;
                    for (int j = 0; j < score.length; j++) {
                        score[j] = s.scale() * dot(d, q, qo, k, keyOffset(s, seq, first + j, h));
                        max = Math.max(max, score[j]);
                    }
                    double sum = 0;
                    for (int j = 0; j < score.length; j++) {
                        sum += Math.exp(score[j] - max);
                    }
                    double lse = max + Math.log(sum);
                    logSumExp.set(row * s.heads() + h, lse);
                    for (int i = 0; i < d; i++) {
                        double o = 0;
                        for (int j = 0; j < score.length; j++) {
                            o += Math.exp(score[j] - lse) * v.get(keyOffset(s, seq, first + j, h) + i);
                        }
                        out.set(qo + i, o);
                    }
                }
            }
        }
    }
    // explain: end

    // explain: Attention backward
    static void backward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp, Storage dOut,
                         Storage dq, Storage dk, Storage dv) {
        int d = s.headDim();
        for (int seq = 0; seq < s.sequences(); seq++) {
            int offset = s.firstPosition(seq);
            for (int row = s.qStart()[seq]; row < s.qStart()[seq + 1]; row++) {
                int position = row - s.qStart()[seq] + offset;
                for (int h = 0; h < s.heads(); h++) {
                    int qo = (row * s.heads() + h) * d;
                    double lse = logSumExp.get(row * s.heads() + h);
                    double doutOut = dot(d, dOut, qo, out, qo);
                    for (int j = s.firstKey(position); j <= position; j++) {
                        int ko = keyOffset(s, seq, j, h);
                        double p = Math.exp(s.scale() * dot(d, q, qo, k, ko) - lse);
                        double ds = p * (dot(d, dOut, qo, v, ko) - doutOut) * s.scale();
                        for (int i = 0; i < d; i++) {
                            if (dv != null) {
                                dv.add(ko + i, p * dOut.get(qo + i));
                            }
                            if (dq != null) {
                                dq.add(qo + i, ds * k.get(ko + i));
                            }
                            if (dk != null) {
                                dk.add(ko + i, ds * q.get(qo + i));
                            }
                        }
                    }
                }
            }
        }
    }
    // explain: end

    private static int keyOffset(AttentionShape s, int seq, int position, int head) {
        return ((s.kStart()[seq] + position) * s.kvHeads() + head / s.group()) * s.headDim();
    }

    private static double dot(int n, Storage x, int xo, Storage y, int yo) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x.get(xo + i) * y.get(yo + i);
        }
        return sum;
    }
}
