package agl.app.demo.corpus;

import static agl.app.demo.corpus.Requests.capital;
import static agl.app.demo.corpus.Requests.pick;

import agl.app.data.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Everyday instructions with right answers: numbers, facts, words, short stories to read, and small talk. */
final class GeneralTopics {
    private GeneralTopics() {}

    /** A topic draws one example, with possible repeats. */
    interface Topic {
        Example draw(Random rng);
    }

    static final List<Topic> ALL = List.of(
            GeneralTopics::sum, GeneralTopics::sum, GeneralTopics::difference, GeneralTopics::sumInWords, GeneralTopics::wordProblem,
            GeneralTopics::sort, GeneralTopics::compare, GeneralTopics::fact, GeneralTopics::fact, GeneralTopics::fact, GeneralTopics::kind,
            GeneralTopics::oddOneOut, GeneralTopics::calendar, GeneralTopics::past, GeneralTopics::polite, GeneralTopics::whoHas,
            GeneralTopics::whatColor, GeneralTopics::list, GeneralTopics::list, GeneralTopics::lastItem, GeneralTopics::repeat,
            GeneralTopics::chat);

    static Example draw(Random rng) {
        return pick(ALL, rng).draw(rng);
    }

    private static Example sum(Random rng) {
        int a = rng.nextInt(13), b = rng.nextInt(13);
        String form = pick(List.of("What is %d plus %d?", "Add %d and %d.", "How much is %d + %d?", "Please add %d and %d.",
                "What do %d and %d make?"), rng);
        return new Example(form.formatted(a, b), a + " plus " + b + " is " + (a + b) + ".");
    }

    private static Example difference(Random rng) {
        int a = rng.nextInt(16), b = rng.nextInt(a + 1);
        String form = pick(List.of("What is %d minus %d?", "How much is %d - %d?", "Please work out %d minus %d."), rng);
        return new Example(form.formatted(a, b), a + " minus " + b + " is " + (a - b) + ".");
    }

    private static Example sumInWords(Random rng) {
        int a = rng.nextInt(11), b = rng.nextInt(11);
        String left = Facts.NUMBERS.get(a), right = Facts.NUMBERS.get(b);
        String form = pick(List.of("What is %s plus %s?", "Add %s and %s.", "How much is %s and %s?"), rng);
        return new Example(form.formatted(left, right), capital(left) + " plus " + right + " is " + Facts.NUMBERS.get(a + b) + ".");
    }

    private static Example wordProblem(Random rng) {
        String name = pick(Facts.NAMES, rng), thing = pick(Facts.COUNTED, rng);
        int a = 2 + rng.nextInt(9), b = 1 + rng.nextInt(a - 1);
        boolean more = rng.nextBoolean();
        String change = more ? "gets " + b + " more" : "gives away " + b;
        return new Example(name + " has " + a + " " + thing + " and " + change + ". How many " + thing + " does " + name + " have now?",
            name + " has " + (more ? a + b : a - b) + " " + thing + " now.");
    }

    private static Example sort(Random rng) {
        int[] n = rng.ints(0, 20).distinct().limit(3).toArray();
        String given = n[0] + ", " + n[1] + ", " + n[2];
        boolean up = rng.nextInt(3) > 0;
        String task = up ? pick(List.of("Sort these numbers from small to large", "Put these numbers in order"), rng)
            : "Sort these numbers from large to small";
        java.util.Arrays.sort(n);
        String answer = up ? n[0] + ", " + n[1] + ", " + n[2] : n[2] + ", " + n[1] + ", " + n[0];
        return rng.nextBoolean() ? new Example(task + ".", given, answer) : new Example(task + ": " + given, answer);
    }

    private static Example compare(Random rng) {
        int a = rng.nextInt(21), b = (a + 1 + rng.nextInt(20)) % 21;
        boolean larger = rng.nextBoolean();
        String word = larger ? "larger" : "smaller";
        int answer = larger ? Math.max(a, b) : Math.min(a, b), other = a + b - answer;
        String form = pick(List.of("Which number is %s, %d or %d?", "What is %s: %d or %d?"), rng);
        return new Example(form.formatted(word, a, b), answer + " is " + word + " than " + other + ".");
    }

