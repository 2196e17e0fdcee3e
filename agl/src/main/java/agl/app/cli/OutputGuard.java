package agl.app.cli;

import agl.app.io.MetricsLog;
import agl.app.io.OutputLock;
import agl.app.io.Provenance;
import agl.error.AglException;
import agl.lora.Peft;
import agl.nn.checkpoint.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Runs the chosen command. A command with {@code --out} must not overwrite its own inputs, a model, an adapter or another command's output,
 * and holds the output's lock from start to end, so that no two runs overwrite each other. A dry run writes nothing, so its {@code --out}
 * may be anywhere.
 */
public final class OutputGuard implements CommandLine.IExecutionStrategy {
    /** The user's model folders: we never write into them. */
    private static final List<String> MODELS = List.of("--base", "--unaligned");
    /** Another folder, besides {@code --out}, that a command writes into if given. */
    private static final String CACHE = "--fisher-cache";
    /** Files that identify a folder as a model or an adapter. */
    private static final Pattern WEIGHTS = Pattern
            .compile("config\\.json|" + Pattern.quote(Peft.CONFIG) + "|.*\\.(?:safetensors|index\\.json|bin|gguf|pt|pth)");
    /** Files that a finished command leaves beside its provenance.json: without that file, they are not ours. */
    private static final Set<String> RESULTS = Stream.concat(TrainCommand.BESIDE.stream(),
            Stream.of("settings.json", "report.html", "index.html", "compare.json", "ablate.json", "forgetting.json"))
            .collect(Collectors.toUnmodifiableSet());
    /** Commands that keep their runs in a subfolder. */
    private static final List<String> OF_RUNS = List.of("compare", "ablate", "forgetting");

    @Override public int execute(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult command = parsed;
        while (command.hasSubcommand()) {
            command = command.subcommand();
        }
        OptionSpec option = command.commandSpec().findOption("--out");
        CommandLine.IExecutionStrategy run = new CommandLine.RunLast();
        OptionSpec dryRun = command.commandSpec().findOption("--dry-run");
        boolean writes = dryRun == null || !Boolean.TRUE.equals(dryRun.getValue());
        if (!writes || command.isUsageHelpRequested() || command.isVersionHelpRequested() || option == null
                || !(option.getValue() instanceof Path out)) {
            return run.execute(parsed);
        }
        OutputLock lock;
        try {
            command.commandSpec().options().stream().filter(o -> o != option).forEach(o -> requireApart(out, o));
            requireOwn(out, command.commandSpec().name());
            lock = OutputLock.take(out);
        } catch (AglException e) {
            throw new CommandLine.ExecutionException(command.commandSpec().commandLine(), e.getMessage(), e);
        }
        try (lock) {
            return run.execute(parsed);
        }
    }

    /** provenance.json describes the files beside it, so a folder can hold the output of one command only. */
    private static void requireOwn(Path out, String command) {
        for (String taken : names(out)) {
            if (WEIGHTS.matcher(taken).matches()) {
                throw new AglException(out + ": holds " + taken + " already; name another --out");
            }
        }
        requireMetrics(out.resolve("metrics.jsonl"));
        requireMetrics(besideIt(out));
        if (!OF_RUNS.contains(command) && Files.isDirectory(out.resolve("runs"))
                && names(out.resolve("runs")).stream().anyMatch(n -> n.startsWith("run-"))) {
            throw new AglException(out + ": holds the runs of a comparison; name another --out");
        }
        Optional<String> made = Provenance.read(out).map(p -> p.path("command").asText().split(" ")[0]);
        if (made.isPresent() && (!made.get().equals(command) || command.equals("drift"))) {
            throw new AglException(out + ": holds what agl " + made.get() + " made; name another --out");
        }
        if (made.isEmpty()) {
            names(out).stream().filter(RESULTS::contains).findFirst().ifPresent(name -> {
                throw new AglException(out + ": holds " + name + ", which agl did not make; name another --out");
            });
        }
    }

    /** A log left by a killed run is overwritten; any other file of that name is not. */
    private static void requireMetrics(Path log) {
        if (Files.exists(log) && !MetricsLog.isOne(log)) {
            throw new AglException(log + ": is not a log of training steps and would be overwritten; name another --out");
        }
    }

    /** Where {@code align} logs its steps: its output is a model folder, where a log does not belong. */
    static Path besideIt(Path out) {
        return out.resolveSibling(out.getFileName() + ".metrics.jsonl");
    }

    /** A cache folder is written into as well. */
    private static void requireNoModel(Path cache) {
        names(cache).stream().filter(name -> WEIGHTS.matcher(name).matches() && !name.startsWith("fisher-")).findFirst().ifPresent(name -> {
            throw new AglException(cache + ": holds " + name + ", so it is no place for a Fisher cache; name another " + CACHE);
        });
    }

    /** Whether the path does not exist or is an empty folder. */
    public static boolean isFree(Path out) {
        return !Files.exists(out) || Files.isDirectory(out) && names(out).isEmpty();
    }

    private static List<String> names(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AglException(folder + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private static void requireApart(Path out, OptionSpec input) {
        Object value = input.getValue();
        for (Object one : value instanceof Collection<?> several ? several : value == null ? List.of() : List.of(value)) {
            if (one instanceof Path path && (Files.exists(path) || input.longestName().equals(CACHE))) {
                Path real = real(path);
                Path place = real(out);
                if (input.longestName().equals(CACHE)) {
                    requireNoModel(path);
                }
                if (place.equals(real)) {
                    throw new AglException(out + ": is what " + input.longestName() + " names; name another --out");
                }
                boolean beside = real.equals(real(besideIt(out)));
                if (Files.isRegularFile(real) && (place.equals(real.getParent()) || beside)) {
                    throw new AglException(
                            out + ": " + path + ", which " + input.longestName() + " names, could be written over; name another --out");
                }
                if (MODELS.contains(input.longestName()) && place.startsWith(real)) {
                    throw new AglException(out + ": lies in the folder that " + input.longestName() + " names; name another --out");
                }
            }
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
