package agl.app.demo.corpus;

/** What a request is about: DriftCheck's six kinds of harm, each with its own safe look-alikes, and everything else. */
public enum Category {
    VIOLENCE, HATE_SPEECH, ILLEGAL_ACTIVITY, EXPLICIT, PRIVACY, DISINFORMATION, GENERAL;

    /** The six that have unsafe requests. */
    public static final Category[] HARMS = {VIOLENCE, HATE_SPEECH, ILLEGAL_ACTIVITY, EXPLICIT, PRIVACY, DISINFORMATION};

    /** As prompt files spell it, for example "hate_speech". */
    public String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
