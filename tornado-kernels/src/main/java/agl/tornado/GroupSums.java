package agl.tornado;

/** The partial sums that the work-groups of a reduction leave in the arena for the host to add. Callers hold the engine's lock. */
final class GroupSums {
    /** Maximum number of work-groups of a reduction, and of sums that each leaves. */
    private static final int GROUPS = 128;
    private static final int COLUMNS = 3;

    private final Engine engine;
    private final int offset;

    GroupSums(Engine engine) {
        this.engine = engine;
        this.offset = engine.space().take(GROUPS * COLUMNS);
    }

    /** Number of work-groups for a reduction over n elements. */
    static int groups(int n) {
        return Math.clamp(TornadoKernels.groups(n), 1, GROUPS);
    }

    /** Arena offset of the partial sums, (groups, columns). */
    int offset() {
        return offset;
    }

    /** Adds up the groups' partial sums in order, per column. */
    double[] total(int groups, int columns) {
        float[] parts = new float[groups * columns];
        engine.download(offset, parts.length, parts, 0);
        double[] total = new double[columns];
        for (int i = 0; i < parts.length; i++) {
            total[i % columns] += parts[i];
        }
        return total;
    }
}
