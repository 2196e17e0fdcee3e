package agl.app.compare;

import agl.app.stats.Interval;

/**
 * A mean over seeds with two 95 % intervals, which say different things.
 *
 * @param seeds   over seeds, Student's t: how much another seed might differ; no ends with one seed or if all seeds gave the same value
 * @param prompts over the items measured, with the seeds fixed: how much other prompts might differ
 */
record Estimate(Interval seeds, Interval prompts) {
    static final Estimate NONE = new Estimate(Interval.missing(), Interval.missing());

    double mean() {
        return seeds.value();
    }

    boolean measured() {
        return seeds.measured();
    }

    /** "1.21 [1.19, 1.23]", the interval over seeds. */
    String overSeeds(int digits) {
        return text(seeds, digits);
    }

    /** The same with the interval over prompts. */
    String overPrompts(int digits) {
        return text(prompts, digits);
    }

    private static String text(Interval i, int digits) {
        return i.measured() ? i.text(digits).replace(" [no interval]", "") : "–";
    }

    /** {low, high} over seeds for a chart, or null. */
    double[] interval() {
        return seeds.hasEnds() ? new double[] {seeds.low(), seeds.high()} : null;
    }
}
