package agl.app;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.ExampleEncoder;
import agl.app.data.PromptTemplate;
import agl.autograd.AglException;
import agl.autograd.kernels.Kernels;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.HfTokenizer;
import agl.nn.tokenizer.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model folder ready for use: weights, tokenizer, and the template that prompts are put in.
 *
 * @param stops ids that end an answer by the folder's generation_config.json or config.json
 */
public record ModelBundle(Path folder, Transformer model, Tokenizer tokenizer, PromptTemplate template, Set<Integer> stops) {

    /** With the ids that end an answer read from the folder. */
    public ModelBundle(Path folder, Transformer model, Tokenizer tokenizer, PromptTemplate template) {
        this(folder, model, tokenizer, template, stops(folder));
    }

    /** Loads a Hugging Face folder, frozen. */
    public static ModelBundle load(Path folder, PromptTemplate template) {
        return checked(new ModelBundle(folder, Models.load(folder), HfTokenizer.load(folder), template));
    }

    /** Loads a Hugging Face folder with all weights trainable. */
    public static ModelBundle loadTrainable(Path folder, PromptTemplate template) {
        return checked(new ModelBundle(folder, Models.loadTrainable(folder), HfTokenizer.load(folder), template));
    }

    private static ModelBundle checked(ModelBundle b) {
        if (b.tokenizer.vocabSize() > b.model.config().vocabulary()) {
            throw new AglException(b.folder + ": the tokenizer has " + b.tokenizer.vocabSize() + " tokens, the model only "
                    + b.model.config().vocabulary() + ": they do not belong together");
        }
        b.model.parameters().values().forEach(t -> t.resideWith(Kernels.best()));
        return b;
    }

    /** Ids of the prompt up to where the answer begins. */
    public int[] prompt(String instruction, String input) {
        return encoder(model.config().maxPositions()).prompt(instruction, input);
    }

    /** Ids of an answer's text, as they follow a prompt. */
    public int[] answer(String text) {
        return tokenizer.encode(text, false);
    }

    /** All examples, encoded; none longer than {@code maxLength} or the model's positions. */
    public List<EncodedExample> encode(List<Example> examples, int maxLength) {
        return encoder(Math.min(maxLength, model.config().maxPositions())).encode(examples);
    }

    private ExampleEncoder encoder(int maxLength) {
        return new ExampleEncoder(tokenizer, template, maxLength);
    }

    /** eos_token_id, a number or a list of them; a chat model's list has the end of a turn beside the end of text. */
    private static Set<Integer> stops(Path folder) {
        Set<Integer> stops = new HashSet<>();
        for (String name : new String[] {"generation_config.json", "config.json"}) {
            Path file = folder.resolve(name);
            JsonNode ids = Files.exists(file) ? Json.read(file).path("eos_token_id") : MissingNode.getInstance();
            for (JsonNode id : ids.isArray() ? ids : List.of(ids)) {
                if (id.canConvertToInt() && id.isIntegralNumber()) {
                    stops.add(id.intValue());
                }
            }
        }
        return stops;
    }

    /** Whether generation ends at this id: the end of text, or of a chat turn. */
    public boolean isStop(int id) {
        if (id == tokenizer.eosId() || stops.contains(id)) {
            return true;
        }
        String token = tokenizer.token(id);
        return token != null && (token.equals("<|im_end|>") || token.equals("<|eot_id|>") || token.equals("<|endoftext|>") || token.equals("<end_of_turn>"));
    }
}
