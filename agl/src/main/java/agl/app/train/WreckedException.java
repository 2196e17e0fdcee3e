package agl.app.train;

import agl.error.AglException;

/** Training ended with a model that is not worth writing: going on from its checkpoints would end the same way. */
public final class WreckedException extends AglException {
    WreckedException(String message) {
        super(message);
    }
}
