package agl.app.cli;

import agl.app.compare.RunStore;
import agl.app.io.AtomicFiles;
import agl.app.io.MetricsLog;
import agl.app.io.OutputFiles;
import agl.app.io.OutputLock;
import agl.app.io.Provenance;
import agl.app.train.Checkpoints;
import agl.app.train.FisherArtefact;
import agl.error.AglException;
import agl.lora.Peft;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Runs the chosen command. A command with {@code --out} writes into a new or empty folder or, except drift, over its own earlier output,
 * never over its inputs, a model, an adapter, another command's output or files of the user's; if {@code --out} is a file, over one of its
 * own. It holds the output's lock from start to end, so that no two runs overwrite each other. A dry run writes nothing, so its
 * {@code --out} may be anywhere.
 */
public final class OutputGuard implements CommandLine.IExecutionStrategy {
    /** The user's model folders: we never write into them. */
    private static final List<String> MODELS = List.of("--base", "--unaligned");
    /** Another folder, besides {@code --out}, that a command writes into if given. */
    private static final String CACHE = "--fisher-cache";
    /** Files that identify a folder as a model or an adapter. */
    private static final Pattern WEIGHTS = Pattern
            .compile("config\\.json|" + Pattern.quote(Peft.CONFIG) + "|.*\\.(?:safetensors|index\\.json|bin|gguf|pt|pth)");
    /** What commands write besides: without a provenance.json, such files are not ours. A log of the user's own may lie there. */
    private static final Pattern RESULTS = Pattern.compile(".*\\.(?:json|csv|html|css|js)");
    private static final String METRICS = "metrics.jsonl";
    /** Commands that keep their runs in a subfolder. */
    private static final List<String> OF_RUNS = List.of("compare", "ablate", "forgetting");

    /** A path among the command's options that is only read. */
    private record Input(String option, Path path) {
        boolean isModel() {
            return MODELS.contains(option);
        }
    }

    private static CommandLine.ParseResult last(CommandLine.ParseResult parsed) {
        return parsed.hasSubcommand() ? last(parsed.subcommand()) : parsed;
    }

    /** Whether a command line asks for results in {@code --out}. */
    public static boolean writes(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult command = last(parsed);
        return !Boolean.TRUE.equals(value(command.commandSpec(), "--dry-run")) && !command.isUsageHelpRequested()
                && !command.isVersionHelpRequested() && value(command.commandSpec(), "--out") instanceof Path;
    }

    @Override public int execute(CommandLine.ParseResult parsed) {
        CommandSpec spec = last(parsed).commandSpec();
        CommandLine.IExecutionStrategy run = new CommandLine.RunLast();
        if (!writes(parsed)) {
            return run.execute(parsed);
        }
        Path folder = (Path) value(spec, "--out");
        OutputLock lock;
        try {
            List<Input> inputs = inputs(spec);
            inputs.forEach(input -> requireApart(folder, "--out", input));
            lock = OutputLock.take(folder);
            try {
                require(spec, folder, inputs);
            } catch (AglException e) {
                lock.close();
                throw e;
            }
        } catch (AglException e) {
            throw new CommandLine.ExecutionException(spec.commandLine(), e.getMessage(), e);
        }
        try (lock) {
            return run.execute(parsed);
        }
    }

    private static void require(CommandSpec spec, Path folder, List<Input> inputs) {
        if (spec.findOption("--out").paramLabel().equals("FILE")) {
            requireOwnFile(folder);
        } else {
            OutputFiles.clear(folder);
            requireOwn(folder, spec.name(), Boolean.TRUE.equals(value(spec, "--resume")));
        }
        if (value(spec, CACHE) instanceof Path cache) {
            requireCache(cache, folder, inputs);
        }
    }

    private static Object value(CommandSpec spec, String option) {
        OptionSpec found = spec.findOption(option);
        return found == null ? null : found.getValue();
    }

    private static List<Input> inputs(CommandSpec spec) {
        List<Input> inputs = new ArrayList<>();
        for (OptionSpec option : spec.options()) {
            String name = option.names()[0];
            Object value = option.getValue();
            if (!name.equals("--out") && !name.equals(CACHE)) {
                Collection<?> values = value instanceof Collection<?> several ? several : Arrays.asList(value);
                values.stream().filter(one -> one instanceof Path path && Files.exists(path))
                        .forEach(one -> inputs.add(new Input(name, (Path) one)));
            }
        }
        return inputs;
    }

