package agl.app.train;

/** What a method needs besides the task data, in the order in which tables group methods. */
public enum Needs {
    NOTHING("nothing"),
    /** Fisher information: alignment examples or a file made from them, unless it is that of the task. */
    FISHER("an artefact of alignment data"),
    /** The prompts of alignment examples; their answers are not read. */
    PROMPTS("alignment prompts"),
    /** Alignment examples. */
    ALIGNMENT("alignment prompts and answers"),
    UNALIGNED("the checkpoint before alignment");

    private final String title;

    Needs(String title) {
        this.title = title;
    }

    /** In tables. */
    public String title() {
        return title;
    }
}
