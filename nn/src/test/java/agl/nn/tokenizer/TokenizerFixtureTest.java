package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same ids and the same decoded text as the real {@code tokenizers} library, for small tokenizers of every kind and for the real
 * ones under shared/data. Fixtures: reference-tests/src/test/python/make_tokenizer_fixtures.py.
 */
class TokenizerFixtureTest {
    /** The folder of fixtures; another one can be given, made with more random texts. */
    static Path folder() {
        String other = System.getProperty("agl.tokenizer.fixtures");
        try {
            return other != null ? Path.of(other) : Path.of(TokenizerFixtureTest.class.getResource("texts.json").toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            List<String> names = files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".ids.json"))
                    .map(name -> name.substring(0, name.length() - ".ids.json".length())).sorted().toList();
            assertTrue(names.size() > 20, "fixtures are missing: " + names);
            return names;
        }
    }

    static List<String> smallOnes() throws IOException {
        return names().stream().filter(name -> !name.startsWith("shared-")).toList();
    }

    /** {@code shared-models-stories15M} is the folder models/stories15M under shared/data. */
    static Path tokenizer(String name) {
        if (!name.startsWith("shared-")) {
            return folder().resolve(name + ".tokenizer.json");
        }
        Path shared = sharedData();
        Assumptions.assumeTrue(shared != null, "no folder shared/data here: real tokenizers are not compared");
        return shared.resolve(name.substring("shared-".length()).replaceFirst("-", "/"));
    }

    private static Path sharedData() {
        String set = System.getProperty("agl.shared", System.getenv("AGL_SHARED"));
        if (set != null) {
            return Path.of(set);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("shared/data"))) {
                return at.resolve("shared/data");
            }
        }
        return null;
    }

    @ParameterizedTest
    @MethodSource("names")
    void sameIdsAndSameTextAsTheRealLibrary(String name) throws IOException {
        HfTokenizer tokenizer = HfTokenizer.load(tokenizer(name));
        JsonMapper json = new JsonMapper();
        JsonNode texts = json.readTree(folder().resolve("texts.json").toFile());
        JsonNode expected = json.readTree(folder().resolve(name + ".ids.json").toFile());
        assertTrue(texts.size() > 100 && texts.size() == expected.get("plain").size());
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i).textValue();
            JsonNode special = expected.get("special").get(i);
            int[] ids = ids(special.isNull() ? expected.get("plain").get(i) : special);
            assertIds(name, text, ids(expected.get("plain").get(i)), tokenizer.encode(text, false), tokenizer);
            assertIds(name, text, ids, tokenizer.encode(text, true), tokenizer);
            assertEquals(expected.get("decoded").get(i).asText(text), tokenizer.decode(ids, false),
                    () -> name + ": decoding " + Arrays.toString(ids));
            assertEquals(expected.get("skipped").get(i).asText(text), tokenizer.decode(ids, true),
                    () -> name + ": decoding without special tokens " + Arrays.toString(ids));
        }
    }

    private static void assertIds(String name, String text, int[] expected, int[] actual, Tokenizer tokenizer) {
        assertArrayEquals(expected, actual, () -> name + ": " + new JsonMapper().valueToTree(text) + "\nexpected "
                + tokens(expected, tokenizer) + "\nactual   " + tokens(actual, tokenizer));
    }

    private static List<String> tokens(int[] ids, Tokenizer tokenizer) {
        return IntStream.of(ids).mapToObj(tokenizer::token).toList();
    }

    private static int[] ids(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
    }
}
