package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The collision terms of ΔW_A = a and ΔW_T = t, p1 elements each: E_RM with its weight η = 1 + βσ(z), z = κ(|a + t| − τ), the three inner
 * products of E_geo in a diagonal metric M, and the gradients of both.
 */
final class CollisionKernels {
    private CollisionKernels() { }

    /**
     * In one pass: m[p7 + 4·group + (0, 1, 2, 3)] = this group's part of Σ η o, ⟨a, t⟩_M, ‖a‖²_M, ‖t‖²_M, and da += s3·∂(η o)/∂a, dt
     * likewise. The overlap o is |a t| (p8 = 0), a t (1) or (a t)² (2). a p2, t p3, M p4 or −1 for the identity, da p5, dt p6; β s0, κ s1,
     * τ s2.
     */
    static void sums(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int metric = p.get(4);
        int kind = p.get(8);
        float beta = s.get(0);
        float kappa = s.get(1);
        float tau = s.get(2);
        float weight = s.get(3);
        int stride = p.get(0) * 64;
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(256);
        float overlap = 0f;
        float at = 0f;
        float aa = 0f;
        float tt = 0f;
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
            overlap += eta * o;
            m.set(p.get(5) + i, m.get(p.get(5) + i) + weight * (eta * along * t + slope * o));
            m.set(p.get(6) + i, m.get(p.get(6) + i) + weight * (eta * along * a + slope * o));
            float g = 1f;
            if (metric >= 0) {
                g = m.get(metric + i);
            }
            at += g * product;
            aa += g * a * a;
            tt += g * t * t;
        }
        sum[lane] = overlap;
        sum[64 + lane] = at;
        sum[128 + lane] = aa;
        sum[192 + lane] = tt;
        c.localBarrier();
        for (int half = 32; half > 0; half = half / 2) {
            if (lane < half) {
                sum[lane] = sum[lane] + sum[lane + half];
                sum[64 + lane] = sum[64 + lane] + sum[64 + lane + half];
                sum[128 + lane] = sum[128 + lane] + sum[128 + lane + half];
                sum[192 + lane] = sum[192 + lane] + sum[192 + lane + half];
            }
            c.localBarrier();
        }
        if (lane < 4) {
            m.set(p.get(7) + 4 * c.groupIdx + lane, sum[64 * lane]);
        }
    }

    /** da += M(s0·t − s1·a), dt += M(s0·a − s2·t): E_geo's gradients once its sums are known; offsets as in {@link #sums}. */
    static void geodesic(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int metric = p.get(4);
        float x = s.get(0);
        float ya = s.get(1);
        float yt = s.get(2);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            float a = m.get(p.get(2) + i);
            float t = m.get(p.get(3) + i);
            float g = 1f;
            if (metric >= 0) {
                g = m.get(metric + i);
            }
            m.set(p.get(5) + i, m.get(p.get(5) + i) + g * (x * t - ya * a));
            m.set(p.get(6) + i, m.get(p.get(6) + i) + g * (x * a - yt * t));
        }
    }
}
