package agl.app.cli;

import agl.app.data.Reading;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How the data files of a training are read. */
public final class ReadingOptions {
    @Mixin private MapOption map;

    @Option(names = "--train-on", paramLabel = "all|last", defaultValue = "all",
            description = "Of a conversation: train on every answer of the assistant (all; default) or on the last one.")
    private String trainOn;

    Reading reading() {
        return map.reading(trainOn);
    }
}
