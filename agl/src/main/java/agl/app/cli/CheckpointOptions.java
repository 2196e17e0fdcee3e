package agl.app.cli;

import agl.app.data.PromptTemplate;
import agl.app.data.Reading;
import agl.app.io.Inputs;
import agl.app.train.Checkpoints;
import agl.error.AglException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of commands whose run can be interrupted and resumed. */
final class CheckpointOptions {
    @Option(names = "--save-every", paramLabel = "N", description =
            "Write a checkpoint after every N steps; default: about every two minutes, more rarely if that takes more than 1%% of the "
            + "time; and when the run is stopped (Ctrl-C).")
    private int every;

    @Option(names = "--resume", description =
            "Go on with the unfinished run in --out: it ends with the same bits as without the interruption.")
    private boolean resume;

    /** Refuses impossible values before anything is read. */
    void require() {
        if (every < 0) {
            throw new AglException("--save-every " + every + ": give a number of steps, 1 or more");
        }
    }

    /**
     * The run's checkpoints. An unfinished run is only gone on with if that was asked for, and never silently replaced.
     *
     * @param identity what determines the run
     */
    Checkpoints open(Path folder, ObjectNode identity) {
        Checkpoints checkpoints = new Checkpoints(folder, identity, every, "the same command with --resume");
        int steps = checkpoints.steps();
        if (steps > 0 && !resume) {
            throw new AglException(folder + ": there is an unfinished run, saved after step " + steps
                    + ": the same command with --resume goes on with it; delete this folder to begin anew");
        }
        if (steps == 0 && resume) {
            // Not a note: what comes out is the same.
            System.err.println("agl: there is no checkpoint in " + folder + ": the run begins with its first step");
        }
        return checkpoints;
    }

    /** Where the checkpoints are of a run that writes files into its output folder. */
    static Path within(Path out) {
        return out.resolve("checkpoints");
    }

    /** Where those are of a run whose output is a model's folder, in which only the model belongs. */
    static Path beside(Path out) {
        return out.resolveSibling(out.getFileName() + ".checkpoints");
    }

    /** A command's name, the settings in force, the template and how the data are read, to which the inputs are added by {@link #with}. */
    static ObjectNode identity(String command, ObjectNode settings, PromptTemplate template, Reading reading) {
        settings.set("template", new ObjectMapper().valueToTree(template.described()));
        reading.described().forEach(settings::put);
        ObjectNode all = JsonNodeFactory.instance.objectNode().put("command", command);
        all.set("settings", settings);
        return all;
    }

    /** Adds the hashes of some inputs. */
    static void with(ObjectNode identity, String role, List<String> hashes) {
        if (!hashes.isEmpty()) {
            identity.put(role, String.join(" ", hashes));
        }
    }

    /** The same of files that are read. */
    static void with(ObjectNode identity, String role, Inputs inputs) {
        with(identity, role, inputs.identity());
    }
}
