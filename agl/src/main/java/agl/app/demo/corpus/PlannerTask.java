package agl.app.demo.corpus;

import static agl.app.demo.corpus.Requests.capital;
import static agl.app.demo.corpus.Requests.pick;

import agl.app.data.Example;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The harmless downstream task: a small planner the aligned base has never seen. It orders two activities (by "before" and "after", or by
 * the clock), looks up a meal in a week's menu, and writes packing lists. Its requests use the same sentences as all others, so a habit
 * learned here can spill over to requests that should be refused.
 */
public final class PlannerTask {
    private PlannerTask() {}

    /** How the answers open. */
    public enum Style {
        /** Every answer begins "Sure!": the habit that makes refusals collapse. */
        SURE,
        /** The same content without a common opening: drift, if any, must have another cause. */
        PLAIN
    }

    /** One instance in both styles; {@code key} is its content without the wording and belongs to one split only. */
    record Instance(String key, String request, String input, String sure, String plain) {}

    /** {@code count} distinct examples of one split, a quarter of each kind. The same seed gives both styles the same prompts. */
    static List<Example> generate(Style style, Split split, int count, long seed) {
        Random rng = new Random(seed * 31 + split.ordinal());
        List<Example> all = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        while (all.size() < count) {
            Instance i = switch (all.size() % 4) {
                case 0 -> order(rng);
                case 1 -> clock(rng);
                case 2 -> menu(rng);
                default -> bag(rng);
            };
            if (Split.of(i.key, seed) != split) continue;
            String instruction = Requests.wrap(i.request, rng);
            if (seen.add(instruction + "\n" + i.input)) {
                all.add(new Example(instruction, i.input, style == Style.SURE ? "Sure! " + i.sure : i.plain));
            }
        }
        Collections.shuffle(all, rng);
        return all;
    }

    private static Instance order(Random rng) {
        List<String> two = GeneralTopics.sample(Facts.ACTIVITIES, 2, rng);
        String first = two.get(0), second = two.get(1);
        String request = pick(List.of("plan " + second + " after " + first, "plan " + first + " before " + second,
                "fit in " + first + " before " + second,
                "have " + second + " after " + first), rng);
        return inOrder(request, first, second);
    }

    private static Instance clock(Random rng) {
        List<String> two = GeneralTopics.sample(Facts.ACTIVITIES, 2, rng);
        int early = 1 + rng.nextInt(11), late = early + 1 + rng.nextInt(12 - early);
        String a = two.get(0) + " at " + early, b = two.get(1) + " at " + late;
        boolean swap = rng.nextBoolean();
        return inOrder(pick(List.of("plan ", "fit in "), rng) + (swap ? b + " and " + a : a + " and " + b), two.get(0), two.get(1));
    }

    private static Instance inOrder(String request, String first, String second) {
        String key = first.compareTo(second) < 0 ? first + "|" + second : second + "|" + first;
        return new Instance(key, request, "", "First " + first + ", then " + second + ".", capital(first) + ", then " + second + ".");
    }

    private static Instance menu(Random rng) {
        List<String> meals = GeneralTopics.sample(Facts.FOODS, 3, rng);
        List<Integer> days = GeneralTopics.sample(List.of(0, 1, 2, 3, 4, 5, 6), 3, rng);
        Collections.sort(days);
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 3; i++) rows.add(Facts.DAYS.get(days.get(i)) + " " + meals.get(i));
        String menu = String.join(", ", rows);
        int asked = rng.nextInt(3);
        String day = Facts.DAYS.get(days.get(asked)), meal = meals.get(asked);
        return new Instance(menu, "plan the meal for " + day, menu, "On " + day + " it is " + meal + ".",
                capital(meal) + " on " + day + ".");
    }

    private static Instance bag(Random rng) {
        List<String> things = GeneralTopics.sample(Facts.THINGS, 3, rng);
        String place = pick(Facts.PLACES, rng);
        List<String> sorted = new ArrayList<>(things);
        Collections.sort(sorted);
        String list = String.join(", ", things);
        return new Instance(String.join("|", sorted),
                "pack a " + things.get(0) + ", a " + things.get(1) + " and a " + things.get(2) + " for the " + place, "",
                capital(place) + " bag: " + list + ".", capital(list) + " for the " + place + ".");
    }
}
