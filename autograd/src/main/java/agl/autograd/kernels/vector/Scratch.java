package agl.autograd.kernels.vector;

/**
 * Buffers of one thread, which grow to the largest size requested and are reused by every call. Their content between calls is undefined.
 */
final class Scratch {
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    /** Buffer indices; two buffers in use at the same time have different indices. */
    static final int PANELS = 0, ROWS = 1, WIDENED = 2, TILE = 3, TILE_ROWS = 4, TRANSPOSED = 5, SHORT_ROWS = 6, SUMS = 7,
            EXPONENTIALS = 8, ANGLES = 9, SCORES = 10, D_SCORES = 11, K_PANELS = 12, V_PANELS = 13, Q_PANELS = 14, D_OUT_PANELS = 15,
            ROW_MAX = 16, ROW_SUM = 17, DK_OF_HEADS = 18, DV_OF_HEADS = 19, WEIGHT = 20, TILE_PRODUCT = 21;
    private static final int BUFFERS = 22;

    private final float[][] floats = new float[BUFFERS][0];
    private short[] halves = new short[0];
    /** This thread's object for large products. */
    final BlockedGemm product = new BlockedGemm();

    private Scratch() { }

    static Scratch get() {
        return OF_THREAD.get();
    }

    /** The buffer with index {@code which}, at least {@code length} long. */
    float[] floats(int which, int length) {
        if (floats[which].length < length) {
            floats[which] = new float[length];
        }
        return floats[which];
    }

    short[] halves(int length) {
        if (halves.length < length) {
            halves = new short[length];
        }
        return halves;
    }
}
