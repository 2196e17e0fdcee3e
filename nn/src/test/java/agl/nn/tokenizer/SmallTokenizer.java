package agl.nn.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer.json of three tokens and one merge in a folder, with parts to be tested around them. */
abstract class SmallTokenizer {
    static final JsonMapper JSON = new JsonMapper();
    static final String VOCAB = "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}";
    static final String MODEL = "{" + VOCAB + ",\"merges\":[\"a b\"]}";

    @TempDir
    Path folder;

    HfTokenizer load(String json) throws IOException {
        return HfTokenizer.load(Files.writeString(folder.resolve("tokenizer.json"), json));
    }

    HfTokenizer with(String parts) throws IOException {
        return load("{\"version\":\"1.0\"," + parts + (parts.isEmpty() ? "" : ",") + "\"model\":" + MODEL + "}");
    }

    static JsonNode small(String name) throws IOException {
        return JSON.readTree(TokenizerFixtureTest.tokenizer(name).toFile());
    }
}
