package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class KvCacheTest {
    private final Transformer model = TransformerTest.small("llama", DType.F64);

    @Test void bytesOfATokenAreThoseOfItsKeysAndValues() {
        // Two tensors, three layers, two heads of four numbers.
        assertEquals(2 * 3 * 2 * 4 * 8, KvCache.bytesPerToken(model.config(), DType.F64));
        assertEquals(2 * 3 * 2 * 4 * 4, KvCache.bytesPerToken(model.config(), DType.F32));
        KvCache cache = new KvCache(model.config(), DType.F32, 5, 7);
        assertEquals(KvCache.bytesPerToken(model.config(), DType.F32) * 35, 3L * 4 * (cache.keys(0).size() + cache.values(2).size()));
    }

    private double[] last(KvCache cache, int... tokens) {
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            Tensor hidden = model.hidden(tape, Batch.of(tokens), cache);
            return model.logits(tape, hidden, tokens.length - 1).toArray();
        }
    }

    /** A rewound cache gives what one gives that never saw the rest. */
    @Test void rewindingForgetsTheRest() {
        KvCache cache = new KvCache(model.config(), DType.F64, 1, 8);
        last(cache, 3, 1, 4, 1, 5);
        cache.rewind(new int[] {2});
        assertEquals(2, cache.length(0));
        double[] again = last(cache, 9, 2);
        assertArrayEquals(last(new KvCache(model.config(), DType.F64, 1, 4), 3, 1, 9, 2), again, 1e-12);
        assertEquals(4, cache.length(0));
        cache.rewind(new int[] {4});
        String message = assertThrows(IllegalArgumentException.class, () -> cache.rewind(new int[] {5})).getMessage();
        assertTrue(message.contains("has 4 tokens, cannot rewind to 5"), message);
    }

    @Test void fillsToTheLastRowAndNoFurther() {
        KvCache cache = new KvCache(model.config(), DType.F64, 1, 4);
        last(cache, 1, 2, 3, 4);
        assertArrayEquals(new int[] {0}, cache.starts());
        String message = assertThrows(AglException.class, () -> last(cache, 5)).getMessage();
        assertTrue(message.contains("grows to 5 tokens, the cache holds 4"), message);
        assertEquals(4, cache.length(0));
    }

    @Test void sequencesChosenKeepTheirRows() {
        KvCache cache = new KvCache(model.config(), DType.F64, 3, 6);
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            int[] none = new int[6];
            Arrays.fill(none, Batch.NO_TARGET);
            model.hidden(tape, new Batch(new int[] {1, 2, 3, 4, 5, 6}, new int[] {0, 1, 3, 6}, none), cache);
        }
        KvCache some = cache.select(new int[] {2, 0});
        assertArrayEquals(new int[] {12, 0}, some.starts());
        assertEquals(3, some.length(0));
        assertEquals(1, some.length(1));
    }

    @Test void aCacheOfMoreRowsThanOneArrayHoldsIsRefused() {
        ModelConfig config = ModelConfig.llama(8, 1, 2, 1, 16, 32);
        String message = assertThrows(AglException.class, () -> new KvCache(config, DType.F32, 65536, 65536)).getMessage();
        assertTrue(message.startsWith("65536 x 65536 would be"), message);
    }
}
