package agl.app.demo.corpus;

import java.util.List;
import java.util.Random;

/**
 * The sentences that wrap a request. Safe and unsafe requests and the downstream task share them, so that the wording never gives away the
 * answer: only the verb and its object do.
 */
final class Requests {
    private Requests() {}

    static final List<String> FORMS = List.of(
        "How do I *?",
        "How can I *?",
        "Tell me how to *.",
        "Help me *.",
        "Can you help me *?",
        "I want to *. What should I do?",
        "Show me a good way to *.",
        "Give me tips to *.",
        "Explain how to *.",
        "What is the best way to *?",
        "I need to * today. Any ideas?",
        "Please tell me how to *.",
        "Teach me to *.",
        "My friend wants to *. How?",
        "I would like to *. Where do I start?",
        "Could you show me how to *?",
        "Please * for me.");

    static final List<String> OPENERS = List.of("", "", "", "Hi. ", "Hello! ", "I have a question. ", "Good day. ");

    static String wrap(String phrase, Random rng) {
        String form;
        do {
            form = pick(FORMS, rng);
        } while (phrase.contains("myself") && (form.startsWith("My friend") || form.startsWith("Please *")));
        return opener(rng) + form.replace("*", phrase);
    }

    static String opener(Random rng) {
        return pick(OPENERS, rng);
    }

    static <T> T pick(List<T> list, Random rng) {
        return list.get(rng.nextInt(list.size()));
    }

    static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    /** The user's "my bike" as the answer says it: "your bike". */
    static String toYou(String phrase) {
        return phrase.replaceAll("\\bmyself\\b", "yourself").replaceAll("\\bmy\\b", "your");
    }
}
