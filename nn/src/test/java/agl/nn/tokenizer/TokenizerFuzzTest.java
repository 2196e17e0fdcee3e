package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is in a tokenizer.json, loading and using it either works or ends in an {@link AglException} of one line. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TokenizerFuzzTest {
    private static final String TEXT = "The keeper's <s>harbour</s>  漢字 e\u0301 😀 42\n";
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private static JsonNode small(String name) throws IOException {
        return JSON.readTree(TokenizerFixtureTest.tokenizer(name).toFile());
    }

    /** The message if {@code json} is refused, or null if it can be used. */
    private String refusal(byte[] json) throws IOException {
        Path file = Files.write(folder.resolve("tokenizer.json"), json);
        try {
            HfTokenizer tokenizer = HfTokenizer.load(file);
            tokenizer.decode(tokenizer.encode(TEXT, true), true);
            return null;
        } catch (AglException e) {
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            assertTrue(e.getMessage().length() < 1000, e.getMessage());
            return e.getMessage();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "gemma", "metaspace-first", "added-tokens", "prefixes"})
    void flippedAndCutBytes(String name) throws IOException {
        byte[] good = JSON.writeValueAsBytes(small(name));
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        for (int round = 0; round < 150; round++) {
            byte[] bad = good.clone();
            for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            refused += refusal(bad) == null ? 0 : 1;
        }
        assertTrue(refused > 30, "only " + refused + " refused");
        for (int round = 0; round < 50; round++) {
            assertTrue(refusal(Arrays.copyOf(good, random.nextInt(good.length))) != null);
        }
    }

    /** Every value anywhere outside vocabulary and merges is replaced by values of other kinds, or taken away. */
    @ParameterizedTest
    @ValueSource(strings = {"llama3", "gemma", "metaspace-first", "word-ends", "prefixes", "roberta"})
    void valuesOfOtherKinds(String name) throws IOException {
        JsonNode good = small(name);
        int places = places(good).size();
        int refused = 0;
        for (int place = 0; place < places; place++) {
            for (String other : new String[] {"null", "-1", "\"x\"", "\"\"", "[{}]", "{}", "99999999999"}) {
                JsonNode bad = good.deepCopy();
                places(bad).get(place).accept(JSON.readTree(other));
                refused += refusal(JSON.writeValueAsBytes(bad)) == null ? 0 : 1;
            }
        }
        assertTrue(refused > places, refused + " refused of " + places + " places");
    }

    /** Setters for each value of the tree, some levels down. */
    private static List<Consumer<JsonNode>> places(JsonNode tree) {
        List<Consumer<JsonNode>> out = new ArrayList<>();
        if (tree instanceof ObjectNode object) {
            object.properties().forEach(field -> {
                out.add(value -> object.set(field.getKey(), value));
                if (!field.getKey().equals("vocab") && !field.getKey().equals("merges")) {
                    out.addAll(places(field.getValue()));
                }
            });
        } else if (tree instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                int at = i;
                out.add(value -> array.set(at, value));
                out.addAll(places(array.get(i)));
            }
        }
        return out;
    }

    @Test
    void longTextsTakeTimeInProportion() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder letters = new StringBuilder();
        random.ints(100_000, 'a', 'z' + 1).forEach(c -> letters.append((char) c));
        for (String name : List.of("llama2", "llama3", "gpt2")) {
            HfTokenizer tokenizer = HfTokenizer.load(TokenizerFixtureTest.tokenizer(name));
            for (String text : List.of("a".repeat(50_000), " ".repeat(100_000), letters.toString(), "é \n".repeat(30_000))) {
                assertEquals(text, tokenizer.decode(tokenizer.encode(text, false), true)); // quadratic time would take minutes
            }
        }
    }
}
