package agl.app.compare;

import agl.app.train.TrainTrace;
import agl.error.AglException;
import java.util.List;

/**
 * One finished run, as its file in runs/ holds it.
 *
 * @param hash       of everything that decides the result
 * @param variant    what was run, as tables name it
 * @param examples   task examples to train on; a few steps may not come to all of them
 * @param taskTokens tokens in the loss of those that training came to, each counted once
 * @param parameters of the base
 * @param points     measurements along training, the last one of the finished adapter
 * @param trace      curves and subspace; null for the base
 * @param wreck      why the finished adapter counts as wrecked by its training ({@link agl.app.train.WreckCheck}), with what to change;
 *                   null for a sound one
 */
public record RunRecord(String hash, Name variant, long seed, String base, int examples, long taskTokens,
                        long parameters, double seconds, List<Point> points, TrainTrace trace, String wreck) {

    /**
     * @param label    the variant's
     * @param group    variants that differ in strength alone have one
     * @param strength in force; NaN for a method without one
     * @param sets     settings of its own
     */
    public record Name(String label, String group, double strength, List<String> sets) { }

    public String label() {
        return variant.label;
    }

    public String group() {
        return variant.group;
    }

    double strength() {
        return variant.strength;
    }

    /** @param step after which it was measured; 0 for the base */
    public record Point(int step, Measured measured) { }

    /** The same run under another name, on a base named so. */
    public RunRecord named(String newLabel, String newGroup, List<String> newSets, String newBase) {
        return new RunRecord(hash, new Name(newLabel, newGroup, variant.strength, newSets), seed, newBase, examples, taskTokens, parameters,
                seconds, points,
                trace, wreck);
    }

    /** Refuses a run whose numbers cannot be a run's. */
    void require() {
        boolean sound = hash != null && variant != null && variant.label != null && variant.group != null && variant.sets != null
                && base != null && points != null && !points.isEmpty()
                && examples >= 0 && taskTokens >= 0 && parameters > 0 && seconds >= 0;
        for (int i = 0; sound && i < points.size(); i++) {
            Point p = points.get(i);
            sound = p != null && p.measured() != null && p.step() >= 0 && (i == 0 || p.step() > points.get(i - 1).step());
        }
        if (!sound) {
            throw new AglException("the record of run \"" + (variant == null ? null : variant.label) + "\", seed " + seed
                    + ", is not a run's: fields are missing or out of range");
        }
        if (trace != null) {
            trace.require();
        }
        points.forEach(p -> p.measured().require(label() + ", seed " + seed + ", step " + p.step()));
    }

    /** Whether its training wrecked the model: its numbers are shown and count for nothing. */
    public boolean wrecked() {
        return wreck != null;
    }

    /** "lora, seed 1: training wrecked the model: ..."; of a wrecked run. */
    public String wreckLine() {
        return label() + ", seed " + seed + ": " + wreck;
    }

    public Measured last() {
        return points.getLast().measured();
    }
}
