package agl.app.data;

import agl.app.data.PromptTemplate.Turn;
import agl.error.AglException;
import agl.nn.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Turns examples into token ids with a loss mask: the prompt as the template renders it, the answer, and the end of the answer. All but the
 * prompt is in the loss.
 *
 * <p>The prompt's ids are exactly those that {@link #prompt} gives for generation. The answer's ids are the rest of prompt and answer
 * encoded together. If a token crosses the boundary, the answer is encoded by itself: generation starts from the prompt's ids, so these are
 * the ids with which the model has to continue.
 *
 * <p>An example over the maximum length first loses the beginning of its prompt (except an opening BOS token), down to half the length;
 * then the end of its answer, including the end token: the model must not learn to stop there.
 */
public final class ExampleEncoder {
    private static final int MIN_LENGTH = 4;

    private final Tokenizer tokenizer;
    private final PromptTemplate template;
    private final int maxLength;
    private final int end;
    private final IntPredicate stops;
    private final Map<String, String> remarks = new LinkedHashMap<>();

    /** @param maxLength maximum length of an example in tokens, at most the model's positions */
    public ExampleEncoder(Tokenizer tokenizer, PromptTemplate template, int maxLength) {
        this(tokenizer, template, maxLength, tokenizer.eosId(), id -> id == tokenizer.eosId());
    }

    /**
     * @param end   id that ends an answer if the template does not write an end itself, or -1
     * @param stops ids at which generation ends
     */
    public ExampleEncoder(Tokenizer tokenizer, PromptTemplate template, int maxLength, int end, IntPredicate stops) {
        if (maxLength < MIN_LENGTH) {
            throw new AglException("maximum length is " + maxLength + " tokens, must be at least " + MIN_LENGTH);
        }
        this.tokenizer = tokenizer;
        this.template = template;
        this.maxLength = maxLength;
        this.end = end;
        this.stops = stops;
    }

    /** Token ids of the whole prompt for generation. */
    public int[] prompt(Request request) {
        return open(request.at(() -> template.render(request)));
    }

    /** The last {@code room} tokens of a prompt, keeping an opening BOS; the prompt itself if it is no longer than that. */
    public int[] fit(int[] prompt, int room) {
        return prompt.length <= room ? prompt : tail(prompt, room);
    }

    /** Ids of an answer's opening after this prompt, the same as {@link #encode} gives for an answer that begins with it. */
    public int[] continuation(Request request, String opening) {
        String prompt = request.at(() -> template.render(request));
        return following(prompt, open(prompt), request.at(() -> template.opening(request, opening)));
    }

    public EncodedExample encode(Example example) {
        Turn turn = example.request().at(() -> template.turn(example.request(), example.response()));
        int[] prompt = open(turn.prompt());
        int[] answer = following(turn.prompt(), prompt, turn.answer());
        remark(turn, answer);
        boolean ended = answer.length > 0 && answer[answer.length - 1] == end;
        if (!turn.closed() && end >= 0 && !ended) {
            answer = Arrays.copyOf(answer, answer.length + 1);
            answer[answer.length - 1] = end;
        }
        return join(prompt, answer);
    }

    public List<EncodedExample> encode(List<Example> examples) {
        return examples.stream().map(this::encode).toList();
    }

    /** Remarks for the user about the examples encoded so far: one line per kind. */
    public Map<String, String> remarks() {
        return remarks;
    }

    private void remark(Turn turn, int[] answer) {
        if (turn.remark() != null) {
            remarks.putIfAbsent("template", turn.remark());
        }
        if (turn.closed() && Arrays.stream(answer).noneMatch(stops)) {
            remarks.putIfAbsent("end", "the chat template writes no end token after an answer: what is trained does not learn to stop");
        } else if (!turn.closed() && end < 0) {
            remarks.putIfAbsent("end", "the model names no end token: what is trained does not learn to stop");
        }
    }

    /**
     * Encodes a prefix: adds the tokenizer's leading special tokens but not the trailing ones; no second BOS if the text has one itself.
     */
    private int[] open(String text) {
        int[] bare = tokenizer.encode(text, false);
        if (!template.addSpecial()) {
            return bare;
        }
        int[] special = tokenizer.encode(text, true);
        int before = special.length - bare.length;
        while (before > 0 && !Arrays.equals(special, before, before + bare.length, bare, 0, bare.length)) {
            before--;
        }
        int[] ids = Arrays.copyOf(special, before + bare.length);
        boolean twice = before > 0 && bare.length > 0 && bare[0] == tokenizer.bosId() && ids[before - 1] == bare[0];
        return twice ? bare : ids;
    }

    private int[] following(String promptText, int[] prompt, String text) {
        int[] whole = open(promptText + text);
        if (whole.length >= prompt.length && Arrays.equals(prompt, 0, prompt.length, whole, 0, prompt.length)) {
            return Arrays.copyOfRange(whole, prompt.length, whole.length);
        }
        remarks.putIfAbsent("seam",
                "encoded together, prompt and answer share a token at their boundary; the answer is encoded by "
                + "itself there, "
                        + "as in generation");
        // Encode after a line break: some tokenizers prepend a space to text encoded by itself.
        int[] start = tokenizer.encode("\n", false);
        int[] behind = tokenizer.encode("\n" + text, false);
        boolean apart = behind.length > start.length && Arrays.equals(start, 0, start.length, behind, 0, start.length);
        return apart ? Arrays.copyOfRange(behind, start.length, behind.length) : tokenizer.encode(text, false);
    }

    private EncodedExample join(int[] prompt, int[] response) {
        boolean truncated = prompt.length + response.length > maxLength;
        int promptRoom = truncated ? Math.max(maxLength / 2, maxLength - response.length) : prompt.length;
        int[] start = fit(prompt, promptRoom);
        int responseLength = Math.min(response.length, maxLength - start.length);
        int length = start.length + responseLength;
        int[] tokens = Arrays.copyOf(start, length);
        System.arraycopy(response, 0, tokens, start.length, responseLength);
        boolean[] lossMask = new boolean[length];
        Arrays.fill(lossMask, start.length, length, true);
        return new EncodedExample(tokens, lossMask, truncated);
    }

    private int[] tail(int[] prompt, int room) {
        int[] tail = Arrays.copyOfRange(prompt, prompt.length - room, prompt.length);
        if (tokenizer.bosId() >= 0 && prompt[0] == tokenizer.bosId()) {
            tail[0] = tokenizer.bosId();
        }
        return tail;
    }
}
