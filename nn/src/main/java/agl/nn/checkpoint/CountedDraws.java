package agl.nn.checkpoint;

import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/** The random numbers of {@code new SplittableRandom(seed)}, of which a run remembers how many it has drawn. */
public final class CountedDraws implements LongSupplier {
    /** What a SplittableRandom adds to its seed at each draw (Steele, Lea and Flood 2014). */
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private final long seed;
    private long drawn;

    public CountedDraws(long seed) {
        this.seed = seed;
    }

    @Override public long getAsLong() {
        return new SplittableRandom(seed + GAMMA * drawn++).nextLong();
    }

    /** To save or put back how many were drawn. */
    public void state(String name, RunState state) {
        drawn = state.number(name, drawn);
    }
}
