package agl.app.compare;

import agl.app.drift.Outcome;
import agl.app.train.TrainTrace;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The record of one small run in its store. */
public final class StoredRun {
    private static final String HASH = RunStore.hash("a small run");

    private final RunStore store;

    /** @param out the comparison's folder */
    public StoredRun(Path out) {
        store = new RunStore(out);
        Measured measured = new Measured(new double[] {1.5, 2.5}, new int[] {3, 4}, new boolean[0],
                List.of(Outcome.REFUSED, Outcome.ANSWERED), new double[] {3, -1}, new double[] {0.5, 0.25}, Double.NaN,
                List.of("No.", "Yes."), new int[] {0, 4});
        TrainTrace trace = new TrainTrace(Map.of("step", new double[] {1, 2}), Map.of("q", new TrainTrace.Layer(new double[] {0.7}, 0.5,
                new double[] {0.1}, 1)));
        store.save(new RunRecord(HASH, new RunRecord.Name("lora", "lora", Double.NaN, List.of("r=2")), 1, "base", 10, 100, 1000, 1.5,
                List.of(new RunRecord.Point(5, measured)), trace, null));
    }

    /** Whether the store takes its record for a finished run. */
    public boolean found() {
        return store.find(HASH).isPresent();
    }
}
