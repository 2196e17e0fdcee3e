package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Special and added tokens in the files beside tokenizer.json: ids as transformers and tokenizers give them (make_special_tokens.py). */
class TokenizerSettingsTest {
    private static final JsonMapper JSON = new JsonMapper();
    @TempDir Path folder;

    private static JsonNode fixture() throws IOException {
        try (InputStream in = TokenizerSettingsTest.class.getResourceAsStream("special_tokens.json")) {
            return JSON.readTree(in);
        }
    }

    static List<Named<JsonNode>> cases() throws IOException {
        return StreamSupport.stream(fixture().get("cases").spliterator(), false).map(c -> Named.of(c.get("name").asText(), c)).toList();
    }

    private void write(String name, JsonNode content) throws IOException {
        if (content != null) {
            Files.write(folder.resolve(name), JSON.writeValueAsBytes(content));
        }
    }

    private HfTokenizer tokenizer(JsonNode c) throws IOException {
        ObjectNode file = fixture().get("base").deepCopy();
        if (c.has("own")) {
            file.set("added_tokens", c.get("own"));
        }
        write("tokenizer.json", file);
        write("tokenizer_config.json", c.get("config"));
        write("special_tokens_map.json", c.get("map"));
        write("added_tokens.json", c.get("added"));
        return HfTokenizer.load(folder);
    }

    @ParameterizedTest @MethodSource("cases") void asTransformersReadsThem(JsonNode c) throws IOException {
        HfTokenizer tokenizer = tokenizer(c);
        int[] ids = tokenizer.encode(fixture().get("text").asText(), true);
        assertArrayEquals(JSON.convertValue(c.get("ids"), int[].class), ids);
        assertEquals(List.of(c.get("bos").asInt(), c.get("eos").asInt(), c.get("pad").asInt()),
                List.of(tokenizer.bosId(), tokenizer.eosId(), tokenizer.padId()));
        assertEquals(c.get("skipping").asText(), tokenizer.decode(ids, true));
        assertEquals(JSON.convertValue(c.get("special_tokens_map"), Map.class), TokenizerSettings.read(folder, () -> true).texts(),
                "what a chat template may name");
    }

    /** A tokenizer with more tokens than its model: right as long as no text holds one of them. */
    @Test void tokensThatTheModelDoesNotKnow() throws IOException {
        HfTokenizer tokenizer = tokenizer(JSON.readTree("{\"config\":{\"extra_special_tokens\":[\"<|image|>\"]}}"));
        assertEquals(276, tokenizer.vocabSize());
        HfTokenizer small = tokenizer.forVocabulary(275);
        assertArrayEquals(tokenizer.encode("the ships", true), small.encode("the ships", true));
        assertEquals(275, tokenizer.encode("the <|image|>", false)[2]);
        String message = assertThrows(AglException.class, () -> small.encode("the <|image|>", false)).getMessage();
        assertTrue(message.contains("<|image|>") && message.contains("275"), message);
        assertArrayEquals(tokenizer.encode("the <|image|>", false), tokenizer.forVocabulary(276).encode("the <|image|>", false));
    }

    @Test void refusesByName() throws IOException {
        for (String bad : List.of("\"config\":{\"split_special_tokens\":true}", "\"config\":{\"eos_token\":7}",
                "\"config\":{\"added_tokens_decoder\":{\"x\":{\"content\":\"a\"}}}",
                "\"config\":{\"added_tokens_decoder\":{\"5\":\"a\"}}", "\"added\":{\"a\":-1}", "\"added\":[1]",
                "\"config\":{\"extra_special_tokens\":[{\"text\":\"a\"}]}")) {
            for (String name : List.of("tokenizer_config.json", "added_tokens.json")) {
                Files.deleteIfExists(folder.resolve(name));
            }
            String message = assertThrows(AglException.class, () -> tokenizer(JSON.readTree("{" + bad + "}")), bad).getMessage();
            assertTrue(message.startsWith(folder.toString()) && !message.contains("\n"), message);
        }
    }

    /** The library numbers on from the number of tokens, which with gaps can be the id of another one. */
    @Test void aVocabularyWithGaps() throws IOException {
        ObjectNode file = fixture().get("base").deepCopy();
        ((ObjectNode) file.at("/model/vocab")).put("dusk!", 276).put("ship!", 277);
        file.set("added_tokens", JSON.readTree("[{\"id\":300,\"content\":\"<|a|>\"}]"));
        write("tokenizer.json", file);
        String message = assertThrows(AglException.class, () -> HfTokenizer.load(folder)).getMessage();
        assertTrue(message.contains("<|a|>") && message.contains("gaps"), message);
    }
}
