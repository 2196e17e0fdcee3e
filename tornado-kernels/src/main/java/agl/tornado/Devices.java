package agl.tornado;

import agl.autograd.kernels.DeviceKernels;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices of all TornadoVM back ends, and TornadoVM's settings. */
final class Devices {
    /** Megabytes of device memory to use; by default half of the device's memory. */
    static final String MEMORY = "agl.gpu.memory";

    private Devices() { }

    /** Sets the properties that TornadoVM reads once, when its first class loads. Most keep a value that the user has set. */
    static void settings() {
        // Otherwise a kernel that does not compile would silently run as plain Java.
        System.setProperty("tornado.recover.bailout", "False");
        // TornadoVM's default lets the compiler reorder and approximate floating-point arithmetic.
        set("tornado.opencl.compiler.flags", "-cl-mad-enable -w");
        // The size of the single array is chosen here, not by TornadoVM.
        set("tornado.device.memory", "1024GB");
    }

    private static void set(String name, String value) {
        if (System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }

    private static List<TornadoDevice> all() {
        List<TornadoDevice> all = new ArrayList<>();
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                all.add(backend.getDevice(d));
            }
        }
        return all;
    }

    static List<DeviceKernels.Device> list() {
        List<DeviceKernels.Device> devices = new ArrayList<>();
        for (TornadoDevice d : all()) {
            String name = d.getPhysicalDevice().getDeviceName() + " (" + d.getTornadoVMBackend() + ", " + (d.getMaxGlobalMemory() >> 20)
                    + " MB)";
            devices.add(new DeviceKernels.Device(devices.size(), name, d.getDeviceType() == TornadoDeviceType.GPU));
        }
        return devices;
    }

    static TornadoDevice at(int index) {
        return all().get(index);
    }

    /** Length of the single array for all data: limited by the int index and by the device's largest allocation. */
    static int arenaFloats(int index) {
        TornadoDevice device = at(index);
        long bytes = device.getMaxGlobalMemory() / 2;
        String wanted = System.getProperty(MEMORY);
        if (wanted != null) {
            try {
                bytes = Long.parseLong(wanted) << 20;
            } catch (NumberFormatException e) {
                throw new AglException("-D" + MEMORY + "=" + wanted + ": a number of megabytes is wanted");
            }
        }
        long most = Math.min(device.getMaxAllocMemory(), 4L * (Integer.MAX_VALUE - 64)) - 64;
        return (int) (Math.min(bytes, most) / 4);
    }
}