    private static Example fact(Random rng) {
        return switch (rng.nextInt(7)) {
            case 0 ->
                lookUp(Facts.COLORS, rng, List.of("What colour is *?", "Which colour does * have?", "Name the colour of *."), "*0 is *1.");
            case 1 -> lookUp(Facts.CAPITALS, rng,
                    List.of("What is the capital of *?", "Name the capital of *.", "Which city is the capital of *?"),
                    "The capital of *0 is *1.");
            case 2 -> lookUp(Facts.SOUNDS, rng, List.of("What sound does a * make?", "How does a * sound?"), "A *0 *1.");
            case 3 ->
                lookUp(Facts.YOUNG, rng, List.of("What is a young * called?", "What do you call a baby *?"), "A young *0 is called a *1.");
            case 4 -> lookUp(Facts.LEGS, rng, List.of("How many legs does a * have?", "Count the legs of a *."), "A *0 has *1 legs.");
            case 5 -> lookUp(Facts.OPPOSITES, rng,
                    List.of("What is the opposite of *?", "Give me the opposite of *.", "Name the opposite of the word *."),
                    "The opposite of *0 is *1.");
            default -> rng.nextBoolean()
                ? lookUp(Facts.JOBS, rng, List.of("Whose work has to do with *?", "Name a job that has to do with *."), "*1 works with *0.")
                : lookUp(Facts.PLURALS, rng, List.of("What is the plural of *?", "Say * in the plural."), "The plural of *0 is *1.");
        };
    }

    private static Example lookUp(Map<String, String> table, Random rng, List<String> questions, String answer) {
        String key = pick(new ArrayList<>(table.keySet()), rng);
        String text = answer.replace("*0", key).replace("*1", table.get(key)).replaceAll("\\b([Aa]) (?=[aeio])", "$1n ");
        String question = pick(questions, rng).replace("*", key).replaceAll("\\b([Aa]) (?=[aeio])", "$1n ");
        return new Example(question, capital(text));
    }

    private static Example kind(Random rng) {
        List<String> kinds = new ArrayList<>(Facts.KINDS.keySet());
        String right = pick(kinds, rng), other = pick(kinds.stream().filter(k -> !k.equals(right)).toList(), rng);
        String word = pick(Facts.KINDS.get(right), rng);
        boolean rightFirst = rng.nextBoolean();
        return new Example("Is \"" + word + "\" " + (rightFirst ? right + " or " + other : other + " or " + right) + "?",
                capital(word) + " is " + right + ".");
    }

    private static Example oddOneOut(Random rng) {
        List<List<String>> kinds = new ArrayList<>(Facts.KINDS.values());
        List<String> many = pick(kinds, rng), one = pick(kinds.stream().filter(k -> k != many).toList(), rng);
        String a = pick(many, rng), b = pick(many.stream().filter(w -> !w.equals(a)).toList(), rng), odd = pick(one, rng);
        List<String> words = new ArrayList<>(List.of(a, b));
        words.add(rng.nextInt(3), odd);
        return new Example("Which word does not fit: " + String.join(", ", words) + "?", capital(odd) + " does not fit.");
    }

    private static Example calendar(Random rng) {
        List<String> cycle = rng.nextBoolean() ? Facts.DAYS : Facts.MONTHS;
        String unit = cycle == Facts.DAYS ? "day" : "month";
        int i = rng.nextInt(cycle.size());
        boolean after = rng.nextBoolean();
        String answer = cycle.get((i + (after ? 1 : cycle.size() - 1)) % cycle.size());
        String where = after ? "after" : "before";
        String form = pick(List.of("Which %s comes %s %s?", "What %s is %s %s?"), rng);
        return new Example(form.formatted(unit, where, cycle.get(i)), answer + " comes " + where + " " + cycle.get(i) + ".");
    }

    private static Example past(Random rng) {
        String now = pick(new ArrayList<>(Facts.PAST.keySet()), rng), name = pick(Facts.NAMES, rng);
        String sentence = name + " " + now + ".", answer = name + " " + Facts.PAST.get(now) + ".";
        return rng.nextBoolean() ? new Example("Put this sentence in the past.", sentence, answer)
            : new Example("Put in the past: " + sentence, answer);
    }

