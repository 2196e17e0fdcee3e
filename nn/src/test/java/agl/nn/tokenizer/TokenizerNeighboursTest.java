package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the files beside tokenizer.json may say, what is refused of it, and what follows where they are silent. */
class TokenizerNeighboursTest extends SmallTokenizer {
    @Test
    void addedTokens() throws IOException {
        String parts = "\"normalizer\":{\"type\":\"Lowercase\"},\"added_tokens\":"
                + "[{\"id\":3,\"content\":\"XY\",\"normalized\":true},{\"id\":4,\"content\":\"Xy\",\"normalized\":true}]";
        assertTrue(assertThrows(AglException.class, () ->
                with(parts)).getMessage().endsWith("Xy: another one has the same normalized form"));
        List<String> warnings = new ArrayList<>();
        Handler handler = new Handler() {
            @Override public void publish(LogRecord entry) {
                warnings.add(entry.getMessage());
            }

            @Override public void flush() { }

            @Override public void close() { }
        };
        Logger logger = Logger.getLogger(AddedTokens.class.getName());
        logger.addHandler(handler);
        try {
            with("\"added_tokens\":[{\"id\":3,\"content\":\"x\"},{\"id\":0,\"content\":\"a\"}]");
            assertEquals(List.of(), warnings);
            Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\":\"<e>\"}");
            assertEquals(4, with("\"added_tokens\":[{\"id\":3,\"content\":\"x\"}]").eosId());
            assertEquals(List.of(), warnings, "a token of which only the text is known");
            with("\"added_tokens\":[{\"id\":7,\"content\":\"x\"}]");
            assertTrue(warnings.getFirst().startsWith(folder.toString()) && warnings.getFirst().endsWith("x is 3, not 7"),
                    warnings.toString());
            with("\"added_tokens\":[{\"id\":7,\"content\":\"x\"},{\"id\":0,\"content\":\"y\"},{\"id\":9,\"content\":\"z\"}]");
            assertTrue(warnings.get(1).endsWith("x is 3, not 7, and 2 more"), warnings.toString());
            assertEquals(2, warnings.size());
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test
    void noTokenizer() throws IOException {
        assertEquals(folder.resolve("tokenizer.json") + ": no such file; text needs a tokenizer.json", assertThrows(AglException.class,
                () -> HfTokenizer.load(folder)).getMessage());
        for (String other : List.of("vocab.json", "tokenizer.model")) {
            Files.createFile(folder.resolve(other));
            String message = assertThrows(AglException.class, () -> HfTokenizer.load(folder)).getMessage();
            assertTrue(message.startsWith(folder.resolve("tokenizer.json") + ": no such file, and " + other + " beside it is not read"),
                    message);
        }
        assertThrows(AglException.class, () -> HfTokenizer.load(folder.resolve("missing")));
        HfTokenizer tokenizer = with("");
        assertEquals("the tokenizer has 3 tokens, the model only 2: they do not belong together", assertThrows(AglException.class, () ->
                tokenizer.forVocabulary(2)).getMessage());
        assertArrayEquals(new int[] {2}, tokenizer.forVocabulary(3).encode("ab", true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"bos_token_id\":0,\"eos_token_id\":[1,0],\"pad_token_id\":-5}",
            "{\"bos_token_id\":0,\"eos_token_id\":1,\"pad_token_id\":1.5}",
            "{\"bos_token_id\":0,\"eos_token_id\":1,\"pad_token_id\":\"2\"}",
        "{\"bos_token_id\":0,\"eos_token_id\":1,\"pad_token_id\":4294967296}",
        "{\"bos_token_id\":0,\"eos_token_id\":1,\"pad_token_id\":null}", "{\"bos_token_id\":0,\"eos_token_id\":1,\"pad_token_id\":[]}"})
    void idsOfTheConfiguration(String config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
        HfTokenizer tokenizer = with("");
        assertEquals(List.of(0, 1, -1), List.of(tokenizer.bosId(), tokenizer.eosId(), tokenizer.padId()));
    }

    @Test
    void specialTokensOfTheNeighbours() throws IOException {
        load(small("llama3").toString());
        assertEquals(-1, HfTokenizer.load(folder).bosId());
        Files.writeString(folder.resolve("config.json"), "{\"bos_token_id\":5,\"eos_token_id\":[7,8]}");
        assertEquals(List.of(5, 7), List.of(HfTokenizer.load(folder).bosId(), HfTokenizer.load(folder).eosId()));
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"bos_token\":{\"content\":\"<|im_start|>\"}}");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\":null,\"eos_token\":\"<|im_end|>\"}");
        assertEquals(List.of(1, 2), List.of(HfTokenizer.load(folder).bosId(), HfTokenizer.load(folder).eosId()));
        int size = HfTokenizer.load(folder).vocabSize();
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\":\"<|nowhere|>\",\"eos_token\":\"<|nor here|>\"}");
        HfTokenizer tokenizer = HfTokenizer.load(folder); // new tokens, in the order of their names: eos, then pad
        assertEquals(List.of(size, size + 1), List.of(tokenizer.eosId(), tokenizer.padId()));
    }

    /** A LlamaTokenizer names what its files do not, unless it is byte-level, which transformers takes for a generic tokenizer. */
    @Test
    void namesOfTheClass() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"LlamaTokenizer\"}");
        with("");
        assertEquals(Map.of("unk_token", "<unk>", "bos_token", "<s>", "eos_token", "</s>"), TokenizerSettings.read(folder, () ->
                HfTokenizer.isByteLevel(folder)).texts());
        assertEquals(List.of(3, 4), List.of(HfTokenizer.load(folder).bosId(), HfTokenizer.load(folder).eosId()));
        for (String part : List.of("\"decoder\":{\"type\":\"ByteLevel\"}",
                "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\"}]}")) {
            assertEquals(-1, with(part).bosId());
            assertEquals(Map.of(), TokenizerSettings.read(folder, () -> HfTokenizer.isByteLevel(folder)).texts());
        }
        Files.delete(folder.resolve("tokenizer.json"));
        assertFalse(HfTokenizer.isByteLevel(folder));
    }

    @Test
    void neighboursOfTheWrongKind() throws IOException {
        with("");
        for (String[] row : new String[][] {{"tokenizer_config.json", "[]", "is not a JSON object"},
                {"tokenizer_config.json", "{\"eos_token\":{\"content\":5}}", "eos_token must be a text or an object with content, found {"},
            {"tokenizer_config.json", "{\"added_tokens_decoder\":{\"16777217\":{\"content\":\"x\"}}}", "16777217 is not a token id"},
            {"tokenizer_config.json", "{\"added_tokens_decoder\":{\"123456789\":{\"content\":\"x\"}}}", "is not a token id"},
            {"added_tokens.json", "{\"x\":16777217}", "16777217 is not a token id"},
            {"added_tokens.json", "{\"x\":1.5}", "is not a token id"},
            {"tokenizer_config.json", "{\"split_special_tokens\":true}", "split_special_tokens is not supported"}}) {
            Files.writeString(folder.resolve(row[0]), row[1]);
            String message = assertThrows(AglException.class, () -> HfTokenizer.load(folder)).getMessage();
            assertTrue(message.startsWith(folder.toString()) && message.contains(row[2]), message);
            Files.delete(folder.resolve(row[0]));
        }
        Files.writeString(folder.resolve("added_tokens.json"), "{\"x\":16777216}");
        assertEquals(3, HfTokenizer.load(folder).tokenId("x"));
    }

    /** What the files beside leave open: an added token is looked for in the normalized text unless it is a special one. */
    @Test
    void whetherAddedTokensAreNormalized() throws IOException {
        String lower = "\"normalizer\":{\"type\":\"Lowercase\"}";
        Files.writeString(folder.resolve("added_tokens.json"), "{\"XY\":3}");
        assertArrayEquals(new int[] {3, 0}, with(lower).encode("xyA", false));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\":\"XY\"}");
        assertArrayEquals(new int[] {0, 3}, with(lower).encode("xyAXY", false));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"added_tokens_decoder\":{\"3\":{\"content\":\"XY\"}}}");
        assertArrayEquals(new int[] {3, 0}, with(lower).encode("xyA", false));
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"added_tokens_decoder\":{\"3\":{\"content\":\"XY\",\"special\":true}}}");
        assertArrayEquals(new int[] {0, 3}, with(lower).encode("xyAXY", false));
    }
}
