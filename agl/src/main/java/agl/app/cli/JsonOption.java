package agl.app.cli;

import picocli.CommandLine.Option;

/** For every command whose answer a program may read. */
final class JsonOption {
    @Option(names = "--json", description = "Print JSON.")
    boolean asked;
}
