package agl.error;

/** Weights, a loss, a term or a gradient are NaN or infinite: nothing that comes of them is worth anything. */
public final class NotFiniteException extends AglException {
    /** @param message what is not finite, where, and what to try */
    public NotFiniteException(String message) {
        super(message);
    }
}
