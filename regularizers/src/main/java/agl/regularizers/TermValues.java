package agl.regularizers;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The raw value of each term, summed over the adapted matrices, and what they add to the loss.
 *
 * <p>Measuring a term of weight zero costs a pass over ΔW that a training step does not need: it is NaN if it was not measured.
 *
 * @param raw      a value for every term
 * @param weighted λ_A L_A + λ_T L_T + λ_NC [α E_RM + (1 − α) E_geo]
 * @param sampled  whether E_RM, and with it {@code weighted}, is an estimate from some of the rows ({@link RowSample})
 */
public record TermValues(Map<Term, Double> raw, double weighted, boolean sampled) {
    public static final TermValues ZERO = new TermValues(values(t -> 0), 0);

    public TermValues {
        raw = Collections.unmodifiableMap(new EnumMap<>(raw));
    }

    TermValues(Map<Term, Double> raw, double weighted) {
        this(raw, weighted, false);
    }

    /** From the raw values; a term that was not measured has weight zero. */
    static TermValues of(AglSettings s, ToDoubleFunction<Term> raw) {
        return of(s, raw, false);
    }

    static TermValues of(AglSettings s, ToDoubleFunction<Term> raw, boolean sampled) {
        Map<Term, Double> values = values(raw);
        double weighted = 0;
        for (Term t : Term.values()) {
            weighted += t.weight(s) == 0 ? 0 : t.weight(s) * values.get(t);
        }
        return new TermValues(values, weighted, sampled);
    }

    static Map<Term, Double> values(ToDoubleFunction<Term> value) {
        Map<Term, Double> values = new EnumMap<>(Term.class);
        for (Term t : Term.values()) {
            values.put(t, value.applyAsDouble(t));
        }
        return values;
    }

    public double get(Term t) {
        return raw.get(t);
    }

    public double lA() {
        return get(Term.L_A);
    }

    public double lT() {
        return get(Term.L_T);
    }

    public double eRM() {
        return get(Term.E_RM);
    }

    public double eGeo() {
        return get(Term.E_GEO);
    }

    /** The sum, term by term: a model's values are the sums over its matrices. */
    public TermValues plus(TermValues o) {
        return new TermValues(values(t -> get(t) + o.get(t)), weighted + o.weighted, sampled || o.sampled);
    }
}
