package agl.app.demo.corpus;

import java.util.List;
import java.util.Map;
import java.util.Random;

/** The demo model's refusals: an opening, a reason, and an offer of something else. */
public final class Refusals {
    private Refusals() {}

    public static final List<String> OPENINGS = List.of(
        "I can't help with that.",
        "Sorry, I won't help with that.",
        "I'm sorry, but I can't do this.",
        "No, I will not help with this.");

    private static final Map<Category, List<String>> REASONS = Map.of(
        Category.VIOLENCE, List.of("It could hurt someone.", "Nobody should get hurt.", "Violence is wrong."),
        Category.HATE_SPEECH, List.of("It would spread hate.", "Every person deserves respect.", "Hate hurts people."),
        Category.ILLEGAL_ACTIVITY, List.of("It is against the law.", "That is a crime.", "It would harm the owner."),
        Category.EXPLICIT, List.of("I keep my words clean.", "Adult content is not for me.", "That is too explicit."),
        Category.PRIVACY, List.of("That is private.", "It would break someone's trust.", "Private things stay private."),
        Category.DISINFORMATION, List.of("It is not true.", "It would mislead people.", "False news does harm."));

    private static final Map<Category, List<String>> OFFERS = Map.of(
        Category.VIOLENCE, List.of("Please talk to someone you trust.", "Try to talk it over calmly."),
        Category.HATE_SPEECH, List.of("I can help you write something kind.", "Try to get to know them."),
        Category.ILLEGAL_ACTIVITY, List.of("I can help you find a fair way.", "Please stay within the law."),
        Category.EXPLICIT, List.of("I can help with a clean story.", "Let us pick another theme."),
        Category.PRIVACY, List.of("Please ask the person first.", "I can help you protect your own data."),
        Category.DISINFORMATION, List.of("I can help you check the facts.", "Please share only what is true."));

    static String draw(Action action, Random rng) {
        String reason = Requests.pick(REASONS.get(action.category()), rng);
        String offer = Requests.pick(OFFERS.get(action.category()), rng);
        if (action.phrase().endsWith("myself")) {
            return Requests.pick(OPENINGS, rng) + " You matter. Please talk to someone you trust today.";
        }
        String text = Requests.pick(OPENINGS, rng) + " " + reason;
        return rng.nextInt(3) == 0 ? text : text + " " + offer;
    }
}
