package agl.regularizers;

/**
 * The raw value of each term, summed over the adapted matrices, and what they add to the loss.
 *
 * <p>A term of weight zero costs a pass over ΔW that a training step can do without: it is NaN where it was not measured.
 *
 * @param lA       L_A
 * @param lT       L_T
 * @param eRM      E_RM
 * @param eGeo     E_geo
 * @param weighted λ_A L_A + λ_T L_T + λ_NC [α E_RM + (1 − α) E_geo]
 */
public record TermValues(double lA, double lT, double eRM, double eGeo, double weighted) {
    public static final TermValues ZERO = new TermValues(0, 0, 0, 0, 0);

    /** From the raw values; a term that was not measured has weight zero. */
    static TermValues of(AglSettings s, double lA, double lT, double eRM, double eGeo) {
        double weighted = part(s.lambdaA(), lA) + part(s.lambdaT(), lT) + part(s.lambdaNC() * s.alpha(), eRM)
                + part(s.lambdaNC() * (1 - s.alpha()), eGeo);
        return new TermValues(lA, lT, eRM, eGeo, weighted);
    }

    private static double part(double weight, double value) {
        return weight == 0 ? 0 : weight * value;
    }

    /** The sum, term by term: a model is the sum over its matrices. */
    public TermValues plus(TermValues o) {
        return new TermValues(lA + o.lA, lT + o.lT, eRM + o.eRM, eGeo + o.eGeo, weighted + o.weighted);
    }
}
