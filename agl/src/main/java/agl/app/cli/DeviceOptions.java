package agl.app.cli;

import agl.autograd.kernels.Providers;
import picocli.CommandLine.Option;

/** Where to compute; shared by every command that runs a model on a device. */
public final class DeviceOptions {
    @Option(names = "--device", defaultValue = "cpu", paramLabel = "WHERE",
            description = "cpu (default), gpu or gpu:N (device N of agl doctor), or auto: a GPU if there is one.")
    private String device;

    /**
     * To be called before anything is loaded or made: what was made before stays where it is. Says on standard error what is used, unless
     * nothing was asked for.
     */
    public void use() {
        String said = Providers.use(device);
        if (!said.isEmpty()) {
            System.err.println("agl: " + said);
        }
    }
}
