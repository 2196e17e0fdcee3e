package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import agl.autograd.kernels.DeviceKernels;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/**
 * Runs one piece of work with the plain loops in double and on every device that the SDK lists, and compares everything it could have
 * written.
 */
final class OnDevices {
    private static final Map<String, TornadoKernels> ALL = new LinkedHashMap<>();

    private OnDevices() { }

    static synchronized Map<String, TornadoKernels> all() {
        if (ALL.isEmpty()) {
            System.setProperty(Devices.MEMORY, "256");
            TornadoProvider provider = new TornadoProvider();
            for (DeviceKernels.Device d : provider.devices()) {
                ALL.put(d.name(), (TornadoKernels) provider.open(d));
            }
            assertFalse(ALL.isEmpty(), provider.problem());
        }
        return ALL;
    }

    /**
     * With numbers from the seed, about ±1, in storages of these lengths. Each of the three runs starts from the same numbers: plain in
     * double, on the device with numbers that stay there, and on the device with heap arrays.
     *
     * @param tolerance relative to the larger of 1 and the number
     */
    static void check(String name, long seed, double tolerance, int[] lengths, BiConsumer<Kernels, Storage[]> work) {
        all().forEach((device, kernels) -> {
            Storage[] expected = numbers(seed, lengths, n -> Storage.allocate(DType.F64, n));
            work.accept(Kernels.plain(), expected);
            for (boolean resident : new boolean[] {true, false}) {
                Storage[] actual = numbers(seed, lengths, n -> resident ? kernels.allocate(DType.F32, n) : Storage.allocate(DType.F32, n));
                work.accept(kernels, actual);
                for (int s = 0; s < lengths.length; s++) {
                    for (int i = 0; i < lengths[s]; i++) {
                        double e = expected[s].get(i);
                        assertEquals(e, actual[s].get(i), tolerance * Math.max(1, Math.abs(e)),
                                name + " on " + device + (resident ? "" : ", heap arrays") + ", operand " + s + ", element " + i + " of "
                                        + lengths[s]);
                    }
                }
            }
        });
    }

    private static Storage[] numbers(long seed, int[] lengths, java.util.function.IntFunction<Storage> allocator) {
        SplittableRandom random = new SplittableRandom(seed);
        Storage[] storages = new Storage[lengths.length];
        for (int s = 0; s < lengths.length; s++) {
            storages[s] = allocator.apply(lengths[s]);
            for (int i = 0; i < lengths[s]; i++) {
                storages[s].set(i, (float) random.nextDouble(-1, 1));
            }
        }
        return storages;
    }
}
