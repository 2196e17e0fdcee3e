package agl.app.compare;

import agl.error.AglException;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BiPredicate;

/**
 * When a model's generated answer counts as correct. Letter case, sentence punctuation, spacing and emphasis in Markdown do not matter;
 * signs and symbols do: "-5" is not "5", "C++" is not "C".
 */
public enum AnswerMatch {
    /** The same words and symbols. */
    EXACT(PlainWords::same),
    /** The answer begins with the reference's words, ending at a word boundary. */
    STARTS(PlainWords::begins),
    /** The last number in both has the same value, the usual scoring of arithmetic tasks; see {@link LastNumber}. */
    NUMBER((answer, reference) -> LastNumber.of(reference).map(r -> LastNumber.of(answer).filter(a -> a.compareTo(r) == 0).isPresent())
            .orElse(false));

    private final BiPredicate<String, String> rule;

    AnswerMatch(BiPredicate<String, String> rule) {
        this.rule = rule;
    }

    public static AnswerMatch of(String name) {
        return Arrays.stream(values()).filter(m -> m.title().equals(name)).findFirst()
                .orElseThrow(() -> new AglException("--match is exact, starts or number, not \"" + name + "\""));
    }

    public String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean matches(String answer, String reference) {
        return rule.test(answer, reference);
    }
}
