package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.error.AglException;
import agl.nn.Batch;
import agl.regularizers.FisherEstimator;
import agl.regularizers.method.Contrast;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which pairs the contrast methods make of alignment data. */
class ContrastPairsTest {
    private static final String NO = "I cannot help with that.";
    private static final List<Example> TASK = List.of(new Example("a", NO), new Example("b", "A red dog."), new Example("c", "A cat."));

    @TempDir Path temp;
    private ModelBundle bundle;

    @BeforeEach void model() {
        bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
    }

    private ContrastPairs pairs(List<Example> alignment, String... sets) {
        return ContrastPairs.of(new FisherSource(bundle), RunConfig.of(null, List.of(sets)).resolved(MethodChoice.of("contrast")),
                alignment, TASK);
    }

    private static List<Example> alignment(int refused, int answered) {
        return IntStream.range(0, refused + answered)
                .mapToObj(i -> new Example("tell me " + i, i < refused ? NO : "The fox sat on mat " + i + ".")).toList();
    }

    private String text(Batch b) {
        return bundle.tokenizer().decode(b.tokens(), false);
    }

    @Test void eachPromptHasARefusalAgainstAnotherAnswer() {
        ContrastPairs made = ContrastPairs.of(new FisherSource(bundle), RunConfig.DEFAULT.resolved(MethodChoice.of("contrast")),
                List.of(new Example("how to", NO), new Example("the dog", "The fox sat."), new Example("a mat", NO)), TASK, 0);
        assertArrayEquals(new boolean[] {true, false}, made.refuse(), "as many of each kind");
        FisherEstimator.Example harmful = made.pairs().getFirst();
        assertTrue(text(harmful.answer()).contains(NO) && text(harmful.contrast()).contains("A red dog."), text(harmful.contrast()));
        FisherEstimator.Example harmless = made.pairs().getLast();
        assertTrue(text(harmless.answer()).contains("the dog") && text(harmless.answer()).contains(NO), text(harmless.answer()));
        assertTrue(text(harmless.contrast()).contains("The fox sat."), text(harmless.contrast()));
    }

    @Test void aTaskOfRefusalsHasNoAnswers() {
        RunConfig config = RunConfig.DEFAULT.resolved(MethodChoice.of("contrast_linear"));
        String said = assertThrows(AglException.class, () -> ContrastPairs.of(new FisherSource(bundle), config, alignment(2, 2),
                List.of(new Example("a", NO)))).getMessage();
        assertEquals("method contrast_linear contrasts refusals with the task's answers, and all of 1 task examples are refusals", said);
    }

    /** What is called unused is unused: a resumed comparison takes such a run for the same. */
    @Test void settingsOfTheFisherDecideNothing() {
        List<FisherEstimator.Example> own = pairs(alignment(3, 3)).pairs();
        for (String set : List.of("agl.fisher_tokens=0", "agl.fisher_tokens=64", "preset=as-read")) {
            List<FisherEstimator.Example> other = pairs(alignment(3, 3), set).pairs();
            for (int i = 0; i < own.size(); i++) {
                assertArrayEquals(own.get(i).answer().tokens(), other.get(i).answer().tokens(), set);
                assertArrayEquals(own.get(i).contrast().targets(), other.get(i).contrast().targets(), set);
            }
            assertEquals(2, other.getFirst().answer().targetCount());
        }
    }

    @Test void asManyAsTheSettingsSayHalfOfEach() {
        assertEquals(6, pairs(alignment(9, 9), "fisher_examples=6").pairs().size());
        assertEquals(6, pairs(alignment(9, 9), "fisher_examples=5").pairs().size(), "an odd number is rounded up");
        assertEquals(4, pairs(alignment(9, 2), "fisher_examples=6").pairs().size());
    }

    @Test void withoutBothKindsThereIsNothingToContrast() {
        for (int refused : new int[] {0, 3}) {
            String said = assertThrows(AglException.class, () -> pairs(alignment(refused, 3 - refused))).getMessage();
            assertEquals("method contrast contrasts refusals with answers and needs both in --alignment: of its 3 examples " + refused
                    + " are refusals and " + (3 - refused) + " are answers", said);
        }
    }

    @Test void aBatchHasBothKindsAndAllPairsComeUp() {
        ContrastPairs made = pairs(alignment(5, 5));
        for (int size : new int[] {1, 4, 7, 8, 16}) {
            List<Contrast.Pairs> batches = made.batches(size, size);
            assertEquals(10, batches.stream().mapToInt(b -> b.refuse().length).sum());
            for (Contrast.Pairs b : batches) {
                assertTrue(b.refuse().length > 0, "none is empty");
                int sequences = b.passes().stream().mapToInt(Batch::sequences).sum();
                assertEquals(sequences, 2 * b.refuse().length);
                assertTrue(sequences <= Math.max(4, size));
                assertEquals(b.refuse().length / 2, IntStream.range(0, b.refuse().length).filter(i -> b.refuse()[i]).count());
            }
        }
        Batch first = made.batches(4, 4).getFirst().passes().getFirst();
        assertArrayEquals(made.pairs().get(0).contrast().tokens(),
                Arrays.copyOfRange(first.tokens(), first.starts()[1], first.starts()[2]));
    }

    /** A smaller pass is of the same step: the same pairs in the same order, none split. */
    @Test void passesHoldWholePairs() {
        ContrastPairs made = pairs(alignment(5, 5));
        for (int pass : new int[] {1, 2, 3, 4, 6, 8}) {
            List<Contrast.Pairs> whole = made.batches(8, 8);
            List<Contrast.Pairs> parts = made.batches(8, pass);
            assertEquals(whole.size(), parts.size());
            for (int i = 0; i < parts.size(); i++) {
                assertArrayEquals(whole.get(i).refuse(), parts.get(i).refuse());
                assertArrayEquals(whole.get(i).passes().getFirst().tokens(), Batch.concat(parts.get(i).passes()).tokens());
                assertTrue(parts.get(i).passes().stream().allMatch(b -> b.sequences() % 2 == 0 && b.sequences() <= Math.max(2, pass)));
            }
        }
    }

    @Test void aLineSaysThatSomeAreLeftOut() {
        assertEquals("contrast: as many refusals as answers make pairs: 1 of each, of 4 refusals and 1 answers in the alignment data",
                note(alignment(4, 1), 96));
        assertEquals("", note(alignment(4, 1), 2), "no more were wanted");
        assertEquals("", note(alignment(4, 4), 96), "all are used");
        assertEquals("", note(alignment(4, 0), 96), "refused elsewhere");
    }

    private static String note(List<Example> alignment, int wanted) {
        RunConfig config = RunConfig.of(null, List.of("fisher_examples=" + wanted)).resolved(MethodChoice.of("contrast"));
        return ContrastPairs.note(config, alignment).orElse("");
    }
}
