package agl.tornado;

import agl.autograd.kernels.DeviceKernels;
import agl.autograd.kernels.Kernels;
import java.util.List;

/**
 * Provides TornadoVM's devices. TornadoVM's classes exist only if java was started with its flags, so this class uses none of them
 * directly, and any failure during the search means that there is no device.
 */
public final class TornadoProvider implements DeviceKernels {
    private List<Device> devices;
    private String problem = "";

    @Override public List<Device> devices() {
        if (devices == null) {
            try {
                Devices.settings();
                devices = Devices.list();
                problem = devices.isEmpty() ? "TornadoVM found no device" : "";
            } catch (Throwable e) { // a missing class, a failed static initializer, a native library that does not load
                devices = List.of();
                problem = e instanceof NoClassDefFoundError || e instanceof ClassNotFoundException
                        ? "java was started without TornadoVM" : "TornadoVM found no device (" + e.getClass().getSimpleName() + ")";
            }
        }
        return devices;
    }

    @Override public String problem() {
        devices();
        return problem;
    }

    @Override public Kernels open(Device device) {
        return new TornadoKernels(Devices.at(device.index()), Devices.arenaFloats(device.index()));
    }
}
