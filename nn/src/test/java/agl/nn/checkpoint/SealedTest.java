package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedTest {
    @TempDir
    private Path folder;

    private Path sealed(String json) {
        Path file = folder.resolve("a.json");
        Sealed.write(file, channel -> channel.write(ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8))));
        return file;
    }

    @Test void theChecksumIsThatOfTheFileWithZerosInItsPlace() throws Exception {
        String json = "{\"agl_sha256\":\"" + Sealed.BLANK + "\",\"x\":[1,2.5]}\n";
        Path file = sealed(json);
        Sealed.require(file);
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8)));
        assertEquals(json.replace(Sealed.BLANK, hash), Files.readString(file));
    }

    /** Every single bit. */
    @Test void everyFlippedBitIsFound() throws Exception {
        Path file = sealed("{\"agl_sha256\":\"" + Sealed.BLANK + "\",\"run\":{\"loss\":1.25}}");
        byte[] bytes = Files.readAllBytes(file);
        for (int bit = 0; bit < 8 * bytes.length; bit++) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, damaged);
            assertThrows(AglException.class, () -> Sealed.require(file));
        }
        for (int length = 0; length < bytes.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(bytes, length));
            assertThrows(AglException.class, () -> Sealed.require(file));
        }
    }

    @Test void aFileWithoutAChecksumIsRefusedWithWords() throws Exception {
        Path file = Files.writeString(folder.resolve("old.json"), "{\"x\":1}");
        assertTrue(assertThrows(AglException.class, () -> Sealed.require(file)).getMessage().contains("has no checksum"));
        Files.writeString(file, "{\"x\":\"" + "0".repeat(200) + "\"}");
        assertTrue(assertThrows(AglException.class, () -> Sealed.require(file)).getMessage().contains("has no checksum"));
        Files.writeString(file, "{\"agl_sha256\":\"" + "0".repeat(63));
        assertTrue(assertThrows(AglException.class, () -> Sealed.require(file)).getMessage().contains("has no checksum"), "cut within it");
        assertThrows(AglException.class, () -> Sealed.require(folder.resolve("none.json")));
        assertThrows(IllegalArgumentException.class, () -> sealed("{\"x\":1}"));
    }

    /** Before, within and across the parts of a MiB in which a file is read; a file's metadata may be long. */
    @Test void theFieldMayStandAnywhere() throws Exception {
        String end = "\"agl_sha256\":\"" + Sealed.BLANK + "\"}";
        int part = 1 << 20;
        for (int at : new int[] {1, 65_459, 70_000, part - 79, part - 78, part - 77, part - 14, part - 1, part, 3 * part - 40}) {
            Path file = sealed("{" + " ".repeat(at - 1) + end);
            Sealed.require(file);
            byte[] bytes = Files.readAllBytes(file);
            for (int damage : new int[] {at / 2, at + 15, at + 77}) {
                byte[] damaged = bytes.clone();
                damaged[damage] ^= 1;
                Files.write(file, damaged);
                assertThrows(AglException.class, () -> Sealed.require(file), at + ", " + damage);
            }
        }
        Sealed.require(sealed("\"agl_sha256\":\"" + Sealed.BLANK + "\""));
        Sealed.require(sealed("{\"x\":\"\\\"agl_sha256\\\":\\\"\"," + end)); // in a string it is not the field
        assertThrows(IllegalArgumentException.class, () -> sealed("{\"agl_sha256\":\"" + "1".repeat(64) + "\"}"), "not blank");
        assertThrows(IllegalArgumentException.class, () -> sealed("{\"agl_sha256\":\"" + "0".repeat(63)), "cut");
    }

    @Test void filesOfOneReadAndOneMore() throws Exception {
        for (int length : new int[] {1 << 20, (1 << 20) + 1}) {
            String front = "{\"agl_sha256\":\"" + Sealed.BLANK + "\",\"x\":\"";
            Path file = sealed(front + "a".repeat(length - front.length() - 2) + "\"}");
            assertEquals(length, Files.size(file));
            Sealed.require(file);
            byte[] bytes = Files.readAllBytes(file);
            bytes[length - 1] = ']';
            Files.write(file, bytes);
            assertTrue(assertThrows(AglException.class, () ->
                    Sealed.require(file)).getMessage().endsWith(": is damaged: its checksum does not match its content"));
        }
    }

    @Test void filesLongerThanOneReadAreHashedWhole() throws Exception {
        Path file = sealed("{\"agl_sha256\":\"" + Sealed.BLANK + "\",\"x\":\"" + "a".repeat(3_000_000) + "\"}");
        Sealed.require(file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[2_500_000]++;
        Files.write(file, bytes);
        assertThrows(AglException.class, () -> Sealed.require(file));
    }

    @Test void weightsWithAChecksumAreReadLikeAny() {
        Path file = folder.resolve("w.safetensors");
        new SafeTensorsWriter().metadata("a", "b").add("t", new float[] {1, 2}, 2).writeSealed(file);
        Sealed.require(file);
        try (SafeTensors in = SafeTensors.open(file)) {
            assertEquals(2, in.info("t").toFloats()[1]);
        }
    }
}
