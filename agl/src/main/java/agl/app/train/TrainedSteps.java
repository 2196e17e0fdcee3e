package agl.app.train;

/**
 * How far a run came.
 *
 * @param kept    steps after which the written weights were those of the model
 * @param done    steps that were made
 * @param planned steps that the settings ask for
 */
public record TrainedSteps(int kept, int done, int planned) {
    /** Whether all steps were made, and the last weights are written. */
    boolean isWhole() {
        return kept == done && done == planned;
    }

    /** "after 60 steps"; if weights on the way are kept, or the run ended early, that too. */
    public String inWords() {
        if (isWhole()) {
            return "after " + done + (done == 1 ? " step" : " steps");
        }
        return "after " + kept + " of " + planned + " steps"
                + (kept == done ? ", where training ended"
                        : done == planned ? " (keep_best)" : " (keep_best; training ended after " + done + ")");
    }
}
