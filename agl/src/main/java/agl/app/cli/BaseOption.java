package agl.app.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The base model of every command that loads one. */
final class BaseOption {
    @Option(names = {"--base", "--model"}, required = true, paramLabel = "DIR",
            description = "Base model, a Hugging Face folder; the aligned one where alignment is measured or kept.")
    Path path;
}