    private static Example polite(Random rng) {
        String verb = pick(List.of("give", "bring", "pass", "show", "lend"), rng);
        String thing = (rng.nextBoolean() ? "" : pick(Facts.COLOR_WORDS, rng) + " ") + pick(Facts.THINGS, rng);
        String order = capital(verb) + " me the " + thing + ".", answer = "Could you " + verb + " me the " + thing + ", please?";
        return rng.nextBoolean() ? new Example("Make this more polite.", order, answer) : new Example("Say it politely: " + order, answer);
    }

    private static Example whoHas(Random rng) {
        List<String> names = sample(Facts.NAMES, 2, rng), things = sample(Facts.THINGS, 2, rng);
        int asked = rng.nextInt(2);
        return new Example(names.get(0) + " has a " + things.get(0) + ". " + names.get(1) + " has a " + things.get(1) + ". Who has the "
            + things.get(asked) + "?", names.get(asked) + " has the " + things.get(asked) + ".");
    }

    private static Example whatColor(Random rng) {
        List<String> colors = sample(Facts.COLOR_WORDS, 2, rng), things = sample(Facts.THINGS, 2, rng);
        int asked = rng.nextInt(2);
        return new Example("The " + things.get(0) + " is " + colors.get(0) + " and the " + things.get(1) + " is " + colors.get(1)
            + ". What colour is the " + things.get(asked) + "?", "The " + things.get(asked) + " is " + colors.get(asked) + ".");
    }

    private static Example list(Random rng) {
        String name = pick(Facts.NAMES, rng), verb = pick(List.of("like", "need", "want", "enjoy"), rng);
        List<String> w = sample(pick(List.of(Facts.ACTIVITIES, Facts.FOODS), rng), 2 + rng.nextInt(2), rng);
        String joined = w.size() == 2 ? w.get(0) + " and " + w.get(1) : w.get(0) + ", " + w.get(1) + " and " + w.get(2);
        String story = name + " " + verb + "s " + joined + ".";
        String question = "What does " + name + " " + verb + "?";
        return rng.nextBoolean() ? new Example(question, story, story) : new Example(story + " " + question, story);
    }

    private static Example lastItem(Random rng) {
        List<String> w = sample(pick(List.of(Facts.ACTIVITIES, Facts.FOODS, Facts.THINGS), rng), 3, rng);
        boolean last = rng.nextBoolean();
        String which = last ? "last" : "first";
        return new Example("Name the " + which + " of these: " + String.join(", ", w),
                "The " + which + " one is " + w.get(last ? 2 : 0) + ".");
    }

    private static Example repeat(Random rng) {
        String words = pick(Facts.COLOR_WORDS, rng) + " " + pick(Facts.THINGS, rng) + " and " + pick(Facts.COLOR_WORDS, rng) + " "
                + pick(Facts.THINGS, rng);
        return new Example(pick(List.of("Repeat after me: ", "Write this again: ", "Say: "), rng) + words, capital(words) + ".");
    }

    private static Example chat(Random rng) {
        String name = pick(Facts.NAMES, rng), day = pick(Facts.DAYS, rng);
        return switch (rng.nextInt(8)) {
            case 0 -> new Example("My name is " + name + ". How are you?", "I am well, " + name + ". How can I help you?");
            case 1 -> new Example("Good morning! I am " + name + ".", "Good morning, " + name + ". Nice to meet you.");
            case 2 -> new Example("Thank you for your help, says " + name + ".", "You are welcome, " + name + ".");
            case 3 -> new Example("I am " + name + ". Do you have time on " + day + "?",
                    "Sure! On " + day + " I have time for you, " + name + ".");
            case 4 -> new Example("Say goodbye to " + name + ".", "Goodbye, " + name + ". See you soon.");
            case 5 -> new Example("Wish " + name + " a nice " + day + ".", "I wish you a nice " + day + ", " + name + ".");
            case 6 -> new Example("Tell " + name + " that we meet on " + day + ".", "Hello " + name + ", we meet on " + day + ".");
            default -> new Example("Ask " + name + " to come on " + day + ".", "Dear " + name + ", could you come on " + day + "?");
        };
    }

    static <T> List<T> sample(List<T> from, int count, Random rng) {
        List<T> left = new ArrayList<>(from), taken = new ArrayList<>();
        while (taken.size() < count) taken.add(left.remove(rng.nextInt(left.size())));
        return taken;
    }
}
