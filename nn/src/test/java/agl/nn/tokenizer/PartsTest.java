package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.nn.tokenizer.PreTokenizer.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each part of a tokenizer.json alone, and tokenizers of a few tokens, against the tokenizers library (make_tokenizer_parts.py). */
class PartsTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final JsonNode FIXTURE = fixture();

    @TempDir
    Path folder;

    private static JsonNode fixture() {
        try (InputStream in = PartsTest.class.getResourceAsStream("parts.json")) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void compare(String kind, String inputs, BiFunction<Part, JsonNode, Object> ours) {
        int compared = 0;
        for (JsonNode row : FIXTURE.get(kind)) {
            for (int i = 0; i < FIXTURE.get(inputs).size(); i++) {
                JsonNode input = FIXTURE.get(inputs).get(i);
                JsonNode expected = row.get("results").get(i);
                if (!expected.isNull()) {
                    assertEquals(expected, JSON.valueToTree(ours.apply(Part.of(row.get("part"), kind), input)), () -> row.get("part")
                            + " of " + input);
                    compared++;
                }
            }
        }
        assertTrue(compared > 300, kind + ": " + compared);
    }

    @Test void normalizers() {
        compare("normalizers", "texts", (part, text) -> Normalizer.parse(part).normalize(text.textValue()));
    }

    @Test void preTokenizers() {
        compare("pre_tokenizers", "texts", (part, text) -> {
            List<String> pieces = new ArrayList<>();
            PreTokenizer.parse(part).split(new Piece(text.textValue(), true), piece -> pieces.add(piece.text()));
            return pieces;
        });
    }

    @Test void decoders() {
        compare("decoders", "tokens", (part, tokens) -> String.join("", Decoder.parse(part).decode(Arrays.asList(JSON.convertValue(tokens,
                String[].class)))));
    }

    static List<Named<JsonNode>> tokenizers() {
        return StreamSupport.stream(FIXTURE.get("tokenizers").spliterator(), false).map(row -> Named.of(row.get("name").textValue(),
                row)).toList();
    }

    @ParameterizedTest @MethodSource("tokenizers") void tokenizersOfAFewTokens(JsonNode row) throws IOException {
        Path file = Files.write(folder.resolve("tokenizer.json"), JSON.writeValueAsBytes(row.get("file")));
        HfTokenizer tokenizer = HfTokenizer.load(file);
        for (int i = 0; i < row.get("texts").size(); i++) {
            String text = row.get("texts").get(i).textValue();
            for (boolean special : new boolean[] {false, true}) {
                JsonNode ids = row.get(special ? "special" : "plain").get(i);
                if (ids.isNull()) {
                    String message = assertThrows(AglException.class, () -> tokenizer.encode(text, special), text).getMessage();
                    assertTrue(message.contains("unknown token <u>"), message);
                } else {
                    assertArrayEquals(JSON.convertValue(ids, int[].class), tokenizer.encode(text, special), text);
                }
            }
        }
        for (int i = 0; i < row.get("lists").size(); i++) {
            int[] ids = JSON.convertValue(row.get("lists").get(i), int[].class);
            assertEquals(row.get("decoded").get(i).textValue(), tokenizer.decode(ids, false), Arrays.toString(ids));
            assertEquals(row.get("skipped").get(i).textValue(), tokenizer.decode(ids, true), Arrays.toString(ids));
        }
        assertFalse(row.get("lists").isEmpty());
    }
}
