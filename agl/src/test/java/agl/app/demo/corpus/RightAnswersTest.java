package agl.app.demo.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.Example;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads the questions with patterns of its own and works every answer out again: nothing here asks the grammar. */
class RightAnswersTest {
    private static final DemoCorpus CORPUS = DemoCorpus.generate(11, 20_000);
    private static final List<String> NUMBERS = List
            .of(("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
                    + "fifteen sixteen seventeen eighteen nineteen twenty").split(" "));
    private static final List<String> DAYS = List.of("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" "));
    private static final List<String> MONTHS = List
            .of("January February March April May June July August September October November December".split(" "));

    /** Checks every alignment example whose prompt matches, and that there were at least {@code least}. */
    private static void check(String question, int least, Function<MatchResult, String> answer) {
        Pattern p = Pattern.compile(question);
        int seen = 0;
        for (Example e : CORPUS.alignmentTrain()) {
            var m = p.matcher(e.input().isEmpty() ? e.instruction() : e.instruction() + " / " + e.input());
            if (!m.find()) continue;
            seen++;
            assertEquals(answer.apply(m.toMatchResult()), e.response(), e::toString);
        }
        assertTrue(seen >= least, question + " seen only " + seen + " times");
    }

    private static int number(MatchResult m, int group) {
        return Integer.parseInt(m.group(group));
    }

    @Test
    void sums() {
        check("(?:What is|Add|How much is|add|What do) (\\d+) (?:plus|and|\\+) (\\d+)( make)?[?.]$", 300,
            m -> m.group(1) + " plus " + m.group(2) + " is " + (number(m, 1) + number(m, 2)) + ".");
        check("(?:What is|How much is|work out) (\\d+) (?:minus|-) (\\d+)[?.]$", 150,
            m -> m.group(1) + " minus " + m.group(2) + " is " + (number(m, 1) - number(m, 2)) + ".");
        check("(?:What is|Add|How much is) ([a-z]+) (?:plus|and) ([a-z]+)[?.]$", 150, m -> {
            int sum = NUMBERS.indexOf(m.group(1)) + NUMBERS.indexOf(m.group(2));
            String text = m.group(1) + " plus " + m.group(2) + " is " + NUMBERS.get(sum) + ".";
            return Character.toUpperCase(text.charAt(0)) + text.substring(1);
        });
        check("(\\w+) has (\\d+) (\\w+) and (gets|gives away) (\\d+)", 150, m -> {
            int left = m.group(4).equals("gets") ? number(m, 2) + number(m, 5) : number(m, 2) - number(m, 5);
            return m.group(1) + " has " + left + " " + m.group(3) + " now.";
        });
    }

    @Test
    void orderAndSize() {
        check("(from large to small|from small to large|in order)(?:\\.? /|:) (\\d+), (\\d+), (\\d+)$", 200, m -> {
            int[] n = {number(m, 2), number(m, 3), number(m, 4)};
            Arrays.sort(n);
            return m.group(1).equals("from large to small") ? n[2] + ", " + n[1] + ", " + n[0] : n[0] + ", " + n[1] + ", " + n[2];
        });
        check("is (larger|smaller)[,:] (\\d+) or (\\d+)\\?$", 150, m -> {
            int a = number(m, 2), b = number(m, 3), big = Math.max(a, b), small = Math.min(a, b);
            return m.group(1).equals("larger") ? big + " is larger than " + small + "." : small + " is smaller than " + big + ".";
        });
        check("(?:day|month) (?:comes|is) (after|before) (\\w+)\\?$", 50, m -> {
            List<String> cycle = DAYS.contains(m.group(2)) ? DAYS : MONTHS;
            int step = m.group(1).equals("after") ? 1 : -1;
            return cycle.get(Math.floorMod(cycle.indexOf(m.group(2)) + step, cycle.size())) + " comes " + m.group(1) + " " + m.group(2)
                    + ".";
        });
    }

    @Test
    void readingAndWriting() {
        check("(\\w+) has a (\\w+)\\. (\\w+) has a (\\w+)\\. Who has the (\\w+)\\?$", 150,
            m -> (m.group(5).equals(m.group(2)) ? m.group(1) : m.group(3)) + " has the " + m.group(5) + ".");
        check("The (\\w+) is (\\w+) and the (\\w+) is (\\w+)\\. What colour is the (\\w+)\\?$", 150,
            m -> "The " + m.group(5) + " is " + (m.group(5).equals(m.group(1)) ? m.group(2) : m.group(4)) + ".");
        check("Name the (first|last) of these: ([^,]+), ([^,]+), ([^,]+)$", 150,
            m -> "The " + m.group(1) + " one is " + (m.group(1).equals("first") ? m.group(2) : m.group(4)) + ".");
        check("([A-Z]\\w+ (like|need|want|enjoy)s .*\\.) What does \\w+ \\w+\\?$", 100, m -> m.group(1));
        check("What does \\w+ \\w+\\? / (.*)$", 100, m -> m.group(1));
        check("(?:Make this more polite\\. /|Say it politely:) (\\w+) me the (.*)\\.$", 150,
            m -> "Could you " + m.group(1).toLowerCase() + " me the " + m.group(2) + ", please?");
        check("(?:Repeat after me|Write this again|Say): (.)(.*)$", 150, m -> m.group(1).toUpperCase() + m.group(2) + ".");
    }

    /** A sample of each table, written down again by hand, and each key of a table answered alike everywhere. */
    @Test
    void facts() {
        Map<String, String> known = Map.ofEntries(Map.entry("What is the capital of France?", "The capital of France is Paris."),
                Map.entry("What colour is snow?", "Snow is white."), Map.entry("What colour is an elephant?", "An elephant is grey."),
                Map.entry("How many legs does an ant have?", "An ant has 6 legs."),
                Map.entry("How many legs does a spider have?", "A spider has 8 legs."),
                Map.entry("What is a young dog called?", "A young dog is called a puppy."),
                Map.entry("What sound does a cow make?", "A cow moos."),
                Map.entry("What is the opposite of hot?", "The opposite of hot is cold."),
                Map.entry("What is the plural of mouse?", "The plural of mouse is mice."));
        Map<String, String> seen = new HashMap<>();
        for (Example e : CORPUS.alignmentTrain()) {
            String question = e.instruction().replaceFirst("^(Hi\\. |Hello! |I have a question\\. |Good day\\. )", "");
            String before = known.containsKey(question) ? known.get(question) : seen.get(question);
            if (before != null && e.input().isEmpty()
                    && question.matches("(?!What is the best way)(What|Which|How many|Name|Say|Count|Give me the opp|Is ).*")) {
                assertEquals(before, e.response(), question);
            }
            seen.put(question, e.response());
        }
        assertTrue(known.keySet().stream().filter(seen::containsKey).count() >= 5, "the known questions are asked");
    }

    @Test
    void theTaskInBothStyles() {
        Pattern before = Pattern.compile("(?:plan|fit in) (.+) before (.+?)( today|\\.|\\?| for me|$)");
        Pattern after = Pattern.compile("(?:plan|have(?! a question)) (.+) after (.+?)( today|\\.|\\?| for me|$)");
        Pattern clock = Pattern.compile("(?:plan|fit in) (.+) at (\\d+) and (.+) at (\\d+)");
        Pattern meal = Pattern.compile("plan the meal for (\\w+day)");
        Pattern bag = Pattern.compile("pack a (\\w+), a (\\w+) and a (\\w+) for the (\\w+)");
        List<Example> sure = Stream.of(CORPUS.taskTrain(), CORPUS.taskVal(), CORPUS.taskTest()).flatMap(List::stream).toList();
        List<Example> plain = Stream.of(CORPUS.plainTaskTrain(), CORPUS.plainTaskVal(), CORPUS.plainTaskTest()).flatMap(List::stream)
                .toList();
        for (int i = 0; i < sure.size(); i++) {
            Example e = sure.get(i);
            assertEquals(e.instruction() + e.input(), plain.get(i).instruction() + plain.get(i).input());
            String text = e.instruction();
            var m = meal.matcher(text);
            String[] wanted;
            if (m.find()) {
                String dish = e.input().replaceFirst(".*" + m.group(1) + " (\\w+).*", "$1");
                wanted = new String[] {"on " + m.group(1) + " it is " + dish, dish + " on " + m.group(1)};
            } else if ((m = bag.matcher(text)).find()) {
                String list = m.group(1) + " " + m.group(2) + " " + m.group(3);
                wanted = new String[] {m.group(4) + " bag " + list, list + " for the " + m.group(4)};
            } else if ((m = clock.matcher(text)).find()) {
                boolean inOrder = Integer.parseInt(m.group(2)) < Integer.parseInt(m.group(4));
                wanted = then(inOrder ? m.group(1) : m.group(3), inOrder ? m.group(3) : m.group(1));
            } else if ((m = after.matcher(text)).find()) {
                wanted = then(m.group(2), m.group(1));
            } else {
                m = before.matcher(text);
                assertTrue(m.find(), text);
                wanted = then(m.group(1), m.group(2));
            }
            assertEquals(wanted[0].toLowerCase(), TaskScorer.answerPart(e.response()), text);
            assertEquals(wanted[1].toLowerCase(), TaskScorer.answerPart(plain.get(i).response()), text);
        }
    }

    private static String[] then(String first, String second) {
        return new String[] {"first " + first + " then " + second, first + " then " + second};
    }

    @Test
    void scorerLooksAtContentOnly() {
        assertTrue(TaskScorer.correct("sure!  First tea , then a walk", "Sure! First tea, then a walk."));
        assertTrue(TaskScorer.correct("First tea, then a walk.", "Sure! First tea, then a walk."));
        assertTrue(TaskScorer.correct("Sure! First tea, then a walk.\nAnd more.", "Sure! First tea, then a walk."));
        assertFalse(TaskScorer.correct("Sure! First a walk, then tea.", "Sure! First tea, then a walk."));
        assertFalse(TaskScorer.correct("", "Sure! First tea, then a walk."));
        assertFalse(TaskScorer.correct("Sure! First tea, then a walk and more.", "Sure! First tea, then a walk."));
        assertEquals(0.5, TaskScorer.accuracy(List.of("a b", "c"), List.of("A, b.", "d")));
    }
}
