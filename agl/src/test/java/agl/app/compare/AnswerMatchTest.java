package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerMatchTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "yes. | Yes | true", "Yes! | yes | true", "the  cat | The cat | true", "**Yes** | yes | true", "*Yes.* | yes | true",
        "`yes` | yes | true",
        "well-known | well known | true", "It’s | It's | true", "we'll | well | false", "\"yes\" | yes | true", "(yes) | yes | true",
        "- yes | yes | true",
        "x > y | x>y | true", "x > y | x < y | false", "x - y | x-y | true", "x - y | x y | false", "2*3 | 2 3 | false",
        "2**3 | 23 | false",
        "-5 | 5 | false", "−5 | -5 | true", "–5 | -5 | true", "5-3 | 53 | false", "5-3 | 5 3 | false", "C++ | C | false", "C# | C | false",
        "+ | - | false",
        "50% | 50 | false", "50 % | 50% | true", "$5 | 5 | false", "$ 5 | $5 | true", "€5 | $5 | false", "1.5 | 15 | false",
        "1.5 | 1 5 | false", "1.5. | 1.5 | true",
        ".5 | 5 | false", "3:15 | 315 | false", "12, | 12 | true", "x² | x | false", "½ | ¼ | false", "कि | का | false", "कि | कि | true",
        "a@b | a b | false",
        "café | cafe | false", "positive | negative | false", "a_b | ab | false", "R&D | RD | false", "A/B | AB | false",
        "~5 | 5 | false"}) void exact(String answer, String reference, boolean same) {
        assertEquals(same, AnswerMatch.EXACT.matches(answer, reference));
        assertEquals(same, AnswerMatch.EXACT.matches(reference, answer));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "positive, I think | positive | true", "Positive - it was fun | positive | true", "positively | positive | false",
        "C++ is | C | false", "C++ is | C++ | true",
        "'' | !!! | false", "anything | !!! | false", "!!! wow | !!! | false", "-5 degrees | 5 | false", "-5 degrees | -5 | true",
        "5 degrees | -5 | false",
        "positive | positive, I think | false", "the cat sat | the cat | true"}) void starts(String answer, String reference,
                boolean same) {
        assertEquals(same, AnswerMatch.STARTS.matches(answer, reference));
    }

    /** The numbers that end each text, or "none". */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "The answer is 12. | 12", "no number | none", "12, | 12", "#### 72 | 72", "He sold 48+24 = 72 | 72", "She has 5, 6 or 7, so 7 | 7",
        "a4 | 4",
        "$1,234.50 | 1234.5", "1,234,567 | 1234567", "-1,234 | -1234", "1,5 | 1.5", "0,125 | 0.125", "12,34,567 | 1234567",
        "1.234,50 | 1234.5", "1.234.567 | 1234567",
        "1'234'567 | 1234567", "1\u202F234 | 1234", "1\u00A0234 | 1234", "1 234 | 234", "5,6,7 | 7", "1,2345 | 1.2345", "3.14 | 3.14",
        ".5 | 0.5", "5. | 5",
        "-5 | -5", "−5 | -5", "–5 | -5", "－5 | -5", "‑5 | -5", "= -5 | -5", "=-5 | -5", "= - 5 | -5", "(-5) | -5", "5-3 | 3", "5 - 3 | 3",
                "5–3 | 3", "x-3 | 3", "(5)-3 | 3", "2024-05-01 | 1", "+5 | 5",
        "-$5 | -5", "$-5 | -5", "x = -0 | 0", "-0.0 | 0", "50% | 50", "5 €| 5",
        "1.5e3 | 1500", "1.5E+3 | 1500", "2e-3 | 0.002", "-1e2 | -100", "5eggs | 5", "1.5 × 10^3 | 1500", "1.5 \\times 10^{3} | 1500",
        "2*10 | 10",
        "1/2 | 0.5", "-1/4 | -0.25", "01/05/2024 | 2024", "7/0 | 0", "٥ | 5", "１２ | 12",
        "123456789012345678901 | 123456789012345678901", "1e400 | 1e400"}) void lastNumber(String text, String value) {
        String found = LastNumber.of(text)
                .map(v -> v.compareTo(value.equals("none") ? v.add(v.ulp()) : new java.math.BigDecimal(value)) == 0 ? value : v.toString())
                .orElse("none");
        assertEquals(value, found);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "so 12 | 12 | true", "1500 | 1.5e3 | true", "12 | -12 | false", "no number | no number | false", "12 | no number | false",
        "no number | 12 | false",
        "123456789012345678901 | 123456789012345678902 | false", "1e400 | 1e500 | false", "12.0 | 12 | true"}) void number(String answer,
                String reference, boolean same) {
        assertEquals(same, AnswerMatch.NUMBER.matches(answer, reference));
    }

    @Test
    void namesOnTheCommandLine() {
        for (AnswerMatch m : AnswerMatch.values()) {
            assertEquals(m, AnswerMatch.of(m.title()));
        }
        assertTrue(assertThrows(AglException.class, () -> AnswerMatch.of("fuzzy")).getMessage().contains("fuzzy"));
    }
}
