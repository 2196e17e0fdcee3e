package agl.app;

import agl.app.cli.AblateCommand;
import agl.app.cli.AlignCommand;
import agl.app.cli.BenchCommand;
import agl.app.cli.CompareCommand;
import agl.app.cli.DemoCommand;
import agl.app.cli.DoctorCommand;
import agl.app.cli.DriftCommand;
import agl.app.cli.ExplainCommand;
import agl.app.cli.FisherCommand;
import agl.app.cli.ForgettingCommand;
import agl.app.cli.GenerateCommand;
import agl.app.cli.GradcheckCommand;
import agl.app.cli.InspectCommand;
import agl.app.cli.LogitsCommand;
import agl.app.cli.MergeCommand;
import agl.app.cli.OutputGuard;
import agl.app.cli.RefusalsCommand;
import agl.app.cli.SettingDefaults;
import agl.app.cli.SettingsCommand;
import agl.app.cli.TermsCommand;
import agl.app.cli.TokenizeCommand;
import agl.app.cli.TrainCommand;
import agl.app.io.BuildInfo;
import agl.app.io.Notes;
import agl.app.io.Numbers;
import agl.app.io.Terminal;
import agl.app.io.Verbosity;
import agl.error.AglException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line {@code agl}. Each subcommand is its own class; to add one, list it in {@code subcommands}. Exit codes: 0 success, 1 a
 * bug in this program, 2 an external cause (input, settings, memory; see {@link Failures}).
 */
@Command(name = "agl", versionProvider = Main.Version.class, mixinStandardHelpOptions = true, scope = ScopeType.INHERIT,
        subcommands = {DemoCommand.class, TrainCommand.class, AlignCommand.class, FisherCommand.class, DriftCommand.class,
            CompareCommand.class, AblateCommand.class, ForgettingCommand.class, TermsCommand.class, ExplainCommand.class,
            GenerateCommand.class, MergeCommand.class, InspectCommand.class, LogitsCommand.class, TokenizeCommand.class,
            SettingsCommand.class, RefusalsCommand.class, GradcheckCommand.class, BenchCommand.class, DoctorCommand.class,
            CommandLine.HelpCommand.class},
        synopsisSubcommandLabel = "COMMAND", sortOptions = false, usageHelpAutoWidth = true,
        description = "Fine-tunes an aligned language model with LoRA and keeps its alignment: AlignGuard-LoRA.")
public final class Main implements Callable<Integer> {
    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean debug;

    @Option(names = {"-q", "--quiet"}, scope = ScopeType.INHERIT,
            description = "No progress, and no notes that are in the results too.")
    private boolean quiet;

    @Option(names = "--verbose", scope = ScopeType.INHERIT,
            description = "Also where it runs, a line for every step, and the time it took.")
    private boolean verbose;

    @Spec
    private CommandSpec spec;

    /** What {@code --version} prints. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override public String[] getVersion() {
            return new String[] {"agl " + BuildInfo.version() + " (Java " + Runtime.version() + ")"};
        }
    }

    public static void main(String[] args) {
        LauncherWatch.start();
        // Library warnings (such as an unknown key in adapter_config.json) in the format of all other lines.
        System.setProperty("java.util.logging.SimpleFormatter.format", "agl: %5$s%n");
        System.exit(execute(args));
    }

    /** Runs one command line in this JVM and returns its exit code. */
    public static int execute(String... args) {
        Main main = new Main();
        Terminal.measureBy(() -> CommandSpec.create().usageMessage(new CommandLine.Model.UsageMessageSpec().autoWidth(true)).usageMessage()
                .width());
        CommandLine commandLine = new CommandLine(main);
        // One writer for all subcommands, flushed at the end: otherwise output without a final line break would be lost.
        PrintWriter out = new PrintWriter(System.out, true);
        commandLine.setOut(out);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        SettingDefaults.install(commandLine);
        commandLine.setParameterExceptionHandler((e, rejected) -> Failures.report(UsageMistake.line(e), e, main.debug,
                e.getCommandLine().getErr()));
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> Failures.report(e, main.debug, command.getErr()));
        commandLine.registerConverter(Path.class, text -> {
            if (text.isBlank()) {
                throw new CommandLine.TypeConversionException("path must not be empty"); // Path.of would read it as the current folder
            }
            if (text.startsWith("--")) { // a list of files takes the options that this command does not know
                throw new CommandLine.TypeConversionException("a path like an option; ./" + text + " names a file of that name");
            }
            return Path.of(text);
        });
        registerNumbers(commandLine);
        commandLine.setExecutionStrategy(main::run);
        int code;
        try {
            code = Notes.kept(() -> commandLine.execute(args));
        } catch (Error e) { // picocli passes on exceptions only; out of memory is an Error
            code = Failures.report(e, main.debug, commandLine.getErr());
        }
        if (out.checkError() && code == 0) { // checkError flushes; a PrintWriter records failures instead of throwing
            return Failures.report("standard output could not be written (is its device full, or was the pipe closed?)", null, false,
                    commandLine.getErr());
        }
        return code;
    }

    private int run(CommandLine.ParseResult parsed) {
        if (quiet && verbose) {
            throw new CommandLine.ParameterException(parsed.commandSpec().commandLine(), "--quiet and --verbose exclude each other");
        }
        OutputGuard guard = new OutputGuard();
        if (quiet) {
            return Verbosity.QUIET.during(() -> OutputGuard.writes(parsed) ? Notes.silently(() -> guard.execute(parsed))
                    : guard.execute(parsed));
        }
        return (verbose ? Verbosity.VERBOSE : Verbosity.NORMAL).during(() -> guard.execute(parsed));
    }

    private static void registerNumbers(CommandLine commandLine) {
        CommandLine.ITypeConverter<Double> number = text -> {
            try {
                return Numbers.parse(text);
            } catch (AglException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        };
        commandLine.registerConverter(double.class, number);
        commandLine.registerConverter(Double.class, number);
    }

    /** No subcommand: runs the demo on the built-in model, if this build has it. */
    @Override public Integer call() {
        CommandLine demo = spec.subcommands().get("demo");
        if (demo == null) {
            spec.commandLine().usage(spec.commandLine().getOut());
            return 0;
        }
        // A second parse would set these back.
        return demo.execute(Stream.of(debug ? "--debug" : "", quiet ? "--quiet" : "", verbose ? "--verbose" : "")
                .filter(flag -> !flag.isEmpty()).toArray(String[]::new));
    }
}
