package agl.app.model;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.ExampleEncoder;
import agl.app.data.PromptTemplate;
import agl.app.data.Request;
import agl.app.io.Notes;
import agl.autograd.kernels.Kernels;
import agl.error.AglException;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.HfTokenizer;
import agl.nn.tokenizer.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A model folder ready for use: weights, tokenizer and prompt template. Remarks about the encoding are printed once. */
public final class ModelBundle {
    private final Path folder;
    private final Transformer model;
    private final Tokenizer tokenizer;
    private final PromptTemplate template;
    private final Set<Integer> stops;
    private final int turnEnd;
    private final Set<String> said = new HashSet<>();

    /** Reads the ids that end an answer from the folder's generation_config.json and config.json. */
    public ModelBundle(Path folder, Transformer model, Tokenizer tokenizer, PromptTemplate template) {
        this.folder = folder;
        this.model = model;
        this.tokenizer = tokenizer;
        this.template = template;
        this.stops = stops(folder);
        this.turnEnd = turnEnd();
    }

    /** Loads a Hugging Face folder, frozen. */
    public static ModelBundle load(Path folder, PromptTemplate template) {
        return of(folder, Models.load(folder), template);
    }

    /** Loads a Hugging Face folder with all weights trainable. */
    public static ModelBundle loadTrainable(Path folder, PromptTemplate template) {
        return of(folder, Models.loadTrainable(folder), template);
    }

    private static ModelBundle of(Path folder, Transformer model, PromptTemplate template) {
        HfTokenizer tokenizer;
        try {
            tokenizer = HfTokenizer.load(folder).forVocabulary(model.config().vocabulary());
        } catch (AglException e) {
            throw e.getMessage().startsWith(folder.toString()) ? e : new AglException(folder + ": " + e.getMessage(), e);
        }
        model.parameters().values().forEach(t -> t.resideWith(Kernels.best()));
        return new ModelBundle(folder, model, tokenizer, template);
    }

    public Path folder() {
        return folder;
    }

    public Transformer model() {
        return model;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    public PromptTemplate template() {
        return template;
    }

    /** Ids of the whole prompt, up to where the answer begins. */
    public int[] prompt(Request request) {
        return encoder(positions()).prompt(request);
    }

    /**
     * Ids of prompts, each followed by at least {@code needed} free positions of the model. A prompt that is too long loses its beginning
     * except an opening BOS token, as in training. Reports once how many prompts were cut, and how many answers get fewer than
     * {@code wanted} tokens.
     *
     * @param needed tokens that must fit after a prompt
     * @param wanted longest answer, at least {@code needed}
     */
    public List<int[]> prompts(List<Request> asked, int needed, int wanted) {
        int positions = positions();
        int room = positions - needed;
        if (room < Math.min(MIN_PROMPT, positions / 2)) {
            throw new AglException(folder + ": the model has " + positions + " positions: " + needed
                    + " tokens of answer or opening leave no room for a prompt");
        }
        int kept = Math.min(room, positions - Math.min(wanted, positions / 8)); // a prompt that is cut leaves room for a few words
        ExampleEncoder encoder = encoder(positions);
        List<int[]> out = new ArrayList<>();
        int cut = 0;
        int least = wanted;
        int limited = 0;
        for (Request request : asked) {
            int[] whole = encoder.prompt(request);
            int[] fitting = whole.length <= room ? whole : encoder.fit(whole, kept);
            cut += fitting.length < whole.length ? 1 : 0;
            limited += positions - fitting.length < wanted ? 1 : 0;
            least = Math.min(least, positions - fitting.length);
            out.add(fitting);
        }
        if (cut > 0) {
            once("cut",
                    cut + " of " + asked.size() + " prompts do not fit the model's " + positions
                            + " positions: their beginning was left out (an opening BOS "
                            + "token stays) and " + kept + " tokens were kept");
        }
        if (limited > 0) {
            once("limited",
                    "the model has " + positions + " positions: after " + limited + " of " + asked.size()
                            + " prompts there is room for fewer than " + wanted
                            + " tokens (the least: " + least + "), and the answer ends there");
        }
        return out;
    }

    /** With fewer tokens than this a cut prompt is meaningless. */
    private static final int MIN_PROMPT = 8;

    /**
     * Ids of an answer's opening after this prompt, the same as in training on an answer that begins with it. A chat template may put a
     * think block before them.
     */
    public int[] continuation(Request request, String opening) {
        return encoder(positions()).continuation(request, opening);
    }

    /** Ids of an answer's text by itself. */
    public int[] answer(String text) {
        return tokenizer.encode(text, false);
    }

    /** All examples encoded, none longer than {@link #limit}. */
    public List<EncodedExample> encode(List<Example> examples, int maxLength) {
        ExampleEncoder encoder = encoder(limit(maxLength));
        List<EncodedExample> encoded = encoder.encode(examples);
        encoder.remarks().forEach(this::once);
        return encoded;
    }

    /** An example before anything is cut. */
    public EncodedExample whole(Example example) {
        return encoder(Integer.MAX_VALUE).encode(example);
    }

    /** Maximum length of an example in tokens: the smaller of {@code maxLength} and the model's positions. */
    public int limit(int maxLength) {
        return Math.min(maxLength, positions());
    }

    /** Reports, once, how many of these examples were cut, if any. */
    public void sayCut(List<EncodedExample> encoded, int maxLength, String what) {
        long cut = EncodedExample.countTruncated(encoded);
        if (cut > 0) {
            once("cut " + what, cut + " of " + encoded.size() + " " + what + " were cut to " + limit(maxLength) + " tokens"
                    + (positions() < maxLength ? ", the model's positions" : ""));
        }
    }

    private int positions() {
        return model.config().maxPositions();
    }

    private void once(String kind, String line) {
        if (said.add(kind)) {
            Notes.say(line);
        }
    }

    private ExampleEncoder encoder(int maxLength) {
        int end = tokenizer.eosId() >= 0 || stops.isEmpty() ? tokenizer.eosId() : stops.iterator().next();
        return new ExampleEncoder(tokenizer, template, maxLength, end, this::isStop);
    }

    /** eos_token_id, an id or a list of ids, in file order; a chat model lists the end-of-turn token as well as end of text. */
    private static Set<Integer> stops(Path folder) {
        Set<Integer> stops = new LinkedHashSet<>();
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

    /** The special token with which a chat template ends the assistant's turn, or -1. */
    private int turnEnd() {
        try {
            PromptTemplate.Turn turn = template.turn(new Request("a"), "b");
            if (turn.closed()) {
                for (int id : tokenizer.encode(turn.answer().substring(turn.answer().lastIndexOf('b') + 1), false)) {
                    if (tokenizer.decode(new int[] {id}, true).isEmpty()) {
                        return id;
                    }
                }
            }
            return -1;
        } catch (AglException e) {
            return -1; // a template that rejects this turn reports it when it is used
        }
    }

    /** Whether generation ends at this id: the end of text, or of a chat turn. */
    public boolean isStop(int id) {
        if (id >= 0 && (id == tokenizer.eosId() || id == turnEnd) || stops.contains(id)) {
            return true;
        }
        String token = tokenizer.token(id);
        return token != null && (token.equals("<|im_end|>") || token.equals("<|eot_id|>") || token.equals("<|endoftext|>")
                || token.equals("<end_of_turn>"));
    }
}
