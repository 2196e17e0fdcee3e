package agl.nn.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's byte alphabet: every byte as one printable character, so that a text vocabulary can represent any bytes. Printable Latin-1
 * represents itself; the other 68 bytes, in order, are U+0100, U+0101, ...
 */
final class Bytes {
    private static final char[] TO_CHAR = new char[256];
    private static final short[] TO_BYTE = new short[256 + 68];

    static {
        Arrays.fill(TO_BYTE, (short) -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            TO_CHAR[b] = printable ? (char) b : next++;
            TO_BYTE[TO_CHAR[b]] = (short) b;
        }
    }

    private Bytes() {
    }

    /** The character that represents byte {@code b} (0..255). */
    static char toChar(int b) {
        return TO_CHAR[b];
    }

    /** UTF-8 of {@code text}, each byte as its character. */
    static String encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        char[] chars = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            chars[i] = TO_CHAR[bytes[i] & 0xFF];
        }
        return new String(chars);
    }

    /** The bytes that {@code token} represents, or its UTF-8 if any of its characters represents no byte. */
    static byte[] decode(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= TO_BYTE.length || TO_BYTE[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) TO_BYTE[c];
        }
        return bytes;
    }

    /** Whether {@code bytes} are valid UTF-8. */
    static boolean isUtf8(byte[] bytes) {
        for (int i = 0; i < bytes.length; ) {
            int length = validLength(bytes, i);
            if (length < 0) {
                return false;
            }
            i += length;
        }
        return true;
    }

    /**
     * Decodes UTF-8, each maximal invalid part as one U+FFFD (Unicode's recommended practice, section 3.9). Java's own decoder handles
     * encoded surrogates differently.
     */
    static String lossyUtf8(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        int good = 0;
        for (int i = 0; i < bytes.length; ) {
            int length = validLength(bytes, i);
            if (length < 0) {
                out.append(new String(bytes, good, i - good, StandardCharsets.UTF_8)).append('\uFFFD');
                i -= length;
                good = i;
            } else {
                i += length;
            }
        }
        return out.append(new String(bytes, good, bytes.length - good, StandardCharsets.UTF_8)).toString();
    }

    /** Length of the valid sequence at {@code at}, or minus the length of the invalid part there. */
    private static int validLength(byte[] bytes, int at) {
        int lead = bytes[at] & 0xFF;
        if (lead < 0x80) {
            return 1;
        }
        int length = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
        if (length == 0) {
            return -1;
        }
        for (int i = 1; i < length; i++) {
            int b = at + i < bytes.length ? bytes[at + i] & 0xFF : 0;
            // The second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
            int low = i > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            int high = i > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (b < low || b > high) {
                return -i;
            }
        }
        return length;
    }
}
