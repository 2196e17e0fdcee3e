package agl.app.cli;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import picocli.CommandLine.Option;

/** In which formats the steps are written besides metrics.jsonl. */
final class LogOption {
    @Option(names = "--log", paramLabel = "FORMAT", description =
            "csv: also write metrics.csv, one row per step, when the run has ended; metrics.jsonl can be watched meanwhile.")
    private String format;

    /** Call before the work. */
    void require() {
        if (format != null && !format.equals("csv")) {
            throw new AglException("--log does not take " + Json.quote(format) + "; expected csv");
        }
    }

    boolean csv() {
        return format != null;
    }
}
