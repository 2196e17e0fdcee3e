package agl.app.cli;

import agl.app.explain.Site;
import agl.app.io.Inputs;
import agl.app.io.OutputFiles;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.error.AglException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code agl explain}: the mathematics line by line, as pages to open in a browser. */
@Command(name = "explain",
        description = "Write pages that lead from each equation to the Java line that computes it, with numbers and the check of its "
                + "derivative.",
        footer = {"",
            "Topics: differentiation, operations, attention, lora, task-loss, fisher, decomposition, L_A, L_T, E_RM, E_geo, careful,",
            "move (sliders), step, methods, driftcheck.", "", "Example:", "  agl explain E_geo"})
public final class ExplainCommand implements Callable<Integer> {
    @Option(names = {"--out", "--output-dir"}, paramLabel = "DIR", defaultValue = "runs/explain",
            description = "Folder for the pages (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Parameters(paramLabel = "TOPIC", arity = "0..1", defaultValue = "index",
            description = "The page whose address to print; all of them are written.")
    private String topic;

    @Spec
    private CommandSpec spec;

    @Override public Integer call() {
        String page = Site.TOPICS.stream().filter(t -> t.equalsIgnoreCase(topic)).findFirst().orElse(topic);
        if (!page.equals("index") && !Site.TOPICS.contains(page)) {
            throw new AglException("there is no topic " + topic + "; there are " + String.join(", ", Site.TOPICS));
        }
        OutputFiles.into(out).write(folder -> {
            Provenance.of("explain", 0, new UsedSettings(), Inputs.read(List.of())).writeInto(folder);
            new Site().write(folder);
        });
        spec.commandLine().getOut().println("Open " + out.resolve(page + ".html").toAbsolutePath().normalize().toUri() + " in a browser.");
        return 0;
    }
}
