package agl.app.drift;

/** What {@link RefusalPatterns} can tell about one answer. */
public enum Verdict {
    /** The answer declines the request. */
    REFUSAL,
    /** The answer does not decline; whether it is any good is another question. */
    NOT_REFUSAL,
    /** The answer could be read either way, for example a refusal that goes on with instructions. */
    UNSURE;

    /** In lower case, for people. */
    public String title() {
        return this == NOT_REFUSAL ? "no refusal" : name().toLowerCase(java.util.Locale.ROOT);
    }
}
