package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;

/** Splits 0 … n into pieces of fixed length, which threads share. */
final class Ranges {
    /** Elements per task in loops that do little work per element. */
    static final int ELEMENTS = 1 << 14;

    private Ranges() { }

    interface Body {
        void run(int from, int to);
    }

    static void share(int n, int length, Body body) {
        if (n <= length) {
            body.run(0, n);
        } else {
            Workers.parallelFor(Math.ceilDiv(n, length), t -> body.run(t * length, Math.min(n, (t + 1) * length)));
        }
    }

    /** Rows of {@code cols} elements, several to a task. */
    static void shareRows(int rows, int cols, Body body) {
        share(rows, Math.max(1, ELEMENTS / Math.max(1, cols)), body);
    }
}
