package agl.autograd.kernels;

import java.util.List;

/**
 * Kernels that run on a device with memory of its own, found by {@link java.util.ServiceLoader}: nothing here links what they are made
 * with.
 */
public interface DeviceKernels {

    /**
     * One device.
     *
     * @param index its place in {@link #devices}
     * @param name  for the user
     * @param gpu   false for a processor that is only driven like a GPU
     */
    record Device(int index, String name, boolean gpu) { }

    /** Bytes copied to a device and from it, and kernels run there, since it was opened. */
    record Traffic(long bytesIn, long bytesOut, long launches) {
        /** What came since {@code earlier}. */
        public Traffic since(Traffic earlier) {
            return new Traffic(bytesIn - earlier.bytesIn, bytesOut - earlier.bytesOut, launches - earlier.launches);
        }
    }

    /** What there is to run on; empty when something is missing, which {@link #problem} then names. */
    List<Device> devices();

    /** Why there is no device, in a few words; empty when there is one. */
    String problem();

    /** The kernels on that device. */
    Kernels open(Device device);
}
