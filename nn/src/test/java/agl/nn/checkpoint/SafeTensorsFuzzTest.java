package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a file, opening it either succeeds with every tensor inside the file or ends in an {@link AglException}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SafeTensorsFuzzTest {
    private static final int ROUNDS = 1000;
    /** What a hostile header may try in the place of a number. */
    private static final String[] NUMBERS = {"0", "1", "-1", "4", "8", "2147483647", "2147483648", "4294967296", "4611686018427387904",
        "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e3", "1.5", "null", "\"4\"", "[]", "{}", "true", "[[0,8]]"};

    @TempDir
    Path folder;
    private byte[] good;

    @BeforeEach
    void makeOne() throws IOException {
        Path file = folder.resolve("good.safetensors");
        new SafeTensorsWriter().metadata("format", "pt").add("a", new float[6], 2, 3).add("b", new float[4], 4).add("c", new float[1])
                .write(file);
        good = Files.readAllBytes(file);
    }

    @Test
    void truncated() throws IOException {
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertFalse(open(cut), "opened with " + length + " of " + good.length + " bytes");
        }
        assertFalse(open(Arrays.copyOf(good, good.length + 1)));
    }

    @Test
    void flippedBytes() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        int header = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0) + 8;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bad = good.clone();
            for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                bad[random.nextInt(header)] ^= (byte) random.nextInt(1, 256);
            }
            refused += open(bad) ? 0 : 1;
        }
        assertTrue(refused > ROUNDS / 2, "only " + refused + " refused"); // a flip within a name is harmless
    }

    @Test
    void replacedNumbers() throws IOException {
        SplittableRandom random = new SplittableRandom(2);
        int headerBytes = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        String header = new String(good, 8, headerBytes, StandardCharsets.UTF_8);
        String[] parts = header.split("(?<=[\\[,:])(?=\\d)|(?<=\\d)(?=[,\\]}])"); // the numbers are parts of their own
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String[] bad = parts.clone();
            for (int changes = random.nextInt(1, 3); changes > 0; changes--) {
                int at = random.nextInt(bad.length);
                bad[at] = bad[at].matches("\\d+") ? NUMBERS[random.nextInt(NUMBERS.length)] : bad[at];
            }
            byte[] json = String.join("", bad).getBytes(StandardCharsets.UTF_8);
            byte[] file = ByteBuffer.allocate(8 + json.length + 44).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).array();
            refused += open(file) ? 0 : 1;
        }
        assertTrue(refused > ROUNDS / 3, "only " + refused + " refused");
    }

    @Test
    void indexFiles() throws IOException {
        Files.write(folder.resolve("shard-1.safetensors"), good);
        Path index = folder.resolve("model.safetensors.index.json");
        String text = "{\"metadata\":{},\"weight_map\":{\"a\":\"shard-1.safetensors\",\"b\":\"shard-1.safetensors\"}}";
        Files.writeString(index, text);
        try (Checkpoint opened = Checkpoint.open(folder)) {
            assertEquals(6, opened.info("a").elements());
            assertFalse(opened.has("c"));
        }
        Files.createDirectories(folder.resolve("inner"));
        for (String shard : new String[] {"../shard-1.safetensors", "/etc/passwd", "inner/../shard-1.safetensors", "inner\\\\x", "..", ".",
            "", "no.safetensors", "x\\u0000y"}) {
            Files.writeString(index, text.replaceFirst("shard-1.safetensors", shard.replace("\\", "\\\\")));
            assertThrows(AglException.class, () -> Checkpoint.open(folder), shard);
        }
        for (String whole : new String[] {"", "[]", "{}", "{\"weight_map\":[]}", "{\"weight_map\":{\"x\":\"shard-1.safetensors\"}}",
            "{\"weight_map\":{\"a\":1}}"}) {
            Files.writeString(index, whole);
            assertThrows(AglException.class, () -> Checkpoint.open(folder), whole);
        }
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < ROUNDS / 3; round++) {
            byte[] bad = text.getBytes(StandardCharsets.UTF_8);
            bad[random.nextInt(bad.length)] ^= (byte) random.nextInt(1, 256);
            Files.write(index, bad);
            try (Checkpoint opened = Checkpoint.open(folder)) {
                opened.names().forEach(name -> assertTrue(opened.segment(name).byteSize() <= good.length));
            } catch (AglException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
            }
        }
    }

    /** Whether the file opens; every tensor of one that does is read whole. */
    private boolean open(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("fuzzed.safetensors"), bytes);
        try (SafeTensors opened = SafeTensors.open(file)) {
            for (String name : opened.names()) {
                TensorInfo info = opened.info(name);
                assertTrue(info.data().byteSize() <= bytes.length);
                if (info.type().equals("F32")) {
                    assertEquals(info.elements(), info.toFloats().length);
                }
            }
            return true;
        } catch (AglException e) {
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            return false;
        }
    }
}
