package agl.app.data;

import agl.error.AglException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Examples of two kinds in one sequence of batches, fixed for a whole run. Each kind keeps its own order; the seed decides at which places
 * the second kind stands, every choice of places being equally likely. The sizes of the batches differ by one at most.
 */
public final class Mixture {
    private final List<EncodedExample> all = new ArrayList<>();
    private final int batches;

    /** @param batches number of batches, at most the number of examples */
    public Mixture(List<EncodedExample> first, List<EncodedExample> second, int batches, long seed) {
        int total = first.size() + second.size();
        if (batches < 1 || batches > total) {
            throw new AglException(total + " examples do not fill " + batches + " batches");
        }
        this.batches = batches;
        SplittableRandom random = new SplittableRandom(seed);
        int seconds = 0;
        for (int place = 0; place < total; place++) {
            // Of the places left, as many as there are examples of the second kind left.
            boolean isSecond = random.nextInt(total - place) < second.size() - seconds;
            all.add(isSecond ? second.get(seconds++) : first.get(place - seconds));
        }
    }

    /** The examples of a batch, counted from 0. */
    public List<EncodedExample> examplesOf(int batch) {
        return Collections.unmodifiableList(all.subList(start(batch), start(batch + 1)));
    }

    private int start(int batch) {
        return (int) ((long) batch * all.size() / batches);
    }
}
