package agl.nn.tokenizer;

import java.text.Normalizer.Form;
import java.util.List;
import java.util.Locale;

/** Rewrites a text before it is split into pieces: tokenizer.json's {@code normalizer}. */
@FunctionalInterface
interface Normalizer {
    String normalize(String text);

    static Normalizer parse(Part part) {
        return switch (part.type()) {
            case "NFC" -> form(Form.NFC);
            case "NFD" -> form(Form.NFD);
            case "NFKC" -> form(Form.NFKC);
            case "NFKD" -> form(Form.NFKD);
            case "Lowercase" -> Normalizer::lowercase;
            case "Prepend" -> {
                String prefix = part.text("prepend");
                yield text -> text.isEmpty() ? text : prefix + text;
            }
            case "Replace" -> {
                TextPattern pattern = TextPattern.parse(part);
                String content = part.text("content");
                yield text -> pattern.replaceAll(text, content);
            }
            case "Strip" -> {
                boolean left = part.flag("strip_left", true);
                boolean right = part.flag("strip_right", true);
                yield text -> strip(text, left, right);
            }
            case "StripAccents" -> Normalizer::stripAccents;
            case "ByteLevel" -> Bytes::encode;
            case "Sequence" -> {
                List<Normalizer> steps = part.children("normalizers").stream().map(Normalizer::parse).toList();
                yield text -> {
                    String out = text;
                    for (Normalizer step : steps) {
                        out = step.normalize(out);
                    }
                    return out;
                };
            }
            default -> throw part.unknown();
        };
    }

    private static Normalizer form(Form form) {
        return text -> UnicodeForm.normalize(text, form);
    }

    /** Character by character, as in the reference: no final sigma; only U+0130 becomes two characters. */
    private static String lowercase(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == 0x130) {
                out.append(Character.toString(c).toLowerCase(Locale.ROOT));
            } else {
                out.appendCodePoint(Character.toLowerCase(c));
            }
        });
        return out.toString();
    }

    private static String stripAccents(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().filter(c -> !Characters.isMark(c)).forEach(out::appendCodePoint);
        return out.toString();
    }

    private static String strip(String text, boolean left, boolean right) {
        int start = 0;
        int end = text.length();
        while (left && start < end && Characters.isWhiteSpace(text.charAt(start))) {
            start++; // all white space is in the basic plane, one char each
        }
        while (right && end > start && Characters.isWhiteSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }
}
