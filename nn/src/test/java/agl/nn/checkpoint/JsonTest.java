package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonTest {
    @TempDir
    private Path folder;

    private String refusal(String json) throws IOException {
        Path file = Files.writeString(folder.resolve("a.json"), json);
        String message = assertThrows(AglException.class, () -> Json.read(file), json).getMessage();
        assertTrue(message.startsWith(file.toString()) && !message.contains("\n"), message);
        return message.substring(file.toString().length());
    }

    @Test void aFile() throws IOException {
        Path file = Files.writeString(folder.resolve("a.json"), " {\"a\":[1,\"\u00e9\"]}\n ");
        assertEquals("{\"a\":[1,\"\u00e9\"]}", Json.read(file).toString());
        assertEquals("null", Json.read(Files.writeString(file, "null")).toString());
        assertEquals(JsonToken.VALUE_NUMBER_INT, Json.<JsonToken>read(Files.writeString(file, "5"), parser -> parser.nextToken()));
    }

    @Test void whatIsWrong() throws IOException {
        assertEquals(": empty, expected JSON", refusal(""));
        assertEquals(": empty, expected JSON", refusal(" \n"));
        assertEquals(": text after the end of the JSON value", refusal("{} {}"));
        assertEquals(": text after the end of the JSON value", refusal("1 2"));
        assertEquals(": not valid JSON: Duplicate field 'a'", refusal("{\"a\":1,\"a\":2}"));
        assertEquals(", line 3: not valid JSON: Duplicate field 'a'", refusal("{\"a\":1,\n\n\"a\":2}"));
        assertEquals(", line 2: not valid JSON: Duplicate field 'a'", refusal("\n{\"a\":1,\"a\":2}"));
        assertTrue(refusal("{\"a\":").startsWith(": not valid JSON: Unexpected end-of-input"));
        assertEquals(-1, refusal("{\"a\":").indexOf("start marker"));
        assertEquals(-1, refusal("[".repeat(100)).indexOf("`"), "what the parser's limits are called is nothing for a user");
        assertTrue(refusal("[".repeat(100)).contains("nesting depth"));
        assertTrue(refusal("[\n" + "[".repeat(100)).startsWith(": not valid JSON"), "no place is known");
        assertEquals(64, Json.read(Files.writeString(folder.resolve("b.json"), "[".repeat(64) + "]".repeat(64))).toString().length() / 2);
        Path file = Files.write(folder.resolve("a.json"), new byte[] {'"', (byte) 0xC3, '"'});
        assertEquals(file + ": not valid UTF-8", assertThrows(AglException.class, () -> Json.read(file)).getMessage());
        Path utf16 = Files.write(file, "{}".getBytes(StandardCharsets.UTF_16BE));
        assertThrows(AglException.class, () -> Json.read(utf16));
    }

    @Test void noFile() throws IOException {
        Path missing = folder.resolve("none.json");
        assertEquals(missing + ": no such file", assertThrows(AglException.class, () -> Json.read(missing)).getMessage());
        assertEquals(folder + ": not a regular file, expected JSON", assertThrows(AglException.class, () ->
                Json.read(folder)).getMessage());
        Path large = folder.resolve("large.json");
        try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.setLength((512L << 20) + 1);
        }
        assertEquals(large + ": 536870913 bytes, more than any JSON file that is read here", assertThrows(AglException.class, () ->
                Json.read(large)).getMessage());
    }

    @Test void theReaderFails() {
        assertEquals("x: cannot be read: broken", assertThrows(AglException.class, () -> Json.parse("{}".getBytes(), "x", parser -> {
            throw new IOException("broken");
        })).getMessage());
        assertEquals("5", Json.parse("5".getBytes(), "x", parser -> {
            parser.nextToken();
            return Json.tree(parser);
        }).toString());
    }

    @Test void reasons() {
        assertEquals("permission denied", Json.reason(new AccessDeniedException("f")));
        assertEquals("No space left on device", Json.reason(new FileSystemException("f", null, "No space left on device")));
        assertEquals("the folder is not empty", Json.reason(new DirectoryNotEmptyException("f")));
        assertEquals("no such file or folder", Json.reason(new NoSuchFileException("f")));
        assertEquals("there is a file of that name", Json.reason(new FileAlreadyExistsException("f")));
        assertEquals("not a folder", Json.reason(new NotDirectoryException("f")));
        assertEquals("FileSystemLoopException", Json.reason(new FileSystemLoopException("f")));
        assertEquals("it broke", Json.reason(new IOException("it\nbroke")));
        assertEquals("IOException", Json.reason(new IOException()));
        JsonProcessingException error = assertThrows(JsonProcessingException.class, () -> new JsonMapper().readTree("{\n\n x"));
        assertEquals(", line 3", Json.line(error));
        assertEquals("", Json.line(new JsonParseException(null, "no place")));
    }

    @Test void quotedText() {
        assertEquals("no detail", Json.quote(null));
        assertEquals("", Json.quote(""));
        assertEquals("a b c d e \u00e9", Json.quote("a\nb\u2028c\u2029d\u0000e\u0085\u00e9"));
        assertEquals("x".repeat(120), Json.quote("x".repeat(120)));
        assertEquals("x".repeat(120) + "...", Json.quote("x".repeat(121)));
        assertEquals(List.of(1, 119), List.of(Json.quote("y").length(), Json.quote("x".repeat(119)).length()));
    }
}
