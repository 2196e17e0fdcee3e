package agl.autograd.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Rope;
import agl.error.AglException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageTest {
    private static void refused(Executable work) {
        String message = assertThrows(AglException.class, work).getMessage();
        assertTrue(message.contains("65536 x 65536 would be 4.29e+09 values in one array, which holds at most 2.15e+09"), message);
        assertTrue(message.contains("max_length"), message);
    }

    @Test void elementsAreTheProduct() {
        assertEquals(1, Storage.elements());
        assertEquals(24, Storage.elements(2, 3, 4));
        assertEquals(0, Storage.elements(0, Long.MAX_VALUE));
        assertEquals(Storage.MOST, Storage.elements(Storage.MOST));
        assertEquals(1 << 30, Storage.elements(1 << 15, 1 << 15));
    }

    /** As ints these products are below 0, exactly 0, and a small number above 0. */
    @ParameterizedTest @CsvSource({"32768, 65536, 1", "65536, 65536, 1", "65536, 65537, 1", "2147483640, 1, 1", "65536, 65536, 65536",
            "3000000000, 1, 1", "9223372036854775807, 9223372036854775807, 3"})
    void whatOneArrayCannotHoldIsRefused(long a, long b, long c) {
        assertThrows(AglException.class, () -> Storage.elements(a, b, c));
    }

    @Test void shapesAreRefusedBeforeAnyMemoryIsTaken() {
        refused(() -> Tensor.zeros(DType.F32, 65536, 65536));
        refused(() -> Rope.Table.of(65536, new double[65536], 1));
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F32)); Workspace w = tape.workspace()) {
            refused(() -> tape.alloc(65536, 65536));
            refused(() -> w.matrix(65536, 65536));
        }
    }
}
