package agl.nn.checkpoint;

import agl.error.AglException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * Strict reading of third-party JSON: UTF-8 only, no duplicate keys (two readers could disagree on which one counts), no text after
 * the end, bounded nesting, strings and numbers. Every fault becomes an {@link AglException} that names the file.
 */
public final class Json {
    /** Deeper than any configuration or tokenizer needs, and shallow enough for recursive readers. */
    private static final int MAX_DEPTH = 64;
    private static final long MAX_FILE_BYTES = 512L << 20;
    private static final int MAX_QUOTED = 120;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    // Interning 100,000 vocabulary entries would needlessly fill the JVM's string table.
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxNumberLength(400).build())
                    .build())
            .build();

    private Json() {
    }

    /** Reads from a parser; may throw Jackson's exceptions. */
    @FunctionalInterface
    public interface Reader<T> {
        T read(JsonParser parser) throws IOException;
    }

    /** The whole file as a tree. */
    public static JsonNode read(Path file) {
        return read(file, parser -> {
            JsonNode tree = MAPPER.readTree(parser);
            if (tree == null) {
                throw new AglException(file + ": empty, expected JSON");
            }
            return tree;
        });
    }

    /** Streams the file through {@code reader}, for files too big for a tree; nothing may follow what it reads. */
    public static <T> T read(Path file, Reader<T> reader) {
        byte[] bytes;
        try {
            if (!Files.exists(file)) {
                throw new AglException(file + ": no such file");
            }
            if (!Files.isRegularFile(file)) {
                throw new AglException(file + ": not a regular file, expected JSON");
            }
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new AglException(file + ": " + Files.size(file) + " bytes, more than any JSON file that is read here");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + reason(e), e);
        }
        return parse(bytes, file.toString(), reader);
    }

    /** Parses {@code bytes}; {@code where} names their origin in messages. */
    public static <T> T parse(byte[] bytes, String where, Reader<T> reader) {
        String text;
        try {
            // Decoded here because the parser would guess UTF-16 or UTF-32 from the first bytes.
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new AglException(where + ": not valid UTF-8", e);
        }
        try (JsonParser parser = MAPPER.createParser(text)) {
            T result = reader.read(parser);
            if (parser.nextToken() != null) {
                throw new AglException(where + ": text after the end of the JSON value");
            }
            return result;
        } catch (JsonProcessingException e) {
            throw new AglException(where + (text.indexOf('\n') < 0 ? "" : line(e)) + ": not valid JSON: " + reason(e), e);
        } catch (IOException e) {
            throw new AglException(where + ": cannot be read: " + reason(e), e);
        }
    }

    /** The value at the parser's current token as a tree. */
    public static JsonNode tree(JsonParser parser) throws IOException {
        return MAPPER.readTree(parser);
    }

    /** ", line 3" for a message, or "": Jackson reports its limits (nesting, length) without a location. */
    public static String line(JsonProcessingException e) {
        return e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
    }

    /** The cause, without the details that the parser adds for programmers: its source reference and the names of its limits. */
    public static String reason(JsonProcessingException e) {
        return quote(e.getOriginalMessage().replaceFirst("\\s*\\(start marker at (?s:.*)", "").replaceAll(", from `[^`]*`", ""));
    }

    /** Why reading or writing failed, in a few words for a message that already names the file. */
    public static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException x -> "permission denied";
            case FileSystemException x when x.getReason() != null -> quote(x.getReason());
            // Without their path, which the message names, or which is a temporary one.
            case NoSuchFileException x -> "no such file or folder";
            case FileAlreadyExistsException x -> "there is a file of that name";
            case NotDirectoryException x -> "not a folder";
            case DirectoryNotEmptyException x -> "the folder is not empty";
            case FileSystemException x -> x.getClass().getSimpleName();
            default -> quote(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        };
    }

    /** Makes external text fit for a one-line message: no control characters, not too long. */
    public static String quote(String text) {
        if (text == null) {
            return "no detail";
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length() && out.length() < MAX_QUOTED; i++) {
            char c = text.charAt(i);
            out.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : c);
        }
        return text.length() > MAX_QUOTED ? out + "..." : out.toString();
    }
}
