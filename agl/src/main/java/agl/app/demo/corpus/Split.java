package agl.app.demo.corpus;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/** The split a combination belongs to. Settings such as λ_A are chosen on validation; only the final table uses test. */
public enum Split {
    TRAIN, VAL, TEST;

    private static final double VAL_SHARE = 0.10, TEST_SHARE = 0.20;

    /** The split of a text, determined by text and seed: 10 % validation, 20 % test. */
    static Split of(String key, long seed) {
        // SplitMix64's finalizer; String.hashCode and Random's first draw alone are too regular for neighboring keys.
        long z = seed * 0x9E3779B97F4A7C15L + key.hashCode();
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        double u = ((z ^ (z >>> 31)) >>> 11) * 0x1p-53;
        return u < VAL_SHARE ? VAL : u < VAL_SHARE + TEST_SHARE ? TEST : TRAIN;
    }

    /**
     * Splits verb-object combinations, each stratum in the same proportions. A combination is held out only if its verb and its object both
     * remain in training with other partners: only the combination is new in a held-out prompt.
     */
    static Map<Split, List<Action>> deal(List<Action> actions, Function<Action, String> stratum, Random rng) {
        Map<String, List<Action>> byKey = new LinkedHashMap<>();
        for (Action a : actions) byKey.computeIfAbsent(a.key(), k -> new ArrayList<>()).add(a);
        Map<String, List<String>> strata = new LinkedHashMap<>();
        Map<String, Integer> verbs = new HashMap<>(), objects = new HashMap<>();
        byKey.forEach((key, same) -> {
            Action a = same.get(0);
            strata.computeIfAbsent(stratum.apply(a), c -> new ArrayList<>()).add(key);
            verbs.merge(a.verb(), 1, Integer::sum);
            objects.merge(a.object(), 1, Integer::sum);
        });
        Map<Split, List<Action>> dealt = new EnumMap<>(Split.class);
        for (Split s : values()) dealt.put(s, new ArrayList<>());
        for (List<String> keys : strata.values()) {
            Collections.shuffle(keys, rng);
            long val = Math.round(VAL_SHARE * keys.size()), test = Math.round(TEST_SHARE * keys.size());
            for (String key : keys) {
                Action a = byKey.get(key).get(0);
                boolean spare = verbs.get(a.verb()) > 1 && objects.get(a.object()) > 1;
                Split split = !spare ? TRAIN : test-- > 0 ? TEST : val-- > 0 ? VAL : TRAIN;
                if (split != TRAIN) {
                    verbs.merge(a.verb(), -1, Integer::sum);
                    objects.merge(a.object(), -1, Integer::sum);
                }
                dealt.get(split).addAll(byKey.get(key));
            }
        }
        return dealt;
    }
}