    /** provenance.json describes the files beside it, so a folder can hold the output of one command only. */
    private static void requireOwn(Path out, String command, boolean resumes) {
        List<String> names = AtomicFiles.names(out);
        Optional<String> made = Provenance.command(out);
        names.stream().filter(name -> WEIGHTS.matcher(name).matches()).findFirst().ifPresent(name -> {
            if (resumes && made.filter(command::equals).isPresent()) {
                // Killed after its end: before its checkpoints were deleted, or before anybody heard that it came to its end.
                Checkpoints.delete(CheckpointOptions.within(out));
                Checkpoints.delete(CheckpointOptions.beside(out));
                throw new AglException(
                        out + ": this run has come to its end: there is nothing to resume; for another one name another --out");
            }
            throw new AglException(out + ": holds " + name + " already; name another --out");
        });
        MetricsLog.requireOne(out.resolve(METRICS));
        MetricsLog.requireOne(besideIt(out));
        if (!OF_RUNS.contains(command) && RunStore.isOne(out)) {
            throw new AglException(out + ": holds the runs of a comparison; name another --out");
        }
        if (made.isPresent() && (!made.get().equals(command) || command.equals("drift"))) {
            throw new AglException(out + ": holds what agl " + made.get() + " made; name another --out");
        }
        if (made.isEmpty()) { // a comparison that was killed has runs, but none of these yet: provenance.json is written first
            names.stream().filter(name -> RESULTS.matcher(name).matches()).findFirst().ifPresent(name -> {
                throw new AglException(out + ": holds " + name + ", which agl did not make; name another --out");
            });
        }
    }

    /** Of the commands, {@code fisher} alone writes a file. */
    private static void requireOwnFile(Path out) {
        if (Files.isSymbolicLink(out)) {
            throw new AglException(out + ": is a link; name another --out");
        }
        if (Files.isDirectory(out)) {
            throw new AglException(out + ": is a folder; --out names the file to be written");
        }
        if (Files.exists(out) && !FisherArtefact.isOne(out)) {
            throw new AglException(out + ": is not a Fisher artefact and would be overwritten; name another --out");
        }
    }

    /** Where {@code align} logs its steps: its output is a model folder, where a log does not belong. */
    static Path besideIt(Path out) {
        return out.resolveSibling(out.getFileName() + "." + METRICS);
    }

    /** A cache folder is written into as well. */
    private static void requireCache(Path cache, Path out, List<Input> inputs) {
        for (String name : AtomicFiles.names(cache)) {
            if (WEIGHTS.matcher(name).matches() && !name.startsWith("fisher-")) {
                throw new AglException(cache + ": holds " + name + ", so it is no place for a Fisher cache; name another " + CACHE);
            }
        }
        if (real(cache).equals(real(out))) {
            throw new AglException(out + ": is what " + CACHE + " names; name another --out");
        }
        inputs.stream().filter(Input::isModel).forEach(model -> requireApart(cache, CACHE, model));
    }

    /** @param option the option that names {@code folder}, into which the command writes */
    private static void requireApart(Path folder, String option, Input input) {
        Path real = real(input.path);
        Path place = real(folder);
        if (place.equals(real)) {
            throw new AglException(folder + ": is what " + input.option + " names; name another " + option);
        }
        boolean beside = real.equals(real(besideIt(folder)));
        if (Files.isRegularFile(real) && (place.equals(real.getParent()) || beside)) {
            throw new AglException(
                    folder + ": " + input.path + ", which " + input.option + " names, could be written over; name another " + option);
        }
        if (input.isModel() && place.startsWith(real)) {
            throw new AglException(folder + ": lies in the folder that " + input.option + " names; name another " + option);
        }
    }

    /** The path with links resolved as far as it exists. */
    static Path real(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path there = absolute;
        while (there.getParent() != null && !Files.exists(there)) {
            there = there.getParent();
        }
        try {
            return there.toRealPath().resolve(there.relativize(absolute));
        } catch (IOException e) {
            return absolute;
        }
    }
}
