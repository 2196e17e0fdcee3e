package agl.app.cli;

import agl.autograd.kernels.Providers;
import picocli.CommandLine.Option;

/** The compute device; shared by every command that can run a model on a device. */
public final class DeviceOptions {
    @Option(names = "--device", defaultValue = "cpu", paramLabel = "WHERE",
            description = "cpu (default), gpu or gpu:N (device N of agl doctor), or auto: a GPU if there is one.")
    private String device;

    /**
     * Call before allocating: existing tensors are not moved. Reports the chosen device on standard error if one was requested.
     */
    public void use() {
        String said = Providers.use(device);
        if (!said.isEmpty()) {
            System.err.println("agl: " + said);
        }
    }
}
