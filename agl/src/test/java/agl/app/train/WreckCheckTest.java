package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a model begins to be a wreck: every threshold at its border. */
class WreckCheckTest {
    private static final String SAME = "the trained model gives the same next token whatever it reads";

    @TempDir Path temp;
    private ModelBundle bundle;
    private List<EncodedExample> encoded;

    @BeforeEach void model() {
        bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        // Fewer tokens than positions are looked at, so that all of them are.
        encoded = bundle.encode(List.of(new Example("tell me", "the cat"), new Example("a dog", "fox")), 96);
    }

    private static TrainSettings settings(String... sets) {
        return RunConfig.of(null, List.of(sets)).train();
    }

    private Optional<String> reason(double before, double after) {
        return new WreckCheck(encoded, settings()).reason(bundle.model(), before, after);
    }

    private double ignorant() {
        return Math.log(bundle.model().config().vocabulary());
    }

    /** At this loss the model is still one; at the next larger number it is a wreck, and both losses are named. */
    private void border(double before, double after) {
        assertEquals(Optional.empty(), reason(before, after));
        String said = "training wrecked the model: the loss rose from %.3f to %.3f nats per token, uniform guessing gives %.3f";
        assertEquals(String.format(Locale.ROOT, said, before, after, ignorant()), reason(before, Math.nextUp(after)).orElseThrow());
    }

    @Test void aNatAboveWhatItWasOrAboveAllTokensAlike() {
        assertTrue(ignorant() > 5 && ignorant() < 6, "the cases are made for this: " + ignorant());
        border(8, 9);
        border(1, ignorant() + 1);
        border(5, ignorant() + 1);
    }

    @Test void tenfoldAndANatAtLeast() {
        border(0.25, 2.5);
        border(0.0625, 1.0625);
        assertEquals(Optional.empty(), reason(0.01, 0.9), "ninetyfold, but less than a nat");
    }

    @Test void aLossThatIsNone() {
        assertEquals("training ended with a model whose loss is NaN", reason(1, Double.NaN).orElseThrow());
        assertEquals("training ended with a model whose loss is Infinity", reason(1, Double.POSITIVE_INFINITY).orElseThrow());
    }

    private void lastNorm(double weight) {
        Tensor norm = bundle.model().parameters().get("model.norm.weight");
        IntStream.range(0, norm.size()).forEach(i -> norm.data().set(i, weight));
    }

