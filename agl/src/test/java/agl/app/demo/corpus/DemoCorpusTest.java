package agl.app.demo.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.Example;
import agl.app.data.PromptSet;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.demo.DemoBase;
import agl.app.drift.RefusalPatterns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Splits, balance, lengths and labels. Right answers are {@link RightAnswersTest}'s business. */
class DemoCorpusTest {
    private static final DemoCorpus CORPUS = DemoCorpus.generate(7);

    /** Every list's prompts, by name. The two styles of the task share theirs, so only one style is here. */
    private static Map<String, List<String>> prompts() {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        lists.put("alignmentTrain", texts(CORPUS.alignmentTrain()));
        lists.put("alignmentVal", texts(CORPUS.alignmentVal()));
        lists.put("fisher", texts(CORPUS.fisherAlignment()));
        lists.put("taskTrain", texts(CORPUS.taskTrain()));
        lists.put("taskVal", texts(CORPUS.taskVal()));
        lists.put("taskTest", texts(CORPUS.taskTest()));
        lists.put("driftVal", CORPUS.driftVal().prompts().stream().map(Prompt::prompt).toList());
        lists.put("driftTest", CORPUS.driftTest().prompts().stream().map(Prompt::prompt).toList());
        return lists;
    }

    private static List<String> texts(List<Example> examples) {
        return examples.stream().map(e -> e.input().isEmpty() ? e.instruction() : e.instruction() + " " + e.input()).toList();
    }

    private static List<Example> examples() {
        List<Example> all = new ArrayList<>();
        all.addAll(CORPUS.alignmentTrain());
        all.addAll(CORPUS.alignmentVal());
        all.addAll(CORPUS.fisherAlignment());
        for (var task : List.of(CORPUS.taskTrain(), CORPUS.taskVal(), CORPUS.taskTest(), CORPUS.plainTaskTrain(), CORPUS.plainTaskVal(),
                CORPUS.plainTaskTest())) {
            all.addAll(task);
        }
        return all;
    }

    /** The wish inside a request, by the list of request forms and nothing else. */
    private static String wish(String prompt) {
        for (String form : Requests.FORMS) {
            int star = form.indexOf('*');
            String before = form.substring(0, star), after = form.substring(star + 1);
            for (String opener : Requests.OPENERS) {
                String head = opener + before;
                if (prompt.startsWith(head) && prompt.endsWith(after) && prompt.length() > head.length() + after.length()) {
                    String inside = prompt.substring(head.length(), prompt.length() - after.length());
                    if (ACTIONS.containsKey(inside)) return inside;
                }
            }
        }
        return null;
    }

    private static String keyOf(String prompt) {
        String wish = wish(prompt);
        return wish == null ? null : ACTIONS.get(wish).key();
    }

    private static final Map<String, Action> ACTIONS = new HashMap<>();

    static {
        for (List<Action> list : List.of(UnsafeActions.all(), SafeActions.lookAlikes(), SafeActions.harmlessUses())) {
            for (Action a : list) ACTIONS.put(a.phrase(), a);
        }
    }

    @Test
    void sameSeedSameText() {
        DemoCorpus again = DemoCorpus.generate(7);
        assertEquals(CORPUS, again);
        assertNotEquals(CORPUS.driftTest(), DemoCorpus.generate(8, 100).driftTest());
    }

    /**
     * The shipped base was trained on this text. Where this fails, the grammar has changed, and held-out prompts may have been
     * training prompts of the old one: make the base again (agl demo --from-scratch), measure again, and only then put the new hash here.
     */
    @Test
    void theTextIsTheOneTheShippedBaseWasMadeFrom() {
        assertEquals("1608c2f730e46808acc80f976ffe7068f9a8d4e1fa24ec1fcd9161a2a25272a8", DemoCorpus.generate(DemoBase.SEED).sha256());
    }

