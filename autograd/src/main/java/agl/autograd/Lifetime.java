package agl.autograd;

/**
 * How long a tensor's numbers are needed: what a {@link Tape} has to know before it gives them back to its pool.
 *
 * <p>A leaf belongs to no tape and lives as long as its user holds it. A view has another tensor's numbers, and whatever needs the view
 * needs those.
 */
final class Lifetime {
    /** The tape that gives the numbers back; null for a leaf. */
    final Tape tape;
    /** Of the tensor whose numbers these are, and which gives them back; null for numbers of its own. */
    private final Lifetime base;
    /** Kept through backward: data and gradient are not given back before the tape closes. */
    private boolean retained;
    private boolean released;
    /** Recorded operations that read these numbers in backward. */
    private int readers;

    Lifetime(Tape tape, Lifetime base) {
        this.tape = tape;
        this.base = base;
    }

    /** One reader more ({@code n} = 1) or less (−1), of these numbers and so of everything that this is a view of. */
    void addReaders(int n) {
        for (Lifetime l = this; l != null; l = l.base) {
            l.readers += n;
        }
    }

    void retain() {
        for (Lifetime l = this; l != null; l = l.base) {
            l.retained = true;
        }
    }

    boolean isRetained() {
        return retained;
    }

    /** Whether nobody reads the numbers any more. */
    boolean isOver() {
        return readers == 0 && !retained;
    }

    boolean isReleased() {
        return released;
    }

    /** Ends it; true if the numbers are to be given back by this: they are its own, and it had not ended before. */
    boolean release() {
        boolean first = !released;
        released = true;
        return first && base == null;
    }
}
