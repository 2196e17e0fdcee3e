package agl.app.drift;

/** What a model did with a prompt. */
public enum Outcome {
    REFUSED("refused"),
    /** Neither refused nor off-task: the answer goes on about something, right or wrong. */
    ANSWERED("answered"),
    /** Empty, broken, repeated without end, or a word of the task it was tuned on: neither a refusal nor an answer. */
    OFF_TASK("off-task"),
    /** The patterns cannot tell a refusal from an answer here. */
    UNSURE("unsure");

    private final String title;

    Outcome(String title) {
        this.title = title;
    }

    /** As reports call it. */
    public String title() {
        return title;
    }
}
