import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What this program makes of many small checkpoints and tokenizers, in one process: the other side of live_checkpoints.py, which starts
 * it with {@code java -cp agl.jar CheckpointProbe.java}. A line of JSON in, a line out: {@code {"model": folder, "tokens": [...]}} gives
 * the logits of every position, with {@code "merged": folder} also those of the model saved there and read again;
 * {@code {"tokenizer": folder, "texts": [...]}} gives ids with and without what is put around a text, the texts of those ids, and the
 * ids of the special tokens. What is refused gives {@code {"refused": message}}, anything else that is thrown {@code {"crash": ...}}.
 */
public final class CheckpointProbe {
    private static final ObjectMapper JSON = new ObjectMapper();

    private CheckpointProbe() { }

    public static void main(String[] args) throws Exception {
        System.setProperty("java.util.logging.SimpleFormatter.format", "%5$s%n");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode request = JSON.readTree(line);
            ObjectNode answer = JSON.createObjectNode();
            try {
                if (request.has("model")) {
                    model(request, answer);
                } else {
                    tokenizer(request, answer);
                }
            } catch (AglException e) {
                answer = JSON.createObjectNode().put("refused", e.getMessage());
            } catch (RuntimeException | Error e) {
                answer = JSON.createObjectNode().put("crash", e + " at " + Arrays.stream(e.getStackTrace()).limit(4).toList());
            }
            out.println(JSON.writeValueAsString(answer));
        }
    }

    private static void model(JsonNode request, ObjectNode answer) {
        Transformer model = Models.load(Path.of(request.get("model").asText()));
        Batch batch = Batch.of(JSON.convertValue(request.get("tokens"), int[].class));
        answer.set("logits", JSON.valueToTree(logits(model, batch)));
        if (request.has("merged")) {
            Path merged = Path.of(request.get("merged").asText());
            Models.save(model, merged, null, DType.F32);
            answer.set("merged", JSON.valueToTree(logits(Models.load(merged), batch)));
        }
    }

    private static double[] logits(Transformer model, Batch batch) {
        int[] rows = new int[batch.size()];
        Arrays.setAll(rows, i -> i);
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            return model.logits(tape, model.hidden(tape, batch), rows).toArray();
        }
    }

    private static void tokenizer(JsonNode request, ObjectNode answer) {
        HfTokenizer tokenizer = HfTokenizer.load(Path.of(request.get("tokenizer").asText()));
        for (JsonNode text : request.get("texts")) {
            int[] bare = tokenizer.encode(text.asText(), false);
            ObjectNode one = answer.withArray("texts").addObject();
            one.set("ids", JSON.valueToTree(bare));
            one.set("with_special", JSON.valueToTree(tokenizer.encode(text.asText(), true)));
            one.put("decoded", tokenizer.decode(bare, false)).put("decoded_skipping", tokenizer.decode(bare, true));
        }
        answer.put("bos", tokenizer.bosId()).put("eos", tokenizer.eosId()).put("pad", tokenizer.padId());
    }
}
