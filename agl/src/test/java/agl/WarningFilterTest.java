package agl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The one line that the launcher takes away, and all bytes that it must not. */
class WarningFilterTest {
    private static final String WARNING = "WARNING: Using incubator modules: jdk.incubator.vector";

    private static byte[] filtered(byte[] in, int piece) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        WarningFilter filter = new WarningFilter(out);
        for (int i = 0; i < in.length; i += piece) {
            filter.write(in, i, Math.min(piece, in.length - i));
        }
        filter.end();
        return out.toByteArray();
    }

    private static String filtered(String in, int piece) throws IOException {
        return new String(filtered(in.getBytes(StandardCharsets.UTF_8), piece), StandardCharsets.UTF_8);
    }

    @ParameterizedTest @ValueSource(ints = {1, 2, 7, 53, 54, 55, 8192}) void onlyTheWarningGoes(int piece) throws IOException {
        assertEquals("agl: a\n", filtered(WARNING + "\nagl: a\n", piece));
        assertEquals("agl: a\r\n", filtered(WARNING + "\r\nagl: a\r\n", piece));
        assertEquals("Picked up X\nb", filtered("Picked up X\n" + WARNING + "\nb", piece));
        assertEquals("", filtered(WARNING + "\n", piece));
        assertEquals("", filtered("", piece));
        // Once: a second one is no JVM's.
        assertEquals(WARNING + "\n", filtered(WARNING + "\n" + WARNING + "\n", piece));
        for (String other : new String[] {WARNING, WARNING + "\r", WARNING + "\rx\n", WARNING + ", another\n",
            " " + WARNING + "\n", "x" + WARNING + "\n",
            "WARNING: Using\n", "WARNING: Using \rWARNING\n",
            "WWARNING", "\n\n", WARNING + "WARNING\n"}) {
            assertEquals(other, filtered(other, piece));
        }
    }

    @ParameterizedTest @ValueSource(ints = {1, 3, 4096}) void bytesStayBytes(int piece) throws IOException {
        byte[] random = new byte[20_000];
        new Random(1).nextBytes(random);
        for (int i = 0; i < random.length; i += 5) { // many lines, some of them beginning like the warning
            random[i] = (byte) (i % 3 == 0 ? '\n' : 'W');
        }
        assertArrayEquals(random, filtered(random, piece));
    }

    /** A progress line without its end is passed on at once. */
    @Test void nothingWaits() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        WarningFilter filter = new WarningFilter(out);
        filter.write("train 1/9\r".getBytes(StandardCharsets.US_ASCII));
        assertEquals("train 1/9\r", out.toString(StandardCharsets.US_ASCII));
        filter.write("\nWA".getBytes(StandardCharsets.US_ASCII));
        filter.write('x');
        assertEquals("train 1/9\r\nWAx", out.toString(StandardCharsets.US_ASCII));
    }

    /** A child must not stop because nobody reads its errors any more. */
    @Test void whereNobodyReadsTheRestIsStillTaken() throws Exception {
        ByteArrayInputStream in = new ByteArrayInputStream(new byte[100_000]);
        WarningFilter.relay(in, new OutputStream() {
            @Override public void write(int b) throws IOException {
                throw new IOException("closed");
            }
        }).join();
        assertEquals(0, in.available());
    }

    @Test void theRelayEndsWithItsInput() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream((WARNING + "\nlast words, " + "W").getBytes(StandardCharsets.US_ASCII));
        WarningFilter.relay(in, out).join();
        assertEquals("last words, W", out.toString(StandardCharsets.US_ASCII));
    }
}