    /** The largest total variation between the distributions at the first token and at another one. */
    private double variation() {
        Batch batch = Batches.collate(encoded);
        int v = bundle.model().config().vocabulary();
        double most = 0;
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F32))) {
            int[] all = IntStream.range(0, batch.size()).toArray();
            double[] logits = bundle.model().logits(tape, bundle.model().hidden(tape, batch), all).toArray();
            for (int row = 1; row < batch.size(); row++) {
                double apart = 0;
                for (int t = 0; t < v; t++) {
                    apart += Math.abs(share(logits, row * v, v, t) - share(logits, 0, v, t));
                }
                most = Math.max(most, apart / 2);
            }
        }
        return most;
    }

    private static double share(double[] logits, int from, int v, int t) {
        double sum = IntStream.range(0, v).mapToDouble(i -> Math.exp(logits[from + i] - logits[from + t])).sum();
        return 1 / sum;
    }

    /** The smaller the last norm's weights, the more alike the distributions: one just below and one just above the threshold. */
    @Test void theSameNextTokenEverywhere() {
        assertTrue(encoded.stream().mapToInt(EncodedExample::length).sum() <= 32);
        lastNorm(0);
        assertEquals(SAME + " (loss 2.000 nats per token, before 1.000)", reason(1, 2).orElseThrow());
        double low = 0;
        double high = 1;
        for (int i = 0; i < 12; i++) {
            lastNorm((low + high) / 2);
            if (variation() < 1e-3) {
                low = (low + high) / 2;
            } else {
                high = (low + high) / 2;
            }
        }
        lastNorm(0.98 * low);
        double below = variation();
        assertTrue(below > 0.9e-3 && below < 1e-3, "just below: " + below);
        assertTrue(reason(1, 2).orElseThrow().startsWith(SAME));
        lastNorm(1.02 * high);
        double above = variation();
        assertTrue(above < 1.1e-3 && above > 1e-3, "just above: " + above);
        assertEquals(Optional.empty(), reason(1, 2));
    }

    /** Logits whose exponentials are beyond all numbers. */
    @Test void aVerySureModelIsNoWreck() {
        lastNorm(1e5);
        assertEquals(Optional.empty(), reason(1, 2));
    }

    @Test void oneTokenSaysNothing() {
        lastNorm(0);
        encoded = List.of(new EncodedExample(new int[] {5}, new boolean[] {false}, false));
        assertEquals(Optional.empty(), reason(1, 2));
        encoded = List.of(new EncodedExample(new int[] {5, 6}, new boolean[] {false, true}, false));
        assertTrue(reason(1, 2).orElseThrow().startsWith(SAME));
    }

    @Test void whatIsNoWreckIsGivenBack() {
        WreckCheck check = new WreckCheck(encoded, settings());
        double loss = new Trainer(bundle.model(), List.of(), settings()).evaluate(encoded);
        assertEquals(loss, check.loss(bundle.model()));
        assertEquals(loss, check.require(bundle.model(), loss));
        assertEquals(1.5, check.require(bundle.model(), 1, 1.5));
        String message = assertThrows(AglException.class, () -> check.require(bundle.model(), 1, Double.NaN)).getMessage();
        assertEquals("training ended with a model whose loss is NaN; it is not written; try a lower learning rate than 0.001", message);
        lastNorm(0);
        assertTrue(assertThrows(AglException.class, () -> check.require(bundle.model(), 1)).getMessage().startsWith(SAME));
    }

    /** What was wrong before training is not mended by another learning rate. */
    @Test void aBaseThatWasBrokenIsNamed() {
        WreckCheck check = new WreckCheck(encoded, settings());
        assertEquals(Optional.empty(), check.before(bundle.model(), ignorant() + 1));
        assertTrue(check.before(bundle.model(), ignorant() + 1.001).orElseThrow().contains("is above that of uniform guessing, "));
        assertEquals("try a lower learning rate than 0.001", check.advice());
        lastNorm(0);
        assertTrue(check.before(bundle.model(), 1).orElseThrow().startsWith("the base gives the same next token whatever it reads"));
        String message = assertThrows(AglException.class, () -> check.require(bundle.model(), 1)).getMessage();
        assertTrue(message.startsWith(SAME) && message.endsWith("the base did so before any training: take another base"), message);
    }

    @Test void twoHundredExamplesAtMostEvenlySpaced() {
        assertEquals(2, new WreckCheck(encoded, settings()).measured());
        // A hundred of each: every second one would be of one kind.
        List<EncodedExample> many = IntStream.range(0, 400).mapToObj(i -> encoded.get(i % 2)).toList();
        WreckCheck check = new WreckCheck(many, settings());
        assertEquals(200, check.measured());
        double first = new Trainer(bundle.model(), List.of(), settings()).evaluate(encoded.subList(0, 1));
        assertEquals(first, check.loss(bundle.model()), 1e-6);
        assertEquals(200, new WreckCheck(Collections.nCopies(200, encoded.getFirst()), settings()).measured());
    }

    @ParameterizedTest @CsvSource({"10,4,0 2 5 7", "4,4,0 1 2 3", "3,4,0 1 2", "0,4,''", "5,0,''", "9,2,0 4"})
    void spread(int size, int most, String expected) {
        int[] at = expected.isEmpty() ? new int[0] : java.util.Arrays.stream(expected.split(" ")).mapToInt(Integer::parseInt).toArray();
        assertArrayEquals(at, WreckCheck.spread(size, most).toArray());
    }

    /** A scale alpha/r of 64 is in use; more may be what is wrong. */
    @Test void whatToChange() {
        assertEquals("try a lower learning rate than 0.001", WreckCheck.advice(settings()));
        assertEquals("try a lower learning rate than 0.5", WreckCheck.advice(settings("r=2", "lora_alpha=128", "learning_rate=0.5")));
        assertEquals("try a lower learning rate than 0.001, or a lower lora_alpha than 128.5",
                WreckCheck.advice(settings("r=2", "lora_alpha=128.5")));
    }
}
