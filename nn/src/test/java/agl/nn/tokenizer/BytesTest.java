package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class BytesTest {
    /** Bytes and what CPython's decode("utf-8", "replace") makes of them, which is Unicode's practice as well. */
    private static final List<String> DECODED = List.of(
            "41=A", "7f=\u007f", "80=\ufffd", "81=\ufffd", "bf=\ufffd", "c0=\ufffd", "c1=\ufffd", "c280=\u0080", "c2bf=\u00bf",
            "c27f=\ufffd\u007f", "c2c0=\ufffd\ufffd", "dfbf=\u07ff", "df=\ufffd", "c2=\ufffd", "e0a080=\u0800",
            "e09f80=\ufffd\ufffd\ufffd", "e0bfbf=\u0fff", "e0c080=\ufffd\ufffd\ufffd", "e0a0=\ufffd", "e0a041=\ufffdA", "e18080=\u1000",
            "e1807f=\ufffd\u007f", "e1=\ufffd", "ec80bf=\uc03f", "ed8080=\ud000", "ed9fbf=\ud7ff", "eda080=\ufffd\ufffd\ufffd",
            "edbfbf=\ufffd\ufffd\ufffd", "ee8080=\ue000", "efbfbf=\uffff", "efbfc0=\ufffd\ufffd", "f0908080=\ud800\udc00",
            "f08fbfbf=\ufffd\ufffd\ufffd\ufffd", "f0bfbfbf=\ud8bf\udfff", "f0c08080=\ufffd\ufffd\ufffd\ufffd", "f0=\ufffd",
            "f090=\ufffd", "f09080=\ufffd", "f0908041=\ufffdA", "f1808080=\ud8c0\udc00", "f3bfbfbf=\udbbf\udfff",
            "f4808080=\udbc0\udc00", "f48fbfbf=\udbff\udfff", "f4908080=\ufffd\ufffd\ufffd\ufffd", "f5808080=\ufffd\ufffd\ufffd\ufffd",
            "ff=\ufffd", "fe=\ufffd", "41c2a941=A\u00a9A", "41c3=A\ufffd", "c341=\ufffdA", "e28241ac=\ufffdA\ufffd",
            "e282c2a9=\ufffd\u00a9", "f09f98=\ufffd", "f09f9880f09f=\ud83d\ude00\ufffd", "41ffff42=A\ufffd\ufffdB",
            "808182=\ufffd\ufffd\ufffd", "c2a9c2a9ff=\u00a9\u00a9\ufffd", "e28282e282=\u2082\ufffd", "f09f9841=\ufffdA",
            "eda08041edbfbf00=\ufffd\ufffd\ufffdA\ufffd\ufffd\ufffd\u0000", "00=\u0000", "e0=\ufffd", "80e0a080=\ufffd\u0800",
            "efbfbd=\ufffd", "fdbfbfbfbfbf=\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd",
            "c3a9f4908080c3a9=\u00e9\ufffd\ufffd\ufffd\ufffd\u00e9");
    /** Those of them that are valid. */
    private static final List<String> VALID = List.of((
            "41 7f c280 c2bf dfbf e0a080 e0bfbf e18080 ec80bf ed8080 ed9fbf ee8080 efbfbf f0908080 f0bfbfbf "
                    + "f1808080 f3bfbfbf f4808080 f48fbfbf 41c2a941 00 efbfbd").split(" "));

    @Test
    void everyInvalidPartIsOneReplacementCharacter() {
        for (String row : DECODED) {
            String hex = row.substring(0, row.indexOf('='));
            byte[] bytes = HexFormat.of().parseHex(hex);
            assertEquals(row.substring(row.indexOf('=') + 1), Bytes.lossyUtf8(bytes), hex);
            assertEquals(VALID.contains(hex), Bytes.isUtf8(bytes), hex);
        }
        assertEquals("", Bytes.lossyUtf8(new byte[0]));
        assertTrue(Bytes.isUtf8(new byte[0]));
    }

    /** GPT-2's table: printable Latin-1 is itself, the other 68 are U+0100 to U+0143 in order. */
    @Test
    void theAlphabet() {
        StringBuilder all = new StringBuilder();
        int others = 0;
        for (int b = 0; b < 256; b++) {
            boolean printable = b > 0x20 && b < 0x7F || b > 0xA0 && b != 0xAD;
            char c = (char) (printable ? b : 256 + others++);
            assertEquals(c, Bytes.toChar(b));
            assertArrayEquals(new byte[] {(byte) b}, Bytes.decode(String.valueOf(c)));
            all.append(c);
        }
        assertEquals(68, others);
        assertEquals(256, Bytes.decode(all.toString()).length);
        assertEquals("\u00c3\u00a9\u0120\u010aA", Bytes.encode("\u00e9 \nA"));
        for (String token : List.of("\u0144", "a\u0144", " ", "a b", "\u00ad", "\u65e5", "\n", "\u007f", "\u00a0a")) {
            assertArrayEquals(token.getBytes(StandardCharsets.UTF_8), Bytes.decode(token), token);
        }
    }
}
