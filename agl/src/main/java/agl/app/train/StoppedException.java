package agl.app.train;

import agl.error.AglException;

/** A run was asked to stop, and has written a checkpoint. */
public final class StoppedException extends AglException {
    private static final long serialVersionUID = 1;
    private final int exitCode;

    /** @param exitCode 128 plus the signal's number, as shells have it */
    StoppedException(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
