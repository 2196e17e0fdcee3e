package agl.autograd.kernels;

import agl.error.AglException;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;

/**
 * Finds the kernels to use. The Vector API version is looked up by name, so that nothing links the incubator module by accident: without
 * {@code --add-modules jdk.incubator.vector} the plain loops run, and {@link #message()} says so.
 */
public final class Providers {
    private static final String VECTOR = "agl.autograd.kernels.vector.VectorKernels";
    private static volatile Kernels best;
    private static volatile String message = "";
    private static volatile boolean onDevice;

    private Providers() { }

    /** The provider that the system property {@code agl.kernels} names (plain, vector), else the fastest that works. */
    public static Kernels best() {
        Kernels found = best;
        if (found == null) {
            found = find(System.getProperty("agl.kernels", "auto").toLowerCase(Locale.ROOT));
            best = found;
        }
        return found;
    }

    /**
     * Chooses where everything that asks for {@link #best()} from now on is computed; to be called before anything else is made.
     *
     * @param wanted cpu, auto (the first GPU, else the CPU), or gpu[:N] (device N of {@link DeviceKernels#devices}, else the first GPU,
     *               else the first device of any kind that is listed)
     * @return one line to show, or empty
     * @throws AglException when gpu was asked for and there is none, with what to install
     */
    public static String use(String wanted) {
        String device = wanted.toLowerCase(Locale.ROOT);
        if (device.equals("cpu")) {
            toProcessor();
            return "";
        }
        if (!device.matches("auto|gpu(:\\d{1,3})?")) {
            throw new AglException("there is no device \"" + wanted + "\"; choose auto, cpu, gpu or gpu:N");
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
        String reason = found == null ? "this build has no GPU kernels: it was made without TornadoVM"
                : devices.isEmpty() ? found.problem() : auto ? "TornadoVM lists none" : "TornadoVM lists no such device";
        if (auto) {
            toProcessor();
            return "no GPU, the CPU does the work (" + reason + ")";
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

    /** Whether {@link #best()} runs on a device of its own. */
    public static boolean onDevice() {
        return onDevice;
    }

    private static DeviceKernels.Device at(List<DeviceKernels.Device> devices, int index) {
        return index < devices.size() ? devices.get(index) : null;
    }

    /** One line when the fast kernels are not in use, else empty. */
    public static String message() {
        best();
        return message;
    }

    private static Kernels find(String wanted) {
        if (wanted.equals("plain")) {
            message = "plain loops, as asked for by -Dagl.kernels=plain";
            return Kernels.plain();
        }
        try {
            // The provider itself loads without the module and would fail in the middle of its first kernel.
            Class.forName("jdk.incubator.vector.FloatVector");
            return (Kernels) Class.forName(VECTOR).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
            message = "plain loops: the Vector API is not there (start java with --add-modules jdk.incubator.vector)";
            return Kernels.plain();
        }
    }
}
