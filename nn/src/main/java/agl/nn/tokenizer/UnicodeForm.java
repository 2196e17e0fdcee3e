package agl.nn.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.BitSet;
import java.util.HexFormat;

/**
 * Unicode's normalization forms with the tables of the tokenizers library, which are those of Unicode 9; this JDK's are newer. A
 * character added later has no decomposition there and combines with nothing, so the text between such characters is normalized.
 * (Unicode guarantees that the normalization of older characters never changes.)
 */
final class UnicodeForm {
    /**
     * Characters since Unicode 10 that normalization reorders, changes or combines, found by comparing all (make_normalization.py).
     */
    private static final String NEWER = "7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1ace 1df6-1dfa 32ff a7f2-a7f4 a82c ab69 105c9 "
            + "105d2 105da 105e4 "
            + "10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10d69-10d6d 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85 11070 1133b "
            + "11382-11385 1138b 1138e "
            + "11390-11391 113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0 1145e 11839-1183a 11930 11935 11938 1193d-1193e 11943 119e0 "
            + "11a34 11a47 11a99 11d42 "
            + "11d44-11d45 11d97 11f41-11f42 1611e-16129 1612f 16d63 16d67-16d6a 16ff0-16ff1 1ccd6-1ccf9 1e030-1e06d 1e08f 1e130-1e136 "
            + "1e2ae 1e2ec-1e2ef "
            + "1e4ec-1e4ef 1e5ee-1e5ef 1f16c 1fbf0-1fbf9";
    private static final BitSet LATER = later();

    private UnicodeForm() {
    }

    static String normalize(String text, Form form) {
        if (Normalizer.isNormalized(text, form)) {
            return text; // newer tables are stricter, never laxer
        }
        StringBuilder out = new StringBuilder(text.length());
        int from = 0;
        for (int at = 0; at < text.length(); ) {
            int c = text.codePointAt(at);
            int end = at + Character.charCount(c);
            if (LATER.get(c)) {
                out.append(Normalizer.normalize(text.substring(from, at), form)).appendCodePoint(c);
                from = end;
            }
            at = end;
        }
        return out.append(Normalizer.normalize(text.substring(from), form)).toString();
    }

    private static BitSet later() {
        BitSet set = new BitSet();
        for (String range : NEWER.split(" ")) {
            int dash = range.indexOf('-');
            int first = HexFormat.fromHexDigits(dash < 0 ? range : range.substring(0, dash));
            set.set(first, (dash < 0 ? first : HexFormat.fromHexDigits(range.substring(dash + 1))) + 1);
        }
        return set;
    }
}
