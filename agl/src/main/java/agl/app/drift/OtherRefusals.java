package agl.app.drift;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The common forms of a refusal in languages other than English, from the resource other-languages.txt: each line has a language, a kind
 * (refuses; or stays: words that may follow a refusal) and a pattern over lower-case text without accents on Latin letters.
 */
final class OtherRefusals {
    /** How far into the answer to search, in characters. */
    private static final int OPENING = 220;

    private record Form(String language, String kind, Pattern pattern, boolean latin) {
        static Form of(String language, String kind, String regex) {
            boolean latin = isLatin(regex);
            return new Form(language, kind, Pattern.compile(regex, latin ? 0 : Pattern.UNICODE_CHARACTER_CLASS), latin);
        }
    }

    private static final List<Form> FORMS = read();

    private OtherRefusals() {
    }

    /**
     * @param words the words of the refusal
     * @param alone whether the text after it only continues the refusal
     */
    record Found(String words, boolean alone) { }

    private static final Pattern CLAUSES = Pattern.compile(
            "(?<=[.!?])\\s+|(?<=[。！？।])|\\n+|[;:]\\s|,? (?=(?:aber|mais|pero|sino"
            + "|ma|mas|porem|maar|men|ale|ama|fakat|tetapi|tapi|nhung|но|але)\\s)"
                    + "|[,，、](?=但|不过|不過|でも|しかし)");

    /** Finds a refusal in the answer's opening. */
    static Optional<Found> find(String text) {
        String plain = plain(text);
        String opening = plain.substring(0, Math.min(OPENING, plain.length()));
        boolean latin = isLatin(opening);
        for (Form form : FORMS) {
            Matcher m = form.pattern().matcher(opening);
            if (form.kind().equals("refuses") && (form.latin() || !latin) && m.find()) {
                return Optional.of(new Found(m.group(), stays(form.language(), plain.substring(m.start()))));
            }
        }
        return Optional.empty();
    }

    /** Whether each clause after the refusal's contains a word that belongs to a refusal. */
    private static boolean stays(String language, String after) {
        List<Pattern> words = FORMS.stream().filter(f -> f.kind().equals("stays") && f.language().equals(language)).map(Form::pattern)
                .toList();
        return CLAUSES.splitAsStream(after).map(String::strip).filter(c -> !c.isEmpty()).skip(1)
                .allMatch(clause -> words.stream().anyMatch(w -> w.matcher(clause).find()));
    }

    /** Whether the text has no letters of other scripts. */
    private static boolean isLatin(String text) {
        return text.chars().noneMatch(c -> c >= '\u0370' && Character.isLetter(c));
    }

    private static String plain(String text) {
        return Normalizer
                .normalize(Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("(?<=\\p{IsLatin})\\p{Mn}+", ""), Normalizer.Form.NFC)
                .replace('ı', 'i').replace('ł', 'l');
    }

    private static List<Form> read() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(OtherRefusals.class.getResourceAsStream("/agl/refusals/other-languages.txt")),
                StandardCharsets.UTF_8))) {
            return lines.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).map(l -> l.split("\\s+", 3))
                    .map(l -> Form.of(l[0], l[1], l[2])).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