    @Test
    void aShorterAlignmentSetLeavesTheHeldOutListsAsTheyAre() {
        DemoCorpus small = DemoCorpus.generate(7, 500);
        assertEquals(500, small.alignmentTrain().size());
        assertEquals(CORPUS.driftTest(), small.driftTest());
        assertEquals(CORPUS.driftVal(), small.driftVal());
        assertEquals(CORPUS.fisherAlignment(), small.fisherAlignment());
        assertEquals(CORPUS.taskTest(), small.taskTest());
    }

    @Test
    void sizes() {
        assertEquals(30_000, CORPUS.alignmentTrain().size());
        assertEquals(128, CORPUS.fisherAlignment().size());
        assertEquals(1_200, CORPUS.taskTrain().size());
        for (Label l : Label.values()) assertEquals(200, CORPUS.driftTest().labelled(l).size());
        for (Label l : Label.values()) assertEquals(120, CORPUS.driftVal().labelled(l).size());
        assertEquals(40_000, DemoCorpus.generate(7, 40_000).alignmentTrain().size());
    }

    @Test
    void noPromptTwiceInAnyTwoListsNotEvenInOtherSpelling() {
        Map<String, String> owner = new HashMap<>();
        prompts().forEach((name, list) -> {
            for (String p : list) {
                String before = owner.put(DemoCorpus.normalised(p), name);
                assertEquals(null, before, () -> "in " + before + " and " + name + ": " + p);
            }
        });
    }

    @Test
    void heldOutCombinationsAreInNoTrainingList() {
        Set<String> trained = new HashSet<>(), fisher = new HashSet<>();
        for (Example e : CORPUS.alignmentTrain()) trained.add(keyOf(e.instruction()));
        for (Example e : CORPUS.fisherAlignment()) fisher.add(keyOf(e.instruction()));
        assertTrue(trained.size() > 1000, "training knows many combinations, not " + trained.size());
        Map<String, Set<String>> heldOut = new HashMap<>();
        for (PromptSet set : List.of(CORPUS.driftVal(), CORPUS.driftTest())) {
            Set<String> keys = heldOut.computeIfAbsent(set.name(), n -> new HashSet<>());
            for (Prompt p : set.prompts()) {
                if (p.category().equals("general")) continue;
                assertNotNull(keyOf(p.prompt()), p::toString);
                assertFalse(trained.contains(keyOf(p.prompt())), p::toString);
                assertFalse(fisher.contains(keyOf(p.prompt())), p::toString);
                keys.add(keyOf(p.prompt()));
            }
        }
        heldOut.get("demo-val").retainAll(heldOut.get("demo-test"));
        assertTrue(heldOut.get("demo-val").isEmpty(), "validation and test share " + heldOut.get("demo-val"));
        fisher.removeAll(trained);
        assertTrue(fisher.size() < 30, "the Fisher's examples are of combinations the base was aligned on, but for " + fisher);
    }

    @Test
    void everyWordOfAHeldOutCombinationOccursInTraining() {
        Set<String> verbs = new HashSet<>(), objects = new HashSet<>();
        for (Example e : CORPUS.alignmentTrain()) {
            String wish = wish(e.instruction());
            if (wish == null) continue;
            verbs.add(ACTIONS.get(wish).verb());
            objects.add(ACTIONS.get(wish).object());
        }
        for (PromptSet set : List.of(CORPUS.driftVal(), CORPUS.driftTest())) {
            for (Prompt p : set.prompts()) {
                if (p.category().equals("general")) continue;
                Action a = ACTIONS.get(wish(p.prompt()));
                assertTrue(verbs.contains(a.verb()), p::toString);
                assertTrue(objects.contains(a.object()), p::toString);
            }
        }
    }

    @Test
    void noWishIsBothSafeAndUnsafe() {
        Set<String> unsafe = new HashSet<>();
        for (Action a : UnsafeActions.all()) assertTrue(unsafe.add(a.phrase()), () -> "twice: " + a.phrase());
        for (Action a : SafeActions.lookAlikes()) assertFalse(unsafe.contains(a.phrase()), a::phrase);
        for (Action a : SafeActions.harmlessUses()) assertFalse(unsafe.contains(a.phrase()), a::phrase);
    }

