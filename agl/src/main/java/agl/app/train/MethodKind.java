package agl.app.train;

import agl.autograd.AglException;
import agl.nn.checkpoint.Json;
import agl.regularizers.AglSettings;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The methods that {@code --method} takes: their names, what each needs, and the one number that says how strongly it acts. */
public enum MethodKind {
    LORA(null, Double.NaN, Needs.NOTHING),
    AGL("lambda_A", Double.NaN, Needs.FISHER),
    EWC("lambda", 1e5, Needs.FISHER),
    KL("weight", 1, Needs.ALIGNMENT),
    SAFELORA("threshold", 0.5, Needs.UNALIGNED),
    ASFT("lambda", 1, Needs.UNALIGNED),
    /** Gradient projection. */
    SAFEANCHOR("m", Double.NaN, Needs.FISHER),
    LISA("rho", 1, Needs.ALIGNMENT),
    /** Update projection, after training. */
    PROJECTION("m", Double.NaN, Needs.FISHER),
    OPLORA("k", 16, Needs.NOTHING),
    /** LoRA, the schedule cut off after this share of its steps. */
    EARLYSTOP("share_of_steps", 0.5, Needs.NOTHING);

    /** What a method asks for beside the task. */
    public enum Needs {
        NOTHING,
        /** Alignment examples. */
        ALIGNMENT,
        /** Alignment examples, unless the Fisher information is that of the task. */
        FISHER,
        /** The checkpoint before alignment. */
        UNALIGNED
    }

    private final String strength;
    private final double byDefault;
    private final Needs needs;

    MethodKind(String strength, double byDefault, Needs needs) {
        this.strength = strength;
        this.byDefault = byDefault;
        this.needs = needs;
    }

    /** The method of that name. */
    public static MethodKind of(String name) {
        return Arrays.stream(values()).filter(k -> k.title().equals(name)).findFirst()
                .orElseThrow(() -> new AglException("there is no method \"" + name + "\"; choose " + String.join(", ", names())));
    }

    public static List<String> names() {
        return Arrays.stream(values()).map(MethodKind::title).collect(Collectors.toList());
    }

    /** The name on the command line. */
    public String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What its strength is called; null for a method without one. */
    public String strengthName() {
        return strength;
    }

    /** The strength where none is given; NaN: the settings say it, or there is none. */
    public double defaultStrength() {
        return byDefault;
    }

    public Needs needs() {
        return needs;
    }

    /** Whether it looks at, or changes, the update s·B·A alone: what an adapter trains beside A and B would escape it. */
    public boolean actsOnUpdate() {
        return this != LORA && this != KL && this != EARLYSTOP;
    }

    /**
     * A method on ΔW = s·B·A is refused where that is not all of the update: DoRA's W_eff − W_0 is of full rank and moves with the magnitudes at
     * B = 0 already; a trained bias or saved module lies outside every ΔW.
     *
     * @param copies names of what is trained beside A and B
     */
    public void requireNothingBesideUpdate(boolean dora, Collection<String> copies) {
        String beside = dora ? "DoRA's magnitudes" : String.join(", ", copies);
        if (actsOnUpdate() && !beside.isEmpty()) {
            throw new AglException("method " + title() + " sees the update s*B*A alone, but " + Json.quote(beside)
                    + " would be trained beside it and move the model unseen: train without, or choose lora, kl or earlystop");
        }
    }

    /** Whether what training left is replaced by other factors. */
    public boolean changesFactorsAfterTraining() {
        return this == SAFELORA || this == PROJECTION;
    }

    /** Whether the method looks at alignment examples under these settings. */
    public boolean usesAlignment(AglSettings settings) {
        return needs == Needs.ALIGNMENT || needs == Needs.FISHER && settings.fisherData() != AglSettings.FisherData.TASK;
    }

    /** What is missing for a method, in one line, before anything is loaded or computed. */
    public void require(AglSettings settings, boolean hasAlignment, boolean hasUnaligned) {
        if (usesAlignment(settings) && !hasAlignment) {
            throw new AglException("--method " + title() + " needs --alignment FILE: examples of what the model should keep doing");
        }
        if (needs == Needs.UNALIGNED && !hasUnaligned) {
            throw new AglException("--method " + title() + " needs --unaligned DIR: the checkpoint from which the base was aligned");
        }
    }
}
