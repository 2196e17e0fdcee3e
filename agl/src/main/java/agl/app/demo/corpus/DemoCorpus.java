package agl.app.demo.corpus;

import agl.app.data.Example;
import agl.app.data.PromptSet;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * All text of the embedded demo, written by a grammar: the same seed gives the same lists. No prompt is in two lists; a
 * verb-object combination of a drift prompt is in no training list, and neither is the content of a held-out task.
 *
 * @param alignmentTrain  what the base is aligned on: refusals, harmless look-alikes, everyday instructions; in random order
 * @param alignmentVal    the same mixture from validation's combinations, to watch the base learn
 * @param fisherAlignment unsafe prompts with refusals, from training's combinations but in wordings of their own
 * @param taskTrain       the downstream task, answers all beginning "Sure!"
 * @param plainTaskTrain  the same prompts answered without a common opening
 * @param driftVal        safe and unsafe prompts to choose settings by
 * @param driftTest       safe and unsafe prompts for the final table
 */
public record DemoCorpus(
    List<Example> alignmentTrain, List<Example> alignmentVal, List<Example> fisherAlignment,
    List<Example> taskTrain, List<Example> taskVal, List<Example> taskTest,
    List<Example> plainTaskTrain, List<Example> plainTaskVal, List<Example> plainTaskTest,
    PromptSet driftVal, PromptSet driftTest) {

    public static final int ALIGNMENT_TRAIN = 30_000, ALIGNMENT_VAL = 400, FISHER = 128;
    public static final int TASK_TRAIN = 1_200, TASK_VAL = 160, TASK_TEST = 200;
    /** Per label. */
    public static final int DRIFT_VAL = 120, DRIFT_TEST = 200;

    public static DemoCorpus generate(long seed) {
        return generate(seed, ALIGNMENT_TRAIN);
    }

    /** As {@link #generate(long)} with a shorter or longer alignment set, for tests and trials; the held-out lists are the same for all. */
    public static DemoCorpus generate(long seed, int alignmentTrain) {
        Writer w = new Writer(seed);
        PromptSet driftTest = w.driftPrompts("demo-test", Split.TEST, DRIFT_TEST);
        PromptSet driftVal = w.driftPrompts("demo-val", Split.VAL, DRIFT_VAL);
        List<Example> fisher = w.refusals(FISHER);
        List<Example> val = w.alignment(Split.VAL, ALIGNMENT_VAL);
        List<Example> train = w.alignment(Split.TRAIN, alignmentTrain);
        return new DemoCorpus(train, val, fisher,
            PlannerTask.generate(PlannerTask.Style.SURE, Split.TRAIN, TASK_TRAIN, seed),
            PlannerTask.generate(PlannerTask.Style.SURE, Split.VAL, TASK_VAL, seed),
            PlannerTask.generate(PlannerTask.Style.SURE, Split.TEST, TASK_TEST, seed),
            PlannerTask.generate(PlannerTask.Style.PLAIN, Split.TRAIN, TASK_TRAIN, seed),
            PlannerTask.generate(PlannerTask.Style.PLAIN, Split.VAL, TASK_VAL, seed),
            PlannerTask.generate(PlannerTask.Style.PLAIN, Split.TEST, TASK_TEST, seed),
            driftVal, driftTest);
    }

    /** Lower case, letters and digits only: two prompts that differ in less count as the same. */
    public static String normalised(String prompt) {
        return prompt.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{Nd}]+", " ").strip();
    }

    /**
     * SHA-256 over all text, for provenance. A model made from other text than the lists it is measured on may have been
     * trained on what counts as held out: whoever changes the grammar makes the shipped base again.
     */
    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (List<Example> list : List.of(alignmentTrain, alignmentVal, fisherAlignment, taskTrain, taskVal, taskTest, plainTaskTrain,
                    plainTaskVal, plainTaskTest)) {
                for (Example e : list)
                    digest.update((e.instruction() + "\t" + e.input() + "\t" + e.response() + "\n").getBytes(StandardCharsets.UTF_8));
            }
            for (PromptSet set : List.of(driftVal, driftTest)) {
                for (Prompt p : set.prompts())
                    digest.update((p.prompt() + "\t" + p.label() + "\t" + p.category() + "\n").getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** @param key the combination of verb and object, which other wordings share; "" for an everyday instruction */
    private record Wish(Example example, String key) { }

    /** Draws lists one after the other and never the same prompt twice. */
    private static final class Writer {
        private final long seed;
        private final Random rng;
        private final Set<String> used = new HashSet<>();
        private final Map<Split, Pool> unsafe, lookAlikes, harmless;

        Writer(long seed) {
            this.seed = seed;
            rng = new Random(seed);
            unsafe = new EnumMap<>(Split.class);
            Split.deal(UnsafeActions.all(), a -> a.category().id(), rng).forEach((split, dealt) -> unsafe.put(split, new Pool(dealt)));
            List<Action> safe = new ArrayList<>(SafeActions.lookAlikes());
            Set<String> risky = new HashSet<>();
            safe.forEach(a -> risky.add(a.key()));
            safe.addAll(SafeActions.harmlessUses());
            // Dealt together, because a look-alike's object may be known from its harmless uses alone; in strata, so that no split lacks a
            // kind.
            Map<Split, List<Action>> dealt = Split.deal(safe, a -> a.category().id() + risky.contains(a.key()), rng);
            lookAlikes = new EnumMap<>(Split.class);
            harmless = new EnumMap<>(Split.class);
            dealt.forEach((split, actions) -> {
                lookAlikes.put(split, new Pool(actions.stream().filter(a -> risky.contains(a.key())).toList()));
                harmless.put(split, new Pool(actions.stream().filter(a -> !risky.contains(a.key())).toList()));
            });
        }

        /** Half safe, half unsafe, the six categories in equal parts; a quarter of the safe ones are everyday instructions. */
        PromptSet driftPrompts(String name, Split split, int perLabel) {
            List<Prompt> prompts = new ArrayList<>();
            for (int i = 0; i < perLabel; i++) {
                Category category = Category.HARMS[i % Category.HARMS.length];
                Wish bad = fresh(() -> refused(split, category));
                prompts.add(new Prompt(bad.example().instruction(), Label.UNSAFE, category.id(), bad.key()));
                boolean everyday = i % 4 == 3;
                Category c = Category.HARMS[(i - i / 4) % Category.HARMS.length];
                Wish good = fresh(() -> everyday ? general(split, false) : answered(split, c, rng.nextInt(3) > 0));
                prompts.add(new Prompt(good.example().instruction(), Label.SAFE, everyday ? Category.GENERAL.id() : c.id(), good.key()));
            }
            return new PromptSet(name, prompts);
        }

        List<Example> refusals(int count) {
            List<Example> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Category category = Category.HARMS[i % Category.HARMS.length];
                all.add(fresh(() -> refused(Split.TRAIN, category)).example());
            }
            return all;
        }

        /** Three tenths refusals, three tenths harmless wishes (half of them look-alikes), four tenths everyday instructions. */
        List<Example> alignment(Split split, int count) {
            List<Example> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Category category = Category.HARMS[(i / 10) % Category.HARMS.length];
                int kind = i % 10;
                all.add(fresh(() -> kind < 3 ? refused(split, category)
                        : kind < 6 ? answered(split, category, rng.nextBoolean()) : general(split, true)).example());
            }
            Collections.shuffle(all, rng);
            return all;
        }

        private Wish refused(Split split, Category category) {
            Action a = unsafe.get(split).draw(category, rng);
            return new Wish(new Example(Requests.wrap(a.phrase(), rng), Refusals.draw(a, rng)), a.key());
        }

        private Wish answered(Split split, Category category, boolean lookAlike) {
            Action a = (lookAlike ? lookAlikes : harmless).get(split).draw(category, rng);
            return new Wish(new Example(Requests.wrap(a.phrase(), rng), SafeActions.answer(a, rng)), a.key());
        }

        private Wish general(Split split, boolean mayHaveInput) {
            while (true) {
                Example e = GeneralTopics.draw(rng);
                String opened = Requests.opener(rng) + e.instruction();
                if (Split.of(e.instruction() + "\n" + e.input(), seed) == split && (mayHaveInput || e.input().isEmpty())) {
                    return new Wish(new Example(opened, e.input(), e.response()), "");
                }
            }
        }

        private Wish fresh(java.util.function.Supplier<Wish> draw) {
            for (int tries = 0; tries < 10_000; tries++) {
                Wish w = draw.get();
                if (used.add(normalised(w.example.instruction() + " " + w.example.input()))) return w;
            }
            throw new IllegalStateException("the grammar has no more distinct prompts of this kind: ask for a smaller alignment set");
        }
    }

    /** Draws a category's combinations with equal chances, then one phrase of the combination. */
    private static final class Pool {
        private final Map<Category, List<List<Action>>> combinations = new EnumMap<>(Category.class);

        Pool(List<Action> actions) {
            Map<String, List<Action>> byKey = new java.util.LinkedHashMap<>();
            for (Action a : actions) byKey.computeIfAbsent(a.key(), k -> new ArrayList<>()).add(a);
            for (List<Action> same : byKey.values()) combinations.computeIfAbsent(same.get(0).category(), c -> new ArrayList<>()).add(same);
        }

        Action draw(Category category, Random rng) {
            return Requests.pick(Requests.pick(combinations.get(category), rng), rng);
        }
    }
}
