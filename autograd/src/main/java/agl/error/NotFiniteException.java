package agl.error;

/** A loss, a term or a gradient became NaN or infinite: training cannot go on from there. */
public final class NotFiniteException extends AglException {
    /** @param message what is not finite, at which step, and what to try */
    public NotFiniteException(String message) {
        super(message);
    }
}
