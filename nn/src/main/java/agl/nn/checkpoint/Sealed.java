package agl.nn.checkpoint;

import agl.error.AglException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Files that this program writes and reads again (finished runs, Fisher estimates, training curves) contain their own SHA-256, so that a
 * damaged one is never taken for a result. The file is JSON, or begins with JSON (safetensors), with the field {@value #KEY} among its
 * first ones; the hash covers the whole file with 64 zeros as the field's value.
 */
public final class Sealed {
    /** Name of the checksum field. */
    public static final String KEY = "agl_sha256";
    /** Value of the field before the checksum is known. */
    public static final String BLANK = "0".repeat(64);

    private static final byte[] FIELD = ("\"" + KEY + "\":\"").getBytes(StandardCharsets.US_ASCII);
    /** The field must lie within this many bytes of the start. */
    private static final int HEAD = 1 << 16;
    private static final int CHUNK = 1 << 20;

    private Sealed() {
    }

    private record Seal(long at, String written, String hash) {
    }

    /** Writes {@code target} atomically; {@code content} has the field with the value {@link #BLANK}, which becomes the checksum. */
    public static void write(Path target, OutputFile.Content content) {
        OutputFile.write(target, channel -> {
            content.writeTo(channel);
            Seal seal = seal(channel);
            if (seal == null || !seal.written.equals(BLANK)) {
                throw new IllegalArgumentException(target + ": the content has no blank field " + KEY);
            }
            channel.write(ByteBuffer.wrap(seal.hash.getBytes(StandardCharsets.US_ASCII)), seal.at);
        });
    }

    /** Rejects a file that was changed since it was written, or that has no checksum. */
    public static void require(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            Seal seal = seal(channel);
            if (seal == null) {
                throw new AglException(file + ": has no checksum (written by an earlier version, or damaged)");
            }
            if (!seal.written.equals(seal.hash)) {
                throw new AglException(file + ": is damaged: its checksum does not match its content");
            }
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private static Seal seal(FileChannel channel) throws IOException {
        byte[] head = read(channel, 0, HEAD);
        int field = indexOf(head, FIELD);
        int at = field + FIELD.length;
        if (field < 0 || at + BLANK.length() > head.length) {
            return null;
        }
        MessageDigest sha = sha256();
        for (long from = 0; from < channel.size(); from += CHUNK) {
            byte[] bytes = read(channel, from, CHUNK);
            if (from == 0) {
                Arrays.fill(bytes, at, at + BLANK.length(), (byte) '0');
            }
            sha.update(bytes);
        }
        return new Seal(at, new String(head, at, BLANK.length(), StandardCharsets.US_ASCII), HexFormat.of().formatHex(sha.digest()));
    }

    private static byte[] read(FileChannel channel, long from, int most) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(most, channel.size() - from));
        while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) { }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }

    /** Every Java runtime has SHA-256. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