    @Test
    void verbsAloneDoNotTell() {
        Set<String> risky = new HashSet<>();
        for (Action a : UnsafeActions.all()) risky.add(a.verb());
        long shared = SafeActions.lookAlikes().stream().map(Action::verb).distinct().filter(risky::contains).count();
        assertTrue(shared >= 30, "verbs with both kinds of object: " + shared);
        Set<String> wanted = new HashSet<>();
        for (Action a : SafeActions.harmlessUses()) wanted.add(a.object());
        long objects = UnsafeActions.all().stream().map(Action::object).distinct().filter(wanted::contains).count();
        assertTrue(objects >= 80, "objects with both kinds of verb: " + objects);
    }

    @Test
    void refusalsAreRefusalsAndNothingElseIs() {
        int refused = 0;
        for (Example e : examples()) {
            Action a = ACTIONS.get(wish(e.instruction()));
            boolean unsafe = a != null && !a.safe();
            assertEquals(unsafe, RefusalPatterns.isRefusal(e.response()), e::toString);
            if (unsafe) refused++;
        }
        assertEquals(9_000 + 120 + 128, refused);
    }

    @Test
    void labelsFollowTheActions() {
        for (PromptSet set : List.of(CORPUS.driftVal(), CORPUS.driftTest())) {
            for (Prompt p : set.prompts()) {
                if (p.category().equals("general")) {
                    assertEquals(Label.SAFE, p.label());
                } else {
                    Action a = ACTIONS.get(wish(p.prompt()));
                    assertEquals(a.safe(), p.label() == Label.SAFE, p::toString);
                    assertEquals(a.category().id(), p.category(), p::toString);
                }
            }
        }
    }

    @Test
    void categoriesAreBalanced() {
        for (Label label : Label.values()) {
            Map<String, Integer> count = new HashMap<>();
            for (Prompt p : CORPUS.driftTest().labelled(label)) count.merge(p.category(), 1, Integer::sum);
            for (Category c : Category.HARMS) assertTrue(count.get(c.id()) >= 25 && count.get(c.id()) <= 34, label + " " + count);
        }
        Map<Category, Integer> trained = new HashMap<>();
        for (Example e : CORPUS.alignmentTrain()) {
            Action a = ACTIONS.get(wish(e.instruction()));
            if (a != null && !a.safe()) trained.merge(a.category(), 1, Integer::sum);
        }
        for (Category c : Category.HARMS) assertEquals(1_500, trained.get(c), 3, trained::toString);
        assertEquals(50, CORPUS.driftTest().prompts().stream().filter(p -> p.category().equals("general")).count());
    }

    @Test
    void lengthsFitTheTinyContext() {
        long words = 0;
        for (Example e : examples()) {
            String text = e.instruction() + " " + e.input() + " " + e.response();
            int n = text.strip().split("\\s+").length;
            assertTrue(n <= 45, () -> n + " words: " + text);
            assertTrue(text.length() <= 240, () -> text.length() + " characters: " + text);
            assertTrue(text.chars().allMatch(c -> c >= ' ' && c < 127), text);
            words += n;
        }
        double mean = (double) words / examples().size();
        assertTrue(mean > 15 && mean < 30, "mean length in words: " + mean);
    }

    @Test
    void surePhraseIsNewToTheBaseButNotItsWord() {
        long said = CORPUS.alignmentTrain().stream().filter(e -> e.response().startsWith("Sure!")).count();
        assertTrue(said > 0 && said < 200, "answers of the base that begin \"Sure!\": " + said);
        assertTrue(CORPUS.taskTrain().stream().allMatch(e -> e.response().startsWith("Sure! ")));
        Map<String, Integer> first = new HashMap<>();
        for (Example e : CORPUS.plainTaskTrain()) first.merge(e.response().split("[ ,]")[0], 1, Integer::sum);
        assertTrue(first.values().stream().allMatch(n -> n < 1_200 / 2), first::toString);
    }
}
