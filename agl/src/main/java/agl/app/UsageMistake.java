package agl.app;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
                    + nearest(unknown.getFirst(), spec.subcommands().keySet()).map(name -> "; did you mean " + name + "?").orElse("");
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
        return quoted(name) + nearest(name, spec.optionsMap().keySet()).map(other -> "; did you mean " + other + "?").orElse("");
    }

    private static String quoted(String word) {
        return "'" + word + "'";
    }

    /** The name that differs least, if it is near enough to be a slip. */
    static Optional<String> nearest(String word, Collection<String> names) {
        int most = Math.max(2, word.length() / 4);
        return names.stream().filter(name -> distance(word, name) <= most && distance(word, name) < name.length() / 2)
                .min(Comparator.<String>comparingInt(name -> distance(word, name)).thenComparing(name -> name));
    }

    /** Letters to insert, delete, replace or exchange with their neighbour, until {@code a} is {@code b}. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                d[i][j] = Math.min(d[i - 1][j - 1] + (same ? 0 : 1), 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
