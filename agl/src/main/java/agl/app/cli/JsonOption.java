package agl.app.cli;

import picocli.CommandLine.Option;

/** For every command with machine-readable output. */
final class JsonOption {
    @Option(names = "--json", description = "Print JSON.")
    boolean asked;
}
