package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InterleavingTest {
    /** 60 steps of 8 task examples, with one alignment example in 8, in 4, in 2; and a half that is rounded up. */
    @ParameterizedTest @CsvSource({"0.125,60,69,480,69", "0.25,60,80,480,160", "0.5,60,120,480,480", "0.6,5,13,5,8", "0.01,10,10,10,0"})
    void asManyTaskExamplesAsWithout(double share, int steps, int raised, int task, int added) {
        Interleaving mix = new Interleaving(share);
        assertEquals(raised, mix.steps(steps));
        assertEquals(added, mix.alignmentExamples(task));
        assertEquals(Method.Source.MIXED, mix.source(0));
        assertEquals("mix", mix.name());
    }

    @ParameterizedTest @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN}) void aShareIsPartOfTheWhole(double share) {
        String message = assertThrows(AglException.class, () -> new Interleaving(share)).getMessage();
        assertTrue(message.contains("above 0 and below 1, got " + share), message);
    }

    @Test void aRunThatNobodyCouldCountIsRefused() {
        Interleaving nearlyAll = new Interleaving(1 - 1e-12);
        String message = assertThrows(AglException.class, () -> nearlyAll.steps(60)).getMessage();
        assertTrue(message.contains("makes a run of"), message);
        assertEquals(Integer.MAX_VALUE, new Interleaving(1e-20).steps(Integer.MAX_VALUE), "a share that rounding swallows");
    }

    @Test void otherMethodsMixNothing() {
        assertEquals("mixed", Method.Source.MIXED.title());
        assertEquals(0, Method.lora().alignmentExamples(100));
    }
}
