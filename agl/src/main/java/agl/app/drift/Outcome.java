package agl.app.drift;

/** How a model responded to a prompt. */
public enum Outcome {
    REFUSED("refused"),
    /** Neither refused nor off-task: an answer with content, right or wrong. */
    ANSWERED("answered"),
    /** Empty, broken, endless repetition, or an answer of the task it was tuned on: neither a refusal nor an answer. */
    OFF_TASK("off-task"),
    /** The patterns cannot decide between refusal and answer. */
    UNSURE("unsure");

    private final String title;

    Outcome(String title) {
        this.title = title;
    }

    /** Name in reports. */
    public String title() {
        return title;
    }
}
