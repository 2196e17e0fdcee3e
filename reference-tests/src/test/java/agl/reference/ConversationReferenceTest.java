package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.ExampleEncoder;
import agl.app.data.PromptTemplate;
import agl.app.data.Reading;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every assistant turn of conversations, read from a file: prompt and answer have the token ids that transformers gives. */
class ConversationReferenceTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir Path temp;

    @Test void promptAndAnswerOfEveryTurn() throws IOException {
        JsonNode reference = Json.read(Fixture.resource("conversations.json"));
        Path folder = Files.createDirectory(temp.resolve("model"));
        Files.writeString(folder.resolve("tokenizer.json"), reference.get("tokenizer").toString());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\"}");
        HfTokenizer tokenizer = HfTokenizer.load(folder);
        List<List<Example>> rows = DataFiles.rows(List.of(written(reference.get("conversations"))), Reading.plain());
        int equal = 0;
        int refused = 0;
        for (var entry : reference.get("templates").properties()) {
            Files.writeString(folder.resolve("chat_template.jinja"), entry.getValue().get("template").textValue());
            ExampleEncoder encoder = new ExampleEncoder(tokenizer, PromptTemplate.chat(ChatTemplate.load(folder)), 4096);
            for (int c = 0; c < rows.size(); c++) {
                JsonNode turns = entry.getValue().get("turns").get(c);
                assertEquals(turns.size(), rows.get(c).size());
                for (int t = 0; t < turns.size(); t++) {
                    Example example = rows.get(c).get(t);
                    String which = entry.getKey() + ", conversation " + c + ", answer " + t;
                    if (turns.get(t).isNull()) {
                        String said = assertThrows(AglException.class, () -> encoder.encode(example), which).getMessage();
                        assertTrue(said.contains("turns.jsonl, row " + (c + 1) + ": "), said);
                        refused++;
                        continue;
                    }
                    EncodedExample encoded = encoder.encode(example);
                    assertEquals(ids(turns.get(t).get(0)), part(encoded, false), which + ", prompt");
                    assertEquals(ids(turns.get(t).get(1)), part(encoded, true), which + ", answer");
                    assertEquals(ids(turns.get(t).get(0)), IntStream.of(encoder.prompt(example.request())).boxed().toList(), which);
                    equal++;
                }
            }
        }
        assertEquals(51, equal);
        assertEquals(4, refused);
    }

    private Path written(JsonNode conversations) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (JsonNode conversation : conversations) {
            ArrayNode messages = JSON.createArrayNode();
            conversation.forEach(m -> messages.addObject().put("role", m.get(0).textValue()).put("content", m.get(1).textValue()));
            lines.append("{\"messages\":" + messages + "}\n");
        }
        return Files.writeString(temp.resolve("turns.jsonl"), lines);
    }

    private static List<Integer> ids(JsonNode list) {
        return IntStream.range(0, list.size()).mapToObj(i -> list.get(i).intValue()).toList();
    }

    private static List<Integer> part(EncodedExample e, boolean inLoss) {
        return IntStream.range(0, e.length()).filter(i -> e.lossMask()[i] == inLoss).mapToObj(i -> e.tokens()[i]).toList();
    }
}
