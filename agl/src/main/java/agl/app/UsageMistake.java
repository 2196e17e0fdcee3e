package agl.app;

import agl.app.io.Spelling;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What is said about a command line that cannot be understood. A word that the command does not know comes first: what seems to be missing
 * is often only misspelt.
 */
final class UsageMistake {
    private UsageMistake() {
    }

    /** One line: what is wrong, what may have been meant, and where to look. */
    static String line(CommandLine.ParameterException e) {
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        return text(e, spec) + " (see: " + spec.qualifiedName() + " --help)";
    }

    private static String text(CommandLine.ParameterException e, CommandSpec spec) {
        List<String> unknown = new ArrayList<>(e.getCommandLine().getUnmatchedArguments());
        if (e.getValue() != null && e.getValue().startsWith("--")) {
            unknown.addFirst(e.getValue()); // taken for a file by the list of files before it
        }
        if (!unknown.isEmpty() && !unknown.getFirst().startsWith("-") && !spec.subcommands().isEmpty()) {
            return "Unknown command: " + quoted(unknown.getFirst())
                    + Spelling.hint(unknown.getFirst(), spec.subcommands().keySet());
        }
        List<String> options = unknown.stream().filter(word -> word.startsWith("-")).distinct().toList();
        if (!options.isEmpty()) {
            return (options.size() == 1 ? "Unknown option: " : "Unknown options: ")
                    + options.stream().map(word -> meant(word, spec)).collect(Collectors.joining(", "));
        }
        if (e instanceof CommandLine.MissingParameterException missing && unknown.isEmpty()
                && e.getMessage().startsWith("Missing required option")
                && missing.getMissing().stream().allMatch(arg -> arg instanceof OptionSpec option && option.required())
                && !missing.getMissing().isEmpty()) {
            // By the name that the pages use; picocli takes the longest.
            return (missing.getMissing().size() == 1 ? "Missing required option: " : "Missing required options: ")
                    + missing.getMissing().stream().map(arg -> quoted(((OptionSpec) arg).names()[0] + "=" + arg.paramLabel()))
                    .collect(Collectors.joining(", "));
        }
        return unknown.isEmpty() ? e.getMessage() : (unknown.size() == 1 ? "Unmatched argument: " : "Unmatched arguments: ")
                + unknown.stream().map(UsageMistake::quoted).collect(Collectors.joining(", "));
    }

    private static String meant(String word, CommandSpec spec) {
        int value = word.indexOf('=');
        String name = value < 0 ? word : word.substring(0, value);
        return quoted(name) + Spelling.hint(name, spec.optionsMap().keySet());
    }

    private static String quoted(String word) {
        return "'" + word + "'";
    }
}
