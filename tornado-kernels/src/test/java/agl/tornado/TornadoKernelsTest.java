package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.KernelContract;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract of kernels on every device, and what is a device's own: numbers that go back and forth, memory. */
final class TornadoKernelsTest implements KernelContract {
    @Override public Map<String, Provider> providers() {
        return OnDevices.with(Provider::new);
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
}
