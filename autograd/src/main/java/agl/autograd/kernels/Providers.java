package agl.autograd.kernels;

import agl.error.AglException;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;

/**
 * Finds the kernels to use. The Vector API version is looked up by name, so that nothing links to the incubator module by accident: without
 * {@code --add-modules jdk.incubator.vector} the plain loops run, and {@link #message()} says so.
 */
public final class Providers {
    private static final String VECTOR = "agl.autograd.kernels.vector.VectorKernels";
    private static volatile Kernels best;
    private static volatile String message = "";
    private static volatile boolean onDevice;

    private Providers() { }

    /** The provider named by the system property {@code agl.kernels} (plain, vector), else the fastest available. */
    public static Kernels best() {
        Kernels found = best;
        if (found == null) {
            found = find(System.getProperty("agl.kernels", "auto").toLowerCase(Locale.ROOT));
            best = found;
        }
        return found;
    }

    /**
     * Chooses the device that {@link #best()} computes on from now on. Call it before allocating anything.
     *
     * @param wanted cpu, auto (the first GPU, else the CPU), gpu:N (device N of {@link DeviceKernels#devices}), or gpu (the first GPU, else
     *               the first device of any kind)
     * @return one line to show, or empty
     * @throws AglException if gpu was requested and there is none; the message says what to install
     */
    public static String use(String wanted) {
        String device = wanted.toLowerCase(Locale.ROOT);
        if (device.equals("cpu")) {
            toProcessor();
            return "";
        }
        if (!device.matches("auto|gpu(:\\d{1,3})?")) {
            throw new AglException("unknown device \"" + wanted + "\"; choose auto, cpu, gpu or gpu:N");
        }
        boolean auto = device.equals("auto");
        DeviceKernels found = ServiceLoader.load(DeviceKernels.class).findFirst().orElse(null);
        List<DeviceKernels.Device> devices = found == null ? List.of() : found.devices();
        DeviceKernels.Device chosen = device.startsWith("gpu:") ? at(devices, Integer.parseInt(device.substring(4))) : devices.stream()
                .filter(DeviceKernels.Device::gpu).findFirst().orElse(auto || devices.isEmpty() ? null : devices.getFirst());
        if (chosen != null) {
            best = found.open(chosen);
            onDevice = true;
            message = "";
            return "device " + chosen.index() + ": " + chosen.name();
        }
        String reason = found == null ? "this build has no GPU kernels: it was built without TornadoVM"
                : devices.isEmpty() ? found.problem() : auto ? "TornadoVM lists none" : "TornadoVM lists no such device";
        if (auto) {
            toProcessor();
            return "no GPU, using the CPU (" + reason + ")";
        }
        throw new AglException("--device " + wanted + ": " + reason
                + "; install TornadoVM (sdk install tornadovm) and a driver for the device, "
                + "set TORNADOVM_HOME, build again, and see agl doctor");
    }

    private static void toProcessor() {
        if (onDevice) {
            best = null;
            onDevice = false;
        }
    }

    /** Whether {@link #best()} runs on a device with its own memory. */
    public static boolean onDevice() {
        return onDevice;
    }

    private static DeviceKernels.Device at(List<DeviceKernels.Device> devices, int index) {
        return index < devices.size() ? devices.get(index) : null;
    }

    /** One line that says why the fast kernels are not in use, or empty. */
    public static String message() {
        best();
        return message;
    }

    private static Kernels find(String wanted) {
        if (wanted.equals("plain")) {
            message = "plain loops, as requested by -Dagl.kernels=plain";
            return Kernels.plain();
        }
        try {
            // The provider class loads even without the module, and would then fail inside its first kernel.
            Class.forName("jdk.incubator.vector.FloatVector");
            return (Kernels) Class.forName(VECTOR).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
            message = "plain loops: the Vector API is not available (start java with --add-modules jdk.incubator.vector)";
            return Kernels.plain();
        }
    }
}
