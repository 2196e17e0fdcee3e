package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertFalse;

import agl.autograd.kernels.DeviceKernels;
import java.util.LinkedHashMap;
import java.util.Map;

/** The devices that the SDK lists, each opened once. */
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
}
