package agl.nn.jinja;

import agl.error.AglException;

/** Limits of one rendering: a template that would run or grow endlessly stops with a one-line error. */
final class Budget {
    /** Maximum characters or items of one value, and of the output: far more than any conversation needs. */
    private static final long MAX_SIZE = 4L << 20;
    /** Maximum total of evaluations, characters written and items visited: well below a second on an idle machine. */
    private static final long MAX_STEPS = 2_000_000;

    private long steps;

    /** Counts {@code n} more steps. */
    void spend(long n) {
        steps += Math.max(1, n);
        if (steps > MAX_STEPS || steps < 0) {
            throw wrong("takes too long: more than " + MAX_STEPS + " steps");
        }
    }

    /** Counts the creation of a value of this size, before it is created. */
    void make(long size) {
        if (size > MAX_SIZE) {
            throw wrong("makes a text or a list of " + size + " characters or items; at most " + MAX_SIZE + " are allowed");
        }
        spend(size / 8);
    }

    /** Counts a search of one text in another: in the worst case, the product of their lengths. */
    void search(String text, String part) {
        spend(text.length() / 8 + (long) text.length() * part.length() / 64);
    }

    static AglException wrong(String what) {
        return new AglException(what);
    }
}
