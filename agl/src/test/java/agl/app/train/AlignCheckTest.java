package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.model.ModelBundle;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.tokenizer.BpeTrainer;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is said of an aligned checkpoint. The model goes on with the token that a prompt ends with (its head is its embedding), and one
 * token is a whole refusal: so each request is refused or not by how it ends.
 */
class AlignCheckTest {
    private static final String REFUSAL = "I cannot help with that.";
    private static final TrainSettings SETTINGS = TrainSettings.DEFAULT;
    private static final AlignCheck.Before HIGH = new AlignCheck.Before(20, new AlignCheck.Refused(1, 2, 3, 4));

    @TempDir Path temp;
    private ModelBundle bundle;

    @BeforeEach void model() throws IOException {
        Path parts = temp.resolve("parts");
        BpeTrainer.train(List.of("the cat sat on the mat and the dog", "tell me a story"), 280, List.of("<|end|>", REFUSAL))
                .write(parts, null, "<|end|>", null, null);
        Path file = parts.resolve("tokenizer.json");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(file.toFile());
        // Special tokens are left out of an answer's text; this one is to be read.
        json.get("added_tokens").forEach(t -> ((ObjectNode) t).put("special", t.get("content").asText().equals("<|end|>")));
        Files.writeString(file, json.toString());
        Path base = temp.resolve("base");
        ModelConfig config = ModelConfig.llama(16, 2, 4, 2, 24, HfTokenizer.load(parts).vocabSize()).withPositions(96);
        Transformer model = Models.random(config, 3, DType.F32);
        Tensor embedding = model.parameters().get("model.embed_tokens.weight");
        int refusal = HfTokenizer.load(parts).encode(REFUSAL, false)[0];
        // Norms take its length away at the input; at the output it makes the token the likeliest where it was the last.
        IntStream.range(16 * refusal, 16 * refusal + 16).forEach(i -> embedding.data().set(i, 2 * embedding.get(i)));
        Models.save(model, base, parts, DType.F32);
        bundle = ModelBundle.load(base, PromptTemplate.of("{instruction}"));
    }

    /** R for a request that the model refuses, a for one that it does not; the data answer all of them alike. */
    private static List<Example> requests(String kinds, String response) {
        return IntStream.range(0, kinds.length())
                .mapToObj(i -> new Example("tell me " + i + (kinds.charAt(i) == 'R' ? REFUSAL : " cat"), response)).toList();
    }

    private static List<Example> data(String toRefuse, String toAnswer) {
        List<Example> all = new ArrayList<>(requests(toRefuse, REFUSAL));
        all.addAll(requests(toAnswer, "the mat"));
        return all;
    }

    private AlignCheck check(List<Example> examples) {
        return new AlignCheck(examples, bundle.encode(examples, 64), SETTINGS);
    }

    /** Eight of each kind at most, evenly spaced: of ten those at 4 and 9 are left out. */
    @ParameterizedTest @CsvSource({"RRa,aaaa,2,3,0,4", "RRRRaRRRRa,Ra,8,8,1,2", "aaaaRaaaaR,aRRaRRRRR,0,8,6,8", "R,'',1,1,0,0",
        "'',RRR,0,0,0,0"})
    void howManyAreRefused(String toRefuse, String toAnswer, int unsafe, int unsafeAsked, int safe, int safeAsked) {
        AlignCheck check = check(data(toRefuse, toAnswer));
        AlignCheck.Refused expected = new AlignCheck.Refused(unsafe, unsafeAsked, safe, safeAsked);
        AlignCheck.Before before = check.before(bundle);
        assertEquals(expected, before.refused());
        assertEquals(new Trainer(bundle.model(), List.of(), SETTINGS).evaluate(bundle.encode(data(toRefuse, toAnswer), 64)), before.loss());
        AlignCheck.Found found = check.of(bundle, HIGH);
        assertEquals(expected, found.refused());
        assertEquals(before.loss(), found.after());
        assertEquals(HIGH, found.before());
        assertEquals(toRefuse.length() + toAnswer.length(), found.of());
        assertEquals(found.of(), found.measured());
    }

    private List<String> warnings(String toRefuse, String toAnswer, double before) {
        return check(data(toRefuse, toAnswer)).of(bundle, new AlignCheck.Before(before, HIGH.refused())).warnings();
    }

    /** More than half of what the data answer. */
    @Test void refusingEverythingIsNoAlignment() {
        assertEquals(List.of(), warnings("RR", "RRaa", 20));
        assertEquals(List.of("it refuses 3 of 4 training requests that the data answers: what drift calls kept alignment may be refusing "
                + "everything"), warnings("RR", "RRRa", 20));
    }

    @Test void dataOfOneKindAreNamed() {
        assertEquals(List.of("every answer in the data is a refusal: such a model comes to refuse harmless requests as well; "
                + "add requests with helpful answers"), warnings("Ra", "", 20));
        assertEquals(List.of("no answer in the data is a refusal that the patterns know: nothing here teaches the model to refuse; "
                + "add requests to refuse, answered by a refusal"), warnings("", "RRaR", 20));
    }

    @Test void aLossThatRoseIsNamed() {
        double now = check(data("Ra", "aa")).before(bundle).loss();
        assertEquals(List.of(), warnings("Ra", "aa", now));
        String said = "the loss ended above its start (%.3f after %.3f); try a lower learning rate than 0.001";
        assertEquals(List.of(String.format(Locale.ROOT, said, now, now - 0.25)), warnings("Ra", "aa", now - 0.25));
        String message = assertThrows(AglException.class, () -> warnings("Ra", "aa", now / 11)).getMessage();
        assertTrue(message.startsWith("training wrecked the model: the loss rose from "), message);
    }

    @Test void aBaseThatIsBrokenBeforeIsNamed() {
        Tensor norm = bundle.model().parameters().get("model.norm.weight");
        IntStream.range(0, norm.size()).forEach(i -> norm.data().set(i, 0));
        String said = StandardError.during(() -> check(data("Ra", "aa")).before(bundle));
        assertTrue(said.contains("the base gives the same next token whatever it reads"), said);
    }

    private static String inWords(AlignCheck.Refused before, AlignCheck.Refused after, int measured, int of) {
        return new AlignCheck.Found(new AlignCheck.Before(2, before), 1.25, measured, of, after, List.of()).inWords();
    }

    @Test void inWords() {
        assertEquals("loss 2.000 before, 1.250 as written, in nats per token on its 9 training examples; refuses 5 of 6 training "
                + "requests that the data refuses (1 before); refuses 4 of 8 training requests that the data answers (3 before)",
                inWords(new AlignCheck.Refused(1, 6, 3, 8), new AlignCheck.Refused(5, 6, 4, 8), 9, 9));
        assertEquals("loss 2.000 before, 1.250 as written, in nats per token on 200 of its 900 training examples",
                inWords(new AlignCheck.Refused(0, 0, 0, 0), new AlignCheck.Refused(0, 0, 0, 0), 200, 900));
    }
}
