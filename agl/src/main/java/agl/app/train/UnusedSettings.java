package agl.app.train;

import agl.nn.Schedule;
import agl.regularizers.AglSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Settings that were given but not used by a run: each is reported, so that nobody believes it had an effect. */
public final class UnusedSettings {
    /** The settings of the adapter. */
    public static final Set<String> OF_LORA = Set.of("r", "lora_alpha", "lora_dropout", "target_modules", "use_rslora", "use_dora",
            "loraplus_lr_ratio");
    private static final Set<String> OF_ETA = Set.of("beta", "kappa", "tau");
    private static final Set<String> OF_E_RM = Set.of("reduction", "overlap", "collision_rows");
    private static final Set<String> OF_E_GEO = Set.of("metric", "epsilon");

    private UnusedSettings() { }

    /** A run's method and all its settings. */
    public record Run(MethodChoice choice, RunConfig config) { }

    /**
     * One line per reason, for the settings that no run here uses.
     *
     * @param given names as in {@link RunConfig#names}
     * @param runs  the runs, of one or several methods
     */
    public static List<String> lines(Set<String> given, List<Run> runs) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (String name : given) {
            List<String> reasons = new ArrayList<>();
            runs.forEach(run -> {
                String reason = reason(name, run.choice(), run.config());
                if (reason != null) {
                    reasons.add(reason);
                }
            });
            if (!runs.isEmpty() && reasons.size() == runs.size()) {
                byReason.computeIfAbsent(String.join("; ", reasons.stream().distinct().toList()), r -> new ArrayList<>()).add(name);
            }
        }
        List<String> lines = new ArrayList<>();
        byReason.forEach((reason, names) -> lines.add("not used: " + String.join(", ", names) + " (" + reason + ")"));
        return lines;
    }

    /** The same for aligning, which has no method and measures nothing during training. */
    public static List<String> ofAligning(Set<String> given, boolean lora, TrainSettings settings) {
        List<String> lines = new ArrayList<>();
        given.forEach(name -> {
            String reason = OF_LORA.contains(name) ? lora ? null : "without --lora there is no adapter"
                    : name.equals("epochs") ? settings.steps() > 0 ? "steps decides" : null
                    : name.startsWith("agl.") || name.equals("preset") || name.equals("fisher_examples") ? "align has no method"
                    : List.of("eval_every", "keep_best", "patience").contains(name) ? "align holds nothing out"
                    : ofSchedule(name, settings);
            if (reason != null) {
                lines.add("not used: " + name + " (" + reason + ")");
            }
        });
        return lines;
    }

    /** Why this run does not use the setting; null if it does. */
    public static String reason(String name, MethodChoice choice, RunConfig config) {
        MethodKind kind = choice.kind();
        if (name.equals("epochs")) {
            return config.train().steps() > 0 ? "steps decides" : null;
        }
        String schedule = ofSchedule(name, config.train());
        if (schedule != null) {
            return schedule;
        }
        boolean fisher = kind.reads() != MethodKind.Reads.NOTHING;
        if (name.equals("fisher")) {
            return kind.usesFisher() ? null : kind.title() + " has no Fisher information";
        }
        if (name.equals("fisher_examples") && kind.usesFisher() && config.fisher() != null) {
            return "the artefact has its own";
        }
        if (name.equals("fisher_examples")) {
            return fisher || kind.readsAlignment() ? null : kind.title() + " sees no alignment data";
        }
        if (name.equals("preset")) {
            return fisher ? null : kind.title() + " has no Fisher information";
        }
        if (!name.startsWith("agl.")) {
            return null;
        }
        String own = name.substring(4);
        if (!fisher) {
            return kind.title() + " has no Fisher information";
        }
        return kind.reads() == MethodKind.Reads.EVERYTHING ? ofAgl(own, choice, config.agl()) : ofEstimate(own, choice, config.agl());
    }

    private static String ofSchedule(String name, TrainSettings s) {
        Schedule.Type type = s.lrSchedulerType();
        boolean used = name.equals("warmup_ratio") ? type.warmsUp() : !name.equals("lr_floor") || type.falls();
        return used ? null : "lr_scheduler_type is " + type.name().toLowerCase(Locale.ROOT);
    }

    /** For methods that use the Fisher information and nothing else from AGL. */
    private static String ofEstimate(String name, MethodChoice choice, AglSettings s) {
        MethodKind kind = choice.kind();
        boolean diagonal = kind.reads() == MethodKind.Reads.DIAGONAL;
        if (!AglSettings.names(AglSettings.Estimate.class).contains(name) && !(diagonal && name.equals("fisher_norm"))) {
            return kind.title() + " has no such term";
        }
        boolean directions = Set.of("m", "energy", "exact_storage").contains(name);
        if (diagonal && directions) {
            return kind.title() + " takes the diagonal";
        }
        if (!Double.isNaN(choice.strength()) && Set.of("m", "energy").contains(name)) {
            return "--strength decides";
        }
        return name.equals("m") && s.energy() > 0 ? "agl.energy decides" : null;
    }

    private static String ofAgl(String name, MethodChoice choice, AglSettings s) {
        if (name.equals("lambda_A")) {
            return Double.isNaN(choice.strength()) ? null : "--strength decides";
        }
        if (name.equals("H") || name.equals("ema_decay")) {
            return s.lambdaT() == 0 ? "agl.lambda_T is 0"
                    : name.equals("ema_decay") && s.h() != AglSettings.H.EMA_GRAD_SQ ? "agl.H is not ema_grad_sq" : null;
        }
        boolean ofERm = OF_ETA.contains(name) || OF_E_RM.contains(name);
        if (ofERm || OF_E_GEO.contains(name) || name.equals("alpha")) {
            return s.lambdaNC() == 0 ? "agl.lambda_NC is 0"
                    : ofERm && s.alpha() == 0 ? "agl.alpha is 0"
                    : OF_E_GEO.contains(name) && s.alpha() == 1 ? "agl.alpha is 1" : null;
        }
        return switch (name) {
            case "exact_storage" -> s.backend() == AglSettings.Backend.EXACT ? null : "agl.backend is not exact";
            case "m" -> s.energy() > 0 ? "agl.energy decides" : null;
            case "alignment_reach" -> s.twoBranch() ? null : "agl.alignment_rank is 0";
            default -> null;
        };
    }
}
