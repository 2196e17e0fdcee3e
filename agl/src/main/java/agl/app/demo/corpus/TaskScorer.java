package agl.app.demo.corpus;

import java.util.List;
import java.util.Locale;

/** Task accuracy: exact match of the answer's content, ignoring opening, spacing and punctuation. */
public final class TaskScorer {
    private TaskScorer() {}

    /** The first line without a leading "Sure", in lower case, only letters, digits and single spaces. */
    public static String answerPart(String response) {
        String line = response.strip().lines().findFirst().orElse("").toLowerCase(Locale.ROOT);
        String words = line.replaceAll("[^\\p{L}\\p{Nd}]+", " ").strip();
        return words.replaceFirst("^sure\\b ?", "");
    }

    public static boolean correct(String generated, String reference) {
        return answerPart(generated).equals(answerPart(reference));
    }

    /** Share of correct answers in [0, 1]; 0 if there are none. */
    public static double accuracy(List<String> generated, List<String> references) {
        if (generated.size() != references.size()) {
            throw new IllegalArgumentException(generated.size() + " answers for " + references.size() + " references");
        }
        int right = 0;
        for (int i = 0; i < generated.size(); i++) {
            right += correct(generated.get(i), references.get(i)) ? 1 : 0;
        }
        return generated.isEmpty() ? 0 : (double) right / generated.size();
    }
}
