package agl.app.train;

import agl.error.AglException;
import agl.regularizers.AglSettings;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * The single parameter that sets how strongly a method acts.
 *
 * @param name      its name in messages, tables and files; null for a method without one
 * @param byDefault the default; NaN if {@code setting} determines it or there is none
 * @param range     its valid range
 * @param setting   the AGL setting it corresponds to; null for a parameter of the method itself
 */
public record Strength(String name, double byDefault, Range range, Setting setting) {
    /** For a method without a strength. */
    static final Strength NONE = new Strength(null, Double.NaN, null, null);
    /** AGL's weight of L_A. */
    static final Strength LAMBDA_A = new Strength("lambda_A", Double.NaN, Range.WEIGHT, Setting.LAMBDA_A);
    /** Eigenvectors that span the alignment subspace. */
    static final Strength M = new Strength("m", Double.NaN, Range.COUNT, Setting.M);

    /** Allowed values, all of them finite. */
    public enum Range {
        WEIGHT("a number of at least 0"),
        /** Every cosine reaches -1. */
        COSINE("a number of at least -1"),
        COUNT("a whole number from 1 to " + Integer.MAX_VALUE),
        SHARE("above 0 and at most 1"),
        PART("above 0 and below 1"),
        DECAY("at least 0 and below 1");

        private final String words;

        Range(String words) {
            this.words = words;
        }
    }

    /** A strength that is one of AGL's settings is stored there, in memory and in files. */
    public enum Setting {
        LAMBDA_A {
            @Override double get(AglSettings s) {
                return s.lambdaA();
            }

            @Override AglSettings set(AglSettings s, double x) {
                return s.with(JsonNodeFactory.instance.objectNode().put("lambda_A", x));
            }
        },
        M {
            @Override double get(AglSettings s) {
                return s.m() > 0 && s.energy() == 0 ? s.m() : Double.NaN;
            }

            @Override AglSettings set(AglSettings s, double x) {
                // energy would override m.
                return s.with(JsonNodeFactory.instance.objectNode().put("m", (int) x).put("energy", 0));
            }
        };

        /** NaN if the settings do not set it. */
        abstract double get(AglSettings s);

        abstract AglSettings set(AglSettings s, double x);
    }

    static Strength weight(String name, double byDefault) {
        return new Strength(name, byDefault, Range.WEIGHT, null);
    }

    static Strength cosine(String name, double byDefault) {
        return new Strength(name, byDefault, Range.COSINE, null);
    }

    static Strength count(String name, double byDefault) {
        return new Strength(name, byDefault, Range.COUNT, null);
    }

    static Strength share(String name, double byDefault) {
        return new Strength(name, byDefault, Range.SHARE, null);
    }

    static Strength part(String name, double byDefault) {
        return new Strength(name, byDefault, Range.PART, null);
    }

    static Strength decay(String name, double byDefault) {
        return new Strength(name, byDefault, Range.DECAY, null);
    }

    /** The strength if none is given; NaN for a method without a strength, and if the settings do not set it. */
    double in(AglSettings settings) {
        return setting == null ? byDefault : setting.get(settings);
    }

    /** Whether this value of a weight in the loss takes the method out of it. AGL has other weights. */
    boolean isOff(double x) {
        return range == Range.WEIGHT && setting == null && x == 0;
    }

    /** Refuses a value outside the valid range. */
    void require(String method, double x) {
        if (name == null) {
            throw new AglException("method " + method + " takes no --strength");
        }
        boolean allowed = Double.isFinite(x) && switch (range) {
            case WEIGHT -> x >= 0;
            case COSINE -> x >= -1;
            case COUNT -> x >= 1 && x <= Integer.MAX_VALUE && x == Math.rint(x);
            case SHARE -> x > 0 && x <= 1;
            case PART -> x > 0 && x < 1;
            case DECAY -> x >= 0 && x < 1;
        };
        if (!allowed) {
            throw new AglException("method " + method + ": " + name + " must be " + range.words + ", got " + x);
        }
    }
}
