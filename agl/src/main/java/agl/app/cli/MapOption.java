package agl.app.cli;

import agl.app.data.Reading;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which columns of the data files hold what; shared by every command that reads them. */
public final class MapOption {
    @Option(names = "--map", split = ",", paramLabel = "NAME=COLUMN",
            description = "Columns under other names, e.g. --map prompt=question,response=answer; in every data file that has the column. "
                    + "Names: prompt, input, system, response, messages, label, category, cluster.")
    private List<String> map = new ArrayList<>();

    private Reading reading;

    /** The same object at every call: it also keeps what was found in the files. */
    Reading reading(String trainOn) {
        if (reading == null) {
            reading = new Reading(map, trainOn);
        }
        return reading;
    }
}
