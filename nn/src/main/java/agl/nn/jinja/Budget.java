package agl.nn.jinja;

import agl.error.AglException;

/** What one rendering may take: a template that would run or grow without end stops with one line. */
final class Budget {
    /** Characters or items of one value, and of the output: far more than any conversation has. */
    private static final long MAX_SIZE = 4L << 20;
    /** Evaluations, characters written and items looked at, together: well below a second on an idle machine. */
    private static final long MAX_STEPS = 2_000_000;

    private long steps;

    /** Counts {@code n} more steps. */
    void spend(long n) {
        steps += Math.max(1, n);
        if (steps > MAX_STEPS || steps < 0) {
            throw wrong("takes too long: more than " + MAX_STEPS + " steps");
        }
    }

    /** Counts the making of a value of this size, before it is made. */
    void make(long size) {
        if (size > MAX_SIZE) {
            throw wrong("makes a text or a list of " + size + " characters or items; at most " + MAX_SIZE + " are allowed");
        }
        spend(size / 8);
    }

    /** A search of one text in another, which takes their product at worst. */
    void search(String text, String part) {
        spend(text.length() / 8 + (long) text.length() * part.length() / 64);
    }

    static AglException wrong(String what) {
        return new AglException(what);
    }
}
