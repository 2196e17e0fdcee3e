import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.ExampleEncoder;
import agl.app.data.PromptTemplate;
import agl.app.data.Reading;
import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** For live_conversations.py: encodes the conversations of a file with a model's tokenizer and template; a JSON list a conversation. */
class EncodeConversations {
    public static void main(String[] args) throws Exception {
        JsonMapper json = new JsonMapper();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Path folder = Path.of(args[0]);
        PromptTemplate template = PromptTemplate.chat(ChatTemplate.load(folder));
        ExampleEncoder encoder = new ExampleEncoder(HfTokenizer.load(folder), template, 1 << 20);
        for (List<Example> row : DataFiles.rows(List.of(Path.of(args[1])), Reading.plain())) {
            List<Object> turns = new ArrayList<>();
            for (Example example : row) {
                try {
                    EncodedExample e = encoder.encode(example);
                    turns.add(List.of(part(e, false), part(e, true)));
                } catch (AglException e) {
                    turns.add(null);
                }
            }
            out.println(json.writeValueAsString(turns));
        }
        encoder.remarks().values().forEach(System.err::println);
    }

    private static List<Integer> part(EncodedExample e, boolean inLoss) {
        return IntStream.range(0, e.length()).filter(i -> e.lossMask()[i] == inLoss).mapToObj(i -> e.tokens()[i]).toList();
    }
}
