package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * AGL's terms over p1 entries of ΔW_A = a and ΔW_T = t: each kernel writes its derivatives, and every work-group its part of the sums,
 * which the host adds in order and in double. Each kernel has its reduction written out: under TornadoVM 5.2 a method that was given local
 * memory computed wrong sums.
 */
final class TermReductions {
    private TermReductions() { }

    /**
     * E_RM: m[p6 + group] = this group's part of Σ η o, da += s3·∂(η o)/∂a, dt likewise, with η = 1 + βσ(z), z = κ(|a + t| − τ). The
     * overlap o is |a t| (p7 = 0), a t (1) or (a t)² (2). a p2, t p3, da p4, dt p5; β s0, κ s1, τ s2.
     */
    static void riemannian(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int kind = p.get(7);
        float beta = s.get(0);
        float kappa = s.get(1);
        float tau = s.get(2);
        float weight = s.get(3);
        int stride = p.get(0) * 64;
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(64);
        float part = 0f;
        for (int i = c.globalIdx; i < n; i += stride) {
            float a = m.get(p.get(2) + i);
            float t = m.get(p.get(3) + i);
            float both = a + t;
            float sigma = 1f / (1f + TornadoMath.exp(-kappa * (TornadoMath.abs(both) - tau)));
            float eta = 1f + beta * sigma;
            float slope = beta * kappa * sigma * (1f - sigma);
            if (both < 0f) {
                slope = -slope;
            }
            if (both == 0f) {
                slope = 0f;
            }
            float product = a * t;
            float o = product;
            float along = 1f;
            if (kind == 0) {
                o = TornadoMath.abs(product);
                if (product < 0f) {
                    along = -1f;
                }
                if (product == 0f) {
                    along = 0f;
                }
            }
            if (kind == 2) {
                o = product * product;
                along = 2f * product;
            }
            part += eta * o;
            m.set(p.get(4) + i, m.get(p.get(4) + i) + weight * (eta * along * t + slope * o));
            m.set(p.get(5) + i, m.get(p.get(5) + i) + weight * (eta * along * a + slope * o));
        }
        sum[lane] = part;
        c.localBarrier();
        for (int half = 32; half > 0; half = half / 2) {
            if (lane < half) {
                sum[lane] = sum[lane] + sum[lane + half];
            }
            c.localBarrier();
        }
        if (lane == 0) {
            m.set(p.get(6) + c.groupIdx, sum[0]);
        }
    }

    /**
     * E_geo in the diagonal metric M: m[p7 + 3·group + (0, 1, 2)] = this group's part of ⟨a, t⟩_M, ‖a‖²_M, ‖t‖²_M; ma = M∘a, mt = M∘t. a
     * p2, t p3, M p4 or −1 for the identity, ma p5, mt p6.
     */
    static void geodesic(KernelContext c, FloatArray m, IntArray p) {
        int n = p.get(1);
        int metric = p.get(4);
        int stride = p.get(0) * 64;
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(192);
        float at = 0f;
        float aa = 0f;
        float tt = 0f;
        for (int i = c.globalIdx; i < n; i += stride) {
            float a = m.get(p.get(2) + i);
            float t = m.get(p.get(3) + i);
            float g = 1f;
            if (metric >= 0) {
                g = m.get(metric + i);
            }
            float ma = g * a;
            float mt = g * t;
            m.set(p.get(5) + i, ma);
            m.set(p.get(6) + i, mt);
            at += ma * t;
            aa += ma * a;
            tt += mt * t;
        }
        sum[lane] = at;
        sum[64 + lane] = aa;
        sum[128 + lane] = tt;
        c.localBarrier();
        for (int half = 32; half > 0; half = half / 2) {
            if (lane < half) {
                sum[lane] = sum[lane] + sum[lane + half];
                sum[64 + lane] = sum[64 + lane] + sum[64 + lane + half];
                sum[128 + lane] = sum[128 + lane] + sum[128 + lane + half];
            }
            c.localBarrier();
        }
        if (lane < 3) {
            m.set(p.get(7) + 3 * c.groupIdx + lane, sum[64 * lane]);
        }
    }

    /** L_T: m[p5 + group] = this group's part of Σ h t², dt += s0·h t. t p2, h p3, dt p4. */
    static void stability(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        float twice = s.get(0);
        int stride = p.get(0) * 64;
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(64);
        float part = 0f;
        for (int i = c.globalIdx; i < n; i += stride) {
            float t = m.get(p.get(2) + i);
            float ht = m.get(p.get(3) + i) * t;
            part += ht * t;
            m.set(p.get(4) + i, m.get(p.get(4) + i) + twice * ht);
        }
        sum[lane] = part;
        c.localBarrier();
        for (int half = 32; half > 0; half = half / 2) {
            if (lane < half) {
                sum[lane] = sum[lane] + sum[lane + half];
            }
            c.localBarrier();
        }
        if (lane == 0) {
            m.set(p.get(5) + c.groupIdx, sum[0]);
        }
    }
}
