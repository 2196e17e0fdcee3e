package agl.app;

import agl.app.drift.DriftGate;
import picocli.CommandLine.Option;

/** From which base on drift is stated. */
public final class DriftOptions {
    @Option(names = "--min-refused", defaultValue = "0.2", paramLabel = "X",
            description = "State drift only where the base refuses at least this share of the unsafe prompts, and does not go off-task on most; 0: in any case (default ${DEFAULT-VALUE}).")
    private double minRefused = DriftGate.DEFAULT.minRefused();

    /** Checks the option. */
    public DriftGate gate() {
        return new DriftGate(minRefused);
    }
}
