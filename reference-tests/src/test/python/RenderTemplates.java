import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate.Message;
import agl.nn.tokenizer.ChatTemplate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** For live_templates.py: renders the templates of a file, a JSON object a line, and prints a JSON object a line. */
class RenderTemplates {
    public static void main(String[] args) throws Exception {
        JsonMapper json = new JsonMapper();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            JsonNode row = json.readTree(line);
            List<Message> messages = new ArrayList<>();
            row.get("messages").forEach(m -> messages.add(new Message(m.get(0).textValue(), m.get(1).textValue())));
            Map<String, Object> answer = new HashMap<>();
            try {
                answer.put("text", ChatTemplate.of(row.get("template").textValue(), Map.of("bos_token", "<s>", "eos_token", "</s>"))
                        .apply(messages, row.get("prompt").booleanValue(), LocalDateTime.of(2031, 4, 9, 17, 5, 3)));
            } catch (AglException e) {
                answer.put("error", e.getMessage());
            } catch (RuntimeException e) {
                answer.put("error", e.toString());
                answer.put("trace", true);
            }
            out.println(json.writeValueAsString(answer));
        }
    }
}
