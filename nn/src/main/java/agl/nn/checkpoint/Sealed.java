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
 * damaged one is never taken for a result. The file is JSON, or begins with JSON (safetensors), with the field {@value #KEY}, however long
 * the text before it; the hash covers the whole file with 64 zeros as the field's value.
 */
public final class Sealed {
    /** Name of the checksum field. */
    public static final String KEY = "agl_sha256";
    /** Value of the field before the checksum is known. */
    public static final String BLANK = "0".repeat(64);

    /** Cannot be part of a JSON string, where each quote has a backslash before it. */
    private static final byte[] FIELD = ("\"" + KEY + "\":\"").getBytes(StandardCharsets.US_ASCII);
    /** The field is looked for in this many bytes, those of the longest header: beyond are weights. */
    private static final long HEAD = 8 + SafeTensors.MAX_HEADER_BYTES;
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
        long at = place(channel);
        if (at < 0) {
            return null;
        }
        long end = at + BLANK.length();
        MessageDigest sha = sha256();
        for (long from = 0; from < channel.size(); from += CHUNK) {
            byte[] bytes = read(channel, from, CHUNK);
            int first = (int) Math.clamp(at - from, 0, bytes.length);
            Arrays.fill(bytes, first, (int) Math.clamp(end - from, first, bytes.length), (byte) '0');
            sha.update(bytes);
        }
        String written = new String(read(channel, at, BLANK.length()), StandardCharsets.US_ASCII);
        return new Seal(at, written, HexFormat.of().formatHex(sha.digest()));
    }

    /** Where the field's value begins; -1 if there is no such field with room for a value. */
    private static long place(FileChannel channel) throws IOException {
        int whole = FIELD.length + BLANK.length();
        for (long from = 0; from < Math.min(channel.size(), HEAD); from += CHUNK) {
            // A field that begins in this chunk may end in the next one.
            int field = indexOf(read(channel, from, CHUNK + whole - 1), FIELD);
            if (field >= 0) {
                return from + field + whole <= channel.size() ? from + field + FIELD.length : -1;
            }
        }
        return -1;
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
