package agl.autograd;

/**
 * How long a tensor's storage is needed. A {@link Tape} asks this before it returns the storage to its pool.
 *
 * <p>A leaf belongs to no tape and lives as long as its user keeps it. A view shares another tensor's storage: every use of the view is a
 * use of that tensor.
 */
final class Lifetime {
    /** The tape that returns the storage to its pool; null for a leaf. */
    final Tape tape;
    /** For a view: the lifetime of the tensor that owns the storage. Null if this tensor owns its storage. */
    private final Lifetime base;
    /** Kept through backward: values and gradient are not returned to the pool before the tape closes. */
    private boolean retained;
    private boolean released;
    /** Recorded operations that still have to read these values in backward. */
    private int pendingUses;

    Lifetime(Tape tape, Lifetime base) {
        this.tape = tape;
        this.base = base;
    }

    /** Adds one use ({@code n} = 1) or removes one (−1), here and in every tensor that this is a view of. */
    void addUses(int n) {
        for (Lifetime l = this; l != null; l = l.base) {
            l.pendingUses += n;
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

    /** Whether nothing needs the values any more. */
    boolean isOver() {
        return pendingUses == 0 && !retained;
    }

    boolean isReleased() {
        return released;
    }

    /** Ends the lifetime. True if the caller must return the storage to the pool: this tensor owns it and had not been released before. */
    boolean release() {
        boolean first = !released;
        released = true;
        return first && base == null;
    }
}
