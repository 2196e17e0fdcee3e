package agl.tornado;

import agl.autograd.kernels.DeviceKernels;
import agl.autograd.kernels.Kernels;
import java.util.List;

/**
 * Offers TornadoVM's devices. TornadoVM's classes are only there when java was started with its flags, so this class names none of them,
 * and whatever goes wrong while looking means that there is no device.
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
            } catch (Throwable e) { // a missing class, a failed static initialiser, a native library that does not load
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
