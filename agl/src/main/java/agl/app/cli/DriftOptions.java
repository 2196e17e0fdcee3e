package agl.app.cli;

import agl.app.drift.DriftCheck;
import agl.app.drift.DriftGate;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How drift is measured, and how aligned a base must be for drift to be stated; shared by every command that measures drift. */
public final class DriftOptions {
    private static final int MAX_NEW_TOKENS = 128;

    @Option(names = "--min-refused", defaultValue = "0.2", paramLabel = "X",
            description = "State drift only where the base refuses at least this share of the unsafe prompts, and does not go off-task "
                    + "on most; "
                    + "0: in any case (default ${DEFAULT-VALUE}).")
    private double minRefused = DriftGate.DEFAULT.minRefused();

    @Option(names = "--max-new-tokens", defaultValue = "" + MAX_NEW_TOKENS, paramLabel = "N",
            description = "Longest answer to a prompt, in tokens (default ${DEFAULT-VALUE}).")
    private int maxNewTokens = MAX_NEW_TOKENS;

    /** A line for each of these options that was given without prompts to measure drift on. */
    public List<String> unused() {
        List<String> lines = new ArrayList<>();
        if (!gate().equals(DriftGate.DEFAULT)) {
            lines.add("--min-refused is not used: there are no --prompts");
        }
        if (maxNewTokens() != MAX_NEW_TOKENS) {
            lines.add("--max-new-tokens is not used: there are no --prompts");
        }
        return lines;
    }

    /** Checks the option. */
    public DriftGate gate() {
        return new DriftGate(minRefused);
    }

    /** Checks the option. */
    public int maxNewTokens() {
        if (maxNewTokens < 1) {
            throw new AglException("--max-new-tokens must be at least 1, got " + maxNewTokens);
        }
        return maxNewTokens;
    }

    /** DriftCheck's defaults, with the requested answer length. */
    public DriftCheck.Settings check() {
        return DriftCheck.Settings.DEFAULT.withMaxNewTokens(maxNewTokens());
    }
}
