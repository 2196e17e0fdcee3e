package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.PromptTemplate;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlainTextTest {
    private static final String TEXT = "the cat and the dog sat by the door and the cat said no";

    @TempDir Path temp;

    /** Mean over the predicted tokens of each window's −log softmax, from the logits. */
    private static double expected(ModelBundle bundle, int[] ids, int window) {
        double sum = 0;
        int count = 0;
        for (int from = 0; from < ids.length; from += window) {
            int[] tokens = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + window));
            try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
                Tensor logits = bundle.model().logits(tape, bundle.model().hidden(tape, Batch.of(tokens)),
                        IntStream.range(0, tokens.length).toArray());
                int vocabulary = bundle.model().config().vocabulary();
                for (int t = 0; t + 1 < tokens.length; t++) {
                    double total = 0;
                    for (int v = 0; v < vocabulary; v++) {
                        total += Math.exp(logits.get(t * vocabulary + v));
                    }
                    sum += Math.log(total) - logits.get(t * vocabulary + tokens[t + 1]);
                    count++;
                }
            }
        }
        return sum / count;
    }

    @Test void theMeanIsOverPredictedTokensOfAllWindows() {
        ModelBundle bundle = ModelBundle.load(TinyModel.write(temp.resolve("base"), 3), PromptTemplate.INSTRUCTION);
        int[] ids = bundle.tokenizer().encode(TEXT, false);
        for (int window : new int[] {2, 5, ids.length, 1000}) {
            assertEquals(expected(bundle, ids, Math.min(window, bundle.model().config().maxPositions())),
                    new PlainText(TEXT, 1000, window).loss(bundle), 1e-5);
        }
        assertEquals(expected(bundle, Arrays.copyOf(ids, 7), 4), new PlainText(TEXT, 7, 4).loss(bundle), 1e-5);
        assertThrows(AglException.class, () -> new PlainText(TEXT, 1, 4).loss(bundle));
    }

    @Test void aTextOfFewTokensIsRefusedOrNamed() {
        ModelBundle bundle = ModelBundle.load(TinyModel.write(temp.resolve("base"), 3), PromptTemplate.INSTRUCTION);
        String message = assertThrows(AglException.class, () -> new PlainText(TEXT, 1000, 64).few(bundle)).getMessage();
        assertTrue(message.startsWith("the plain text has " + bundle.tokenizer().encode(TEXT, false).length + " tokens"), message);
        assertThrows(AglException.class, () -> new PlainText(TEXT.repeat(100), 99, 64).few(bundle));
        assertTrue(new PlainText(TEXT.repeat(100), 100, 64).few(bundle).orElseThrow().contains("has 100 tokens"));
        assertTrue(new PlainText(TEXT.repeat(200), 1000, 64).few(bundle).isEmpty());
    }

    @Test void aTextOfNothingIsRefused() throws Exception {
        Path blank = Files.writeString(temp.resolve("blank.txt"), " \n");
        assertTrue(assertThrows(AglException.class, () -> PlainText.read(blank, 10, 4)).getMessage().contains("no text"));
    }

    /** The file's own text; one token more than a window's is predicted from nothing, so the loss is that of the whole windows. */
    @Test void aFileIsReadAsItIs() throws Exception {
        Path file = Files.writeString(temp.resolve("plain.txt"), TEXT);
        assertEquals(new PlainText(TEXT, 10, 4), PlainText.read(file, 10, 4));
        String said = assertThrows(AglException.class, () -> PlainText.read(temp.resolve("none.txt"), 10, 4)).getMessage();
        assertTrue(said.startsWith(temp.resolve("none.txt") + ": cannot be read as UTF-8 text"), said);
        ModelBundle bundle = ModelBundle.load(TinyModel.write(temp.resolve("base"), 3), PromptTemplate.INSTRUCTION);
        int[] ids = bundle.tokenizer().encode(TEXT, false);
        assertEquals(expected(bundle, Arrays.copyOf(ids, 8), 4), new PlainText(TEXT, 8, 4).loss(bundle), 1e-5);
        assertEquals(new PlainText(TEXT, 8, 4).loss(bundle), new PlainText(TEXT, 9, 4).loss(bundle), 1e-9);
        assertTrue(new PlainText(TEXT.repeat(200), 999, 64).few(bundle).isPresent());
    }
}
