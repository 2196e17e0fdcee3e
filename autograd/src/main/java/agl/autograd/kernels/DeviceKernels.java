package agl.autograd.kernels;

import java.util.List;

/**
 * Kernels that run on a device with its own memory, found by {@link java.util.ServiceLoader}, so that this module does not depend on their
 * libraries.
 */
public interface DeviceKernels {

    /**
     * One device.
     *
     * @param index its place in {@link #devices}
     * @param name  shown to the user
     * @param gpu   false for a CPU driven through the GPU interface
     */
    record Device(int index, String name, boolean gpu) { }

    /** Bytes copied to a device and from it, and kernels run there, since it was opened. */
    record Traffic(long bytesIn, long bytesOut, long launches) {
        /** The traffic since {@code earlier}. */
        public Traffic since(Traffic earlier) {
            return new Traffic(bytesIn - earlier.bytesIn, bytesOut - earlier.bytesOut, launches - earlier.launches);
        }
    }

    /** The available devices. If there are none, {@link #problem} says what is missing. */
    List<Device> devices();

    /** Why there is no device, in a few words; empty when there is one. */
    String problem();

    /** The kernels for this device. */
    Kernels open(Device device);
}
