package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.KernelContract;
import agl.autograd.kernels.PlainKernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract of kernels on every device, the terms' reductions, and what is a device's own: numbers that go back and forth, memory. */
final class TornadoKernelsTest implements KernelContract {
    /** Every device that the SDK lists, with numbers that stay there and with heap arrays. */
    @Override public Map<String, Provider> providers() {
        Map<String, Provider> all = new LinkedHashMap<>();
        OnDevices.all().forEach((device, kernels) -> {
            all.put(device, new Provider(kernels, n -> kernels.allocate(DType.F32, n)));
            all.put(device + ", heap arrays", new Provider(kernels, n -> Storage.allocate(DType.F32, n)));
        });
        return all;
    }

    @Test void collision() {
        double beta = 4;
        double kappa = 30;
        double tau = 0.2;
        for (int n : new int[] {1, 65, 5000}) {
            for (int overlap = 0; overlap < 3; overlap++) {
                int kind = overlap;
                boolean metric = overlap == 1;
                check("collision " + kind, n, 1e-4, new int[] {n, n, n, n, n, 4}, (k, s) -> {
                    double[] sums = k instanceof TornadoKernels gpu
                            ? gpu.collision(n, s[0], s[1], metric ? s[2] : null, beta, kappa, tau, kind, 0.3, s[3], s[4])
                            : Collision.sums(n, s[0], s[1], metric ? s[2] : null, beta, kappa, tau, kind, 0.3, s[3], s[4]);
                    for (int i = 0; i < 4; i++) {
                        s[5].set(i, sums[i] / n);
                    }
                    if (k instanceof TornadoKernels gpu) {
                        gpu.geodesicGradient(n, s[0], s[1], metric ? s[2] : null, 0.4, 0.7, -1.1, s[3], s[4]);
                    } else {
                        Collision.geodesic(n, s[0], s[1], metric ? s[2] : null, 0.4, 0.7, -1.1, s[3], s[4]);
                    }
                });
            }
        }
    }

    @Test void numbersGoBackAndForth() {
        OnDevices.all().forEach((device, k) -> {
            Storage x = k.allocate(DType.F32, 2000);
            assertEquals(0, x.get(1999), device);
            x.set(7, 3);
            Storage y = k.allocate(DType.F32, 2000);
            k.axpy(2000, 2, x, 0, y, 0);
            assertEquals(6, y.get(7), device);
            assertEquals(0, y.get(8), device);
            y.set(8, 5);
            k.scale(1000, 2, y, 0, y, 0);
            assertEquals(12, y.get(7), device);
            assertEquals(10, y.get(8), device);
            y.fill(8, 2000, -1);
            assertEquals(12, y.get(7), device);
            assertEquals(-1, y.get(8), device);
            y.fill(0, 2000, 0);
            k.axpy(1, 1, x, 7, y, 0);
            assertEquals(3, y.get(0), device);
            assertEquals(0, y.get(7), device);
            // More than a box holds at a time.
            Storage large = k.resident(new Storage.F32(new float[1_500_000], 1_500_000));
            large.set(1_499_999, 4);
            k.scale(1_500_000, 3, large, 0, large, 0);
            assertEquals(12, large.get(1_499_999), device);
            // The copy of a cotangent in double, as backward starts with.
            k.axpy(1, 1, new Storage.F64(new double[] {0.5}, 1), 0, y, 0);
            k.scale(1, 2, y, 0, y, 0);
            assertEquals(7, y.get(0), device);
        });
    }

    @Test void memoryComesBack() {
        OnDevices.all().forEach((device, k) -> {
            for (int i = 0; i < 40; i++) { // 40 times 40 MB in 256 MB
                Storage x = k.allocate(DType.F32, 10_000_000);
                k.scale(1, 1, x, 0, x, 1);
            }
        });
        ArenaSpace space = new ArenaSpace(64 * 10);
        int a = space.take(64);
        int b = space.take(65);
        int c = space.take(1);
        space.give(a, 64);
        space.give(b, 65);
        assertEquals(0, space.take(64 * 3));
        space.give(c, 1);
        assertEquals(64 * 3, space.take(64 * 7));
        assertTrue(org.junit.jupiter.api.Assertions.assertThrows(agl.error.AglException.class, () -> space.take(1)).getMessage()
                .contains("memory is full"));
    }

    /** The collision's formulas as loops, see MATH.md section 5. */
    private static final class Collision {
        static double[] sums(int n, Storage a, Storage t, Storage metric, double beta, double kappa, double tau, int kind, double weight,
                Storage da, Storage dt) {
            double[] sums = new double[4];
            for (int i = 0; i < n; i++) {
                double x = a.get(i);
                double y = t.get(i);
                double sigma = PlainKernels.sigmoid(kappa * (Math.abs(x + y) - tau));
                double eta = 1 + beta * sigma;
                double slope = beta * kappa * sigma * (1 - sigma) * Math.signum(x + y);
                double o = kind == 0 ? Math.abs(x * y) : kind == 1 ? x * y : x * x * y * y;
                double along = kind == 0 ? Math.signum(x * y) : kind == 1 ? 1 : 2 * x * y;
                da.add(i, weight * (eta * along * y + slope * o));
                dt.add(i, weight * (eta * along * x + slope * o));
                double g = metric == null ? 1 : metric.get(i);
                sums[0] += eta * o;
                sums[1] += g * x * y;
                sums[2] += g * x * x;
                sums[3] += g * y * y;
            }
            return sums;
        }

        static void geodesic(int n, Storage a, Storage t, Storage metric, double x, double ya, double yt, Storage da, Storage dt) {
            for (int i = 0; i < n; i++) {
                double g = metric == null ? 1 : metric.get(i);
                da.add(i, g * (x * t.get(i) - ya * a.get(i)));
                dt.add(i, g * (x * a.get(i) - yt * t.get(i)));
            }
        }
    }
}
