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
 * The common forms of a refusal in languages other than English, from the resource other-languages.txt: one line each of language, kind
 * (refuses, or goes-on: what shows that an answer follows) and a pattern over lower-case text without accents on Latin letters.
 */
final class OtherRefusals {
    /** How far into the answer, in characters. */
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

    /** The words of a refusal in the answer's opening. */
    static Optional<String> find(String text) {
        String opening = plain(text.substring(0, Math.min(OPENING, text.length())));
        boolean latin = isLatin(opening);
        return FORMS.stream().filter(f -> f.kind().equals("refuses") && (f.latin() || !latin)).map(f -> f.pattern().matcher(opening)).filter(Matcher::find).map(Matcher::group).findFirst();
    }

    /** Without a letter of another script. */
    private static boolean isLatin(String text) {
        return text.chars().noneMatch(c -> c >= '\u0370' && Character.isLetter(c));
    }

    static boolean goesOn(String text) {
        String plain = plain(text);
        return FORMS.stream().anyMatch(f -> f.kind().equals("goes-on") && f.pattern().matcher(plain).find());
    }

    private static String plain(String text) {
        return Normalizer.normalize(Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("(?<=\\p{IsLatin})\\p{Mn}+", ""), Normalizer.Form.NFC).replace('ı', 'i').replace('ł', 'l');
    }

    private static List<Form> read() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(OtherRefusals.class.getResourceAsStream("/agl/refusals/other-languages.txt")), StandardCharsets.UTF_8))) {
            return lines.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).map(l -> l.split("\\s+", 3))
                    .map(l -> Form.of(l[0], l[1], l[2])).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
