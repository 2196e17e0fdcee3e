package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.Sealed;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** One of our records as a JSON file with a checksum of its bytes: {@code {"agl_sha256":"...","content":{...}}}. See {@link Sealed}. */
public final class SealedJson {
    private static final JsonMapper JSON = new JsonMapper();

    private SealedJson() {
    }

    private record Envelope<T>(@JsonProperty(Sealed.KEY) String seal, T content) {
    }

    /** Writes {@code content} atomically. */
    public static void write(Path file, Object content) {
        try {
            byte[] bytes = (JSON.writeValueAsString(new Envelope<>(Sealed.BLANK, content)) + "\n").getBytes(StandardCharsets.UTF_8);
            Sealed.write(file, channel -> {
                ByteBuffer left = ByteBuffer.wrap(bytes);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
            });
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads what {@link #write} wrote; throws an {@link AglException} if the file is damaged, has no checksum, or is of another kind. */
    public static <T> T read(Path file, Class<T> type) {
        Sealed.require(file);
        JavaType envelope = JSON.getTypeFactory().constructParametricType(Envelope.class, type);
        Envelope<T> read = Json.read(file, parser -> JSON.readValue(parser, envelope));
        if (read == null || read.content == null) {
            throw new AglException(file + ": holds no " + type.getSimpleName());
        }
        return read.content;
    }
}
