package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is refused of a tokenizer.json and of its neighbours, and with which words; and what just passes. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TokenizerRefusalTest extends SmallTokenizer {
    /** One line that names the file and holds all of {@code words}. */
    private void assertRefused(String json, String... words) {
        String message = assertThrows(AglException.class, () -> load(json), json).getMessage();
        assertTrue(message.startsWith(folder.toString()) && !message.contains("\n") && message.length() < 1000, message);
        for (String word : words) {
            assertTrue(message.contains(word), message + "\nshould have: " + word);
        }
    }

    private void assertPartRefused(String parts, String... words) {
        assertRefused("{\"version\":\"1.0\"," + parts + ",\"model\":" + MODEL + "}", words);
    }

    private void assertModelRefused(String model, String... words) {
        assertRefused("{\"version\":\"1.0\",\"model\":" + model + "}", words);
    }

    @Test
    void unknownPartsAreNamed() throws IOException {
        for (String place : List.of("normalizer", "pre_tokenizer", "post_processor", "decoder", "model")) {
            ObjectNode bad = (ObjectNode) small("llama3").deepCopy();
            ContainerNode<?> part = place.equals("model") ? (ObjectNode) bad.get("model") : bad.putObject(place);
            ((ObjectNode) part).put("type", "Frobnicate");
            assertRefused(bad.toString(), place, "Frobnicate");
        }
        assertPartRefused("\"frobnicator\":{}", "part frobnicator is not supported");
    }

    @Test
    void vocabularyAndMergesThatLie() {
        for (String[] row : new String[][] {
            {"{\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}", "merge 0, a with b: one of its tokens is not in the vocabulary"},
            {"{\"vocab\":{\"b\":0,\"ab\":1},\"merges\":[\"a b\"]}", "merge 0"},
            {"{\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"]}", "merge 0"},
            {"{\"vocab\":{\"a\":0,\"ab\":1},\"merges\":[\"a b\"]}", "merge 0"},
            {"{\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}", "both have id 0"},
            {"{\"vocab\":{\"a\":0,\"a\":0},\"merges\":[]}", "uplicate"},
            {"{\"vocab\":{\"a\":-1},\"merges\":[]}", "id -1 of a is out of range"},
            {"{\"vocab\":{\"a\":16777217},\"merges\":[]}", "16777217"},
            {"{\"vocab\":{\"a\":2147483647},\"merges\":[]}", "out of range"},
            {"{\"vocab\":{\"a\":9223372036854775808},\"merges\":[]}", "not valid JSON"},
            {"{\"vocab\":{\"a\":0.0},\"merges\":[]}", "id of a is not a whole number"},
            {"{\"vocab\":{\"a\":\"0\"},\"merges\":[]}", "id of a is not a whole number"},
            {"{\"vocab\":{\"a\":0},\"merges\":[[\"a\"]]}", "model.merges[0]: a is not a pair"},
            {"{\"vocab\":{\"a\":0,\"aa\":1},\"merges\":[\"a a\",[\"a\",\"a\",\"a\"]]}", "model.merges[2]: a a a is not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"a\",\"a\",\"a\"]]}", "a a a is not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":[[\"a\",[\"a\"]]]}", "not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":[\"a a a\"]}", "model.merges[0]: a a a is not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":[5]}", "5 is not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":[\"a\"]}", "model.merges[0]: a is not a pair"},
            {"{\"vocab\":{\"a\":0},\"merges\":{}}", "has no merges"}, {"{\"vocab\":[[\"a\",0]],\"merges\":[]}", "has no vocab"},
            {"{\"vocab\":{\"a\":0}}", "has no merges"}, {"{\"merges\":[]}", "has no vocab"},
            {"{\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}", "model.dropout 0.1"},
            {"{\"vocab\":{\"a\":0},\"merges\":[],\"unk_token\":5}", "model.unk_token is not a string"},
            {"{\"vocab\":{\"a\":0},\"merges\":[],\"fuse_unk\":5}", "model.fuse_unk is not true or false"},
            {"{\"vocab\":{\"a\":0},\"merges\":[\"a a\"],\"continuing_subword_prefix\":\"##\"}", "merge 0"},
            {"{\"type\":\"WordPiece\",\"vocab\":{\"a\":0},\"merges\":[]}", "model type WordPiece is not supported"}, {"{}", "has no vocab"},
            {"[]", "has no model"}, {"null", "has no model"}, {"3", "has no model"}}) {
            assertModelRefused(row[0], row[1]);
        }
        for (String whole : new String[] {"", "{}", "[]", "{\"model\":{}}x", "{\"" + "a".repeat(100_000) + "\":1}", "[".repeat(100_000),
                "{\"model\":" + "{\"a\":".repeat(100_000)}) {
            assertRefused(whole);
        }
        assertRefused("{}", "has no model");
        assertRefused("[]", "expected an object");
    }

    /** Nulls, and a field that is not known, say nothing. */
    @Test
    void modelsThatPass() throws IOException {
        for (String model : new String[] {"{\"type\":\"BPE\"," + VOCAB + ",\"merges\":[\"a b\"]}", "{" + VOCAB
                + ",\"merges\":[\"a b\"],\"dropout\":null,\"unk_token\":null,\"fuse_unk\":null}", "{" + VOCAB
                + ",\"merges\":[\"a b\"],\"dropout\":0.0}",
            "{\"vocab\":{\"a\":0,\"b\":1,\"ab\":16777216},\"merges\":[\"a b\"]}", "{" + VOCAB
            + ",\"merges\":[\"a b\"],\"other\":{\"x\":[1]},\"more\":[{}]}", "{" + VOCAB + ",\"merges\":[\"#version: 0.2\",[\"a\",\"b\"]]}",
            "{" + VOCAB + ",\"merges\":[\"a b\"],\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":null}"}) {
            HfTokenizer tokenizer = load("{\"model\":" + model + "}");
            assertEquals("ab", tokenizer.token(tokenizer.encode("abx", false)[0]));
            assertEquals(1, tokenizer.encode("abx", true).length, "what is not in the vocabulary is left out");
        }
        HfTokenizer tokenizer = with("\"added_tokens\":null,\"normalizer\":null,\"truncation\":{\"max_length\":1},\"padding\":{}");
        assertArrayEquals(new int[] {2, 0}, tokenizer.encode("aba", true));
        assertEquals(List.of("a", "ab"), List.of(tokenizer.token(0), tokenizer.token(2)));
        assertNull(tokenizer.token(3));
        assertNull(tokenizer.token(-1));
        assertEquals(0, tokenizer.tokenId("a"));
        assertNull(tokenizer.tokenId("x"));
        assertEquals(List.of(-1, -1, -1, 3), List.of(tokenizer.bosId(), tokenizer.eosId(), tokenizer.padId(), tokenizer.vocabSize()));
        assertEquals("a ab", tokenizer.decode(new int[] {0, 2, 9, -1}, false));
    }

    @Test
    void fieldsOfTheWrongKind() {
        for (String[] row : new String[][] {{"\"normalizer\":[]", "normalizer: expected an object"},
                {"\"normalizer\":{}", "normalizer: field type is missing or not a string"}, {"\"normalizer\":{\"type\":5}", "field type"},
            {"\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":{}}", "field normalizers is missing or not an array"},
            {"\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},5]}",
            "normalizer.normalizers[1]: expected an object"},
            {"\"normalizer\":{\"type\":\"Strip\",\"strip_left\":1,\"strip_right\":true}", "field strip_left is not true or false"},
            {"\"normalizer\":{\"type\":\"Replace\",\"pattern\":\"x\",\"content\":\"\"}", "normalizer.pattern: expected an object"},
            {"\"normalizer\":{\"type\":\"Replace\",\"pattern\":{},\"content\":\"\"}", "normalizer.pattern: field Regex"},
            {"\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}",
            "normalizer.pattern: pattern ( cannot be used"},
            {"\"decoder\":{\"type\":\"Strip\",\"content\":\"xy\",\"start\":0,\"stop\":0}", "field content is not one character"},
            {"\"decoder\":{\"type\":\"Strip\",\"content\":\"\",\"start\":0,\"stop\":0}", "field content is not one character"},
            {"\"decoder\":{\"type\":\"Strip\",\"content\":\"x\",\"start\":-1,\"stop\":0}",
            "field start is missing or not a natural number"},
            {"\"decoder\":{\"type\":\"Strip\",\"content\":\"x\",\"start\":0.5,\"stop\":0}", "field start"},
            {"\"decoder\":{\"type\":\"Strip\",\"content\":\"x\",\"start\":0,\"stop\":4294967296}", "field stop"},
            {"\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"last\"}",
            "prepend_scheme last is not supported"},
            {"\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"},\"behavior\":\"Odd\"}", "behavior Odd is not supported"},
            {"\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"}}", "field behavior is missing"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[],\"special_tokens\":{}}", "has no place for it"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\"}}],\"special_tokens\":{}}",
            "another one in it"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},{\"Sequence\":{\"id\":\"A\"}}"
            + "],\"special_tokens\":{}}", "another one in it"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},"
            + "{\"SpecialToken\":{\"id\":\"S\"}}],\"special_tokens\":{}}", "special_tokens.S: expected an object"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},"
            + "{\"SpecialToken\":{\"id\":\"S\"}}],\"special_tokens\":{\"S\":{\"ids\":[-1]}}}", "id -1 is not a token id"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},"
            + "{\"SpecialToken\":{\"id\":\"S\"}}],\"special_tokens\":{\"S\":{\"ids\":[16777217]}}}", "id 16777217 is not a token id"},
            {"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},"
            + "{\"SpecialToken\":{\"id\":\"S\"}}],\"special_tokens\":{\"S\":{\"ids\":[\"a\"]}}}", "is not a token id"},
            {"\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",16777217],\"sep\":[\"a\",0]}", "field cls is not a pair"},
            {"\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"a\",-1]}", "field sep is not a pair"},
            {"\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",0.5],\"sep\":[\"a\",0]}", "field cls"},
            {"\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",4294967296],\"sep\":[\"a\",0]}", "field cls"},
            {"\"added_tokens\":{}", "added_tokens is not an array"},
            {"\"added_tokens\":[{\"id\":3,\"content\":\"x\"},5]", "added_tokens[1]: expected an object"},
            {"\"added_tokens\":[{\"id\":-1,\"content\":\"x\"}]", "added_tokens[0]: field id"}}) {
            assertPartRefused(row[0], row[1]);
        }
    }

    /** Fields that may be missing or null, and the largest ids. */
    @Test
    void fieldsThatPass() throws IOException {
        assertEquals(2, with("\"normalizer\":{\"type\":\"Strip\",\"strip_left\":null}").encode(" ab ", false)[0]);
        assertArrayEquals(new int[] {16777216, 2},
                with("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"S\"}},"
                + "{\"Sequence\":{\"id\":\"A\"}}],\"special_tokens\":{\"S\":{\"ids\":[16777216]}}}").encode("ab", true));
        assertArrayEquals(new int[] {0, 2, 16777216},
                with("\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"a\",16777216]}").encode("ab", true));
        assertArrayEquals(new int[] {0, 1},
                with("\"pre_tokenizer\":{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"x\"}").encode("axb", false));
        assertArrayEquals(new int[] {0, 1}, with("\"pre_tokenizer\":{\"type\":\"Digits\"}").encode("a1b", false));
        List<String> pieces = new ArrayList<>();
        PreTokenizer.parse(Part.of(JSON.readTree("{\"type\":\"Punctuation\"}"), "x")).split(new PreTokenizer.Piece("a!b", true), piece ->
                pieces.add(piece.text()));
        assertEquals(List.of("a", "!", "b"), pieces);
        // Before prepend_scheme there was add_prefix_space, true where it is missing.
        assertEquals(List.of("_a", "a"), List.of(metaspace(""), metaspace(",\"add_prefix_space\":false")));
        assertEquals(List.of("_a", "_a"), List.of(metaspace(",\"add_prefix_space\":true"), metaspace(",\"prepend_scheme\":\"first\"")));
    }

    private static String metaspace(String more) throws IOException {
        JsonNode part = JSON.readTree("{\"type\":\"Metaspace\",\"replacement\":\"_\"" + more + "}");
        List<String> pieces = new ArrayList<>();
        PreTokenizer.parse(Part.of(part, "x")).split(new PreTokenizer.Piece("a", true), piece -> pieces.add(piece.text()));
        assertEquals(1, pieces.size());
        String decoded = String.join("", Decoder.parse(Part.of(part, "x")).decode(List.of("_a")));
        assertEquals(pieces.getFirst().equals("_a") ? "a" : " a", decoded, "the decoder takes away what was put there");
        return pieces.getFirst();
    }

    /** Halves of surrogate pairs become U+FFFD, which the vocabulary has here. */
    @Test
    void halfACharacter() throws IOException {
        HfTokenizer tokenizer = load("{\"model\":{\"vocab\":{\"a\":0,\"\ufffd\":1,\"\ud83d\ude00\":2,\"\ud7ff\":3,\"\ue000\":4},"
                + "\"merges\":[]}}");
        assertArrayEquals(new int[] {1, 0, 1, 2, 1, 1, 3, 4}, tokenizer.encode("\ud83da\ude00\ud83d\ude00\ud800\udbff\ud7ff\ue000", false));
        assertArrayEquals(new int[] {1, 1}, tokenizer.encode("\udc00\udfff", false));
        assertArrayEquals(new int[] {1}, tokenizer.encode("\udc00", false));
    }

    /** A pattern that backtracks without end stops with a message; so does one that is too deep for the stack. */
    @Test
    void patternsThatDoNotEnd() throws IOException {
        for (String[] row : new String[][] {{"(?:x+x+)+y", "takes too long on a text of 8001"}, {"(?:x|x)*y", "text of 8001"},
                {"(?:(?:x)*)*y", "text of 8001"}}) {
            ObjectNode bad = (ObjectNode) small("llama3").deepCopy();
            ((ObjectNode) bad.at("/pre_tokenizer/pretokenizers/0/pattern")).put("Regex", row[0]);
            HfTokenizer tokenizer = load(bad.toString());
            String message = assertThrows(AglException.class, () -> tokenizer.encode("x".repeat(8_000) + "z", false), row[0]).getMessage();
            assertTrue(message.contains(row[1]), message);
        }
    }
}
