package agl.app.compare;

import agl.app.train.TrainTrace;
import agl.error.AglException;
import java.util.List;

/**
 * One finished run, as stored in its file in runs/.
 *
 * @param hash       of everything that determines the result
 * @param variant    what was run, as tables name it
 * @param examples   task examples to train on; a short run may not reach all of them
 * @param taskTokens tokens in the loss of the examples that training reached, each counted once
 * @param parameters of the base
 * @param seconds    of training without measurements; with the Fisher information it estimated, or would have without an earlier run
 * @param points     measurements during training; the last is of the finished adapter
 * @param trace      curves and subspace; null for the base
 * @param wreck      why training wrecked the finished adapter ({@link agl.app.train.WreckCheck}) and what to change; null if it is sound
 */
public record RunRecord(String hash, Name variant, long seed, String base, int examples, long taskTokens,
                        long parameters, double seconds, List<Point> points, TrainTrace trace, String wreck) {

    /**
     * @param label    the variant's
     * @param group    shared by variants that differ only in strength
     * @param strength strength in force; NaN for a method without one
     * @param sets     the variant's own settings
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

    /** The same run under other names of variant and base. */
    public RunRecord named(String newLabel, String newGroup, List<String> newSets, String newBase) {
        return new RunRecord(hash, new Name(newLabel, newGroup, variant.strength, newSets), seed, newBase, examples, taskTokens, parameters,
                seconds, points,
                trace, wreck);
    }

    /** Refuses a record with missing or impossible values. */
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

    /** Whether training wrecked the model: its figures are shown but never compared. */
    public boolean wrecked() {
        return wreck != null;
    }

    /** For a wrecked run: "lora, seed 1: training wrecked the model: ...". */
    public String wreckLine() {
        return label() + ", seed " + seed + ": " + wreck;
    }

    public Measured last() {
        return points.getLast().measured();
    }
}
