package agl.app.cli;

import agl.app.compare.Variant;
import agl.app.io.Notes;
import agl.app.train.MethodChoice;
import agl.app.train.RunConfig;
import agl.app.train.UnusedSettings;
import agl.error.AglException;
import agl.regularizers.AglSettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl ablate}: AGL as configured, and with one setting changed at a time. */
@Command(name = "ablate",
        description = "Run AGL with each term off in turn, each metric, Fisher data, normalization and so on. Resumes where it stopped.")
public final class AblateCommand implements Callable<Integer> {
    @Mixin private BaseOption base;

    @Option(names = "--groups", split = ",", paramLabel = "NAME",
            defaultValue = "terms,H,metric,branches,fisher_data,fisher_tokens,fisher_norm,backend",
            description = "What to change, separated by commas (default ${DEFAULT-VALUE}).")
    private List<String> groups;

    @Option(names = "--checkpoints", defaultValue = "0", paramLabel = "STEPS",
            description = "Measure every so many steps as well (default: only at the end).")
    private int checkpoints;

    @Mixin private ExperimentOptions options;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        new Comparison("ablate", base.path, options, checkpoints).run(variants(), spec.commandLine().getOut());
        return 0;
    }

    /**
     * LoRA, AGL as configured, and every change that affects the run. A change to a setting that no term uses does not, and AGL without any
     * term is LoRA.
     */
    List<Variant> variants() {
        MethodChoice agl = MethodChoice.of("agl");
        List<Variant> variants = new ArrayList<>(
                List.of(Variant.of(MethodChoice.of("lora")), new Variant("agl as set", "agl as set", agl, List.of())));
        RunConfig full = options.config(variants.getLast(), 1);
        // With a term off by default, several changes are one.
        Set<RunConfig> seen = new HashSet<>(Set.of(full));
        Map<String, List<Variant>> all = new LinkedHashMap<>();
        add(all, "terms", "without L_A", "agl.lambda_A=0");
        add(all, "terms", "without L_T", "agl.lambda_T=0");
        add(all, "terms", "without collision terms", "agl.lambda_NC=0");
        add(all, "terms", "without E_RM", "agl.alpha=0");
        add(all, "terms", "without E_geo", "agl.alpha=1");
        add(all, "terms", "L_A alone", "agl.lambda_T=0", "agl.lambda_NC=0");
        add(all, "terms", "L_T alone", "agl.lambda_A=0", "agl.lambda_NC=0");
        add(all, "terms", "collision terms alone", "agl.lambda_A=0", "agl.lambda_T=0");
        // A weight and a metric with which the collision terms act (docs/FIDELITY.md); the default has neither.
        add(all, "terms", "with E_RM", "agl.lambda_NC=10000", "agl.alpha=1");
        add(all, "terms", "with E_geo", "agl.lambda_NC=0.1", "agl.alpha=0", "agl.metric=diag_fisher");
        each(all, "H", "agl.H", "identity", "diag_fisher", "ema_grad_sq");
        each(all, "metric", "agl.metric", "euclidean", "diag_fisher");
        add(all, "branches", "one branch", "agl.alignment_rank=0");
        if (full.train().r() > 1) { // rank 1 cannot be split in two
            add(all, "branches", "two branches", "agl.alignment_rank=" + full.train().r() / 2, "agl.alignment_reach=update");
            add(all, "branches", "two branches, L_A on one", "agl.alignment_rank=" + full.train().r() / 2, "agl.alignment_reach=branch");
        }
        each(all, "fisher_data", "agl.fisher_data", "alignment", "contrast", "contrast_task", "task");
        each(all, "fisher_tokens", "agl.fisher_tokens", "0", "1");
        each(all, "fisher_norm", "agl.fisher_norm", "trace", "mean_trace", "max", "none");
        each(all, "backend", "agl.backend", "exact", "kfac", "diagonal");
        for (String group : new LinkedHashSet<>(groups)) {
            if (!all.containsKey(group)) {
                throw new AglException("there is no group \"" + group + "\" to change; choose " + String.join(", ", all.keySet()));
            }
            if (options.fisher != null && AglSettings.names(AglSettings.Estimate.class).contains(group)) {
                Notes.say("group " + group + " is not varied: " + options.fisher + " has one Fisher information");
                continue;
            }
            for (Variant v : all.get(group)) {
                RunConfig changed = options.config(v, 1);
                boolean acts = RunConfig.names(null, v.sets()).stream().anyMatch(name -> UnusedSettings.reason(name, agl, changed) == null);
                boolean nothing = changed.agl().lambdaA() == 0 && changed.agl().lambdaT() == 0 && changed.agl().lambdaNC() == 0;
                if (acts && !nothing && seen.add(changed)) {
                    variants.add(v);
                }
            }
        }
        return variants;
    }

    private static void each(Map<String, List<Variant>> all, String group, String setting, String... values) {
        for (String value : values) {
            add(all, group, setting.substring(4) + " " + value, setting + "=" + value);
        }
    }

    private static void add(Map<String, List<Variant>> all, String group, String label, String... sets) {
        all.computeIfAbsent(group, g -> new ArrayList<>()).add(new Variant(label, group, MethodChoice.of("agl"), List.of(sets)));
    }
}
