package agl.app.compare;

import agl.app.train.MethodChoice;
import agl.app.train.Needs;
import java.util.List;

/**
 * One thing to compare: a method with a strength and, for an ablation, settings of its own.
 *
 * @param label how tables call it
 * @param group variants of one curve share it; usually the method
 * @param sets  settings that differ from the common ones, as name=value
 */
public record Variant(String label, String group, MethodChoice choice, List<String> sets) {
    public static Variant of(MethodChoice choice) {
        return new Variant(choice.label(), choice.kind().title(), choice, List.of());
    }

    /** What its method needs besides the task data. */
    Needs needs() {
        return choice.kind().needs();
    }

    /** Whether its method uses the Fisher information. */
    public boolean usesFisher() {
        return needs() == Needs.FISHER;
    }
}
