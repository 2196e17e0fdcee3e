package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertFalse;

import agl.autograd.kernels.DeviceKernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntFunction;

/** The devices that the SDK lists, each opened once. */
final class OnDevices {
    private static final Map<String, TornadoKernels> ALL = new LinkedHashMap<>();

    private OnDevices() { }

    /** What is under test on every device: with values that stay there, and with heap arrays. */
    static <P> Map<String, P> with(BiFunction<TornadoKernels, IntFunction<Storage>, P> provider) {
        Map<String, P> all = new LinkedHashMap<>();
        all().forEach((device, kernels) -> {
            all.put(device, provider.apply(kernels, n -> kernels.allocate(DType.F32, n)));
            all.put(device + ", heap arrays", provider.apply(kernels, n -> Storage.allocate(DType.F32, n)));
        });
        return all;
    }

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
}
