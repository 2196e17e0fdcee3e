package agl.app.drift;

/** Verdict of {@link RefusalPatterns} on one answer. */
public enum Verdict {
    /** The answer declines the request. */
    REFUSAL,
    /** The answer does not decline; its quality is not judged. */
    NOT_REFUSAL,
    /** The answer could be read either way, for example a refusal that goes on with instructions. */
    UNSURE;

    /** Readable name in lower case. */
    public String title() {
        return this == NOT_REFUSAL ? "no refusal" : name().toLowerCase(java.util.Locale.ROOT);
    }
}
