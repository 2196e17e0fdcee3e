package agl.autograd.kernels.vector;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Reads elements of any stored type as floats: frozen weights are widened here, one row at a time, before a kernel uses them. */
final class FloatRows {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, S.vectorShape());
    private static final VectorSpecies<Short> HALVES = VectorSpecies.of(short.class, VectorShape.forBitSize(S.vectorBitSize() / 2));

    private FloatRows() { }

    /** Whether the kernels of this package can read x: its type is float or widens to float exactly. */
    static boolean readable(Storage x) {
        return x.dtype() != DType.F64;
    }

    /** The heap array behind {@code x}, or null if its elements must be read with {@link #read}. */
    static float[] arrayOf(Storage x) {
        return x instanceof Storage.F32 f ? f.array() : null;
    }

    /** to[toOff …] = the {@code n} elements of {@code from} that start at {@code fromOff}. */
    static void read(Storage from, int fromOff, float[] to, int toOff, int n, Scratch scratch) {
        if (from instanceof Storage.F32 f) {
            System.arraycopy(f.array(), fromOff, to, toOff, n);
            return;
        }
        Storage.Mapped mapped = (Storage.Mapped) from;
        MemorySegment segment = mapped.segment();
        if (mapped.dtype() == DType.F32) {
            MemorySegment.copy(segment, FLOAT, 4L * fromOff, to, toOff, n);
            return;
        }
        short[] halves = halves(mapped, fromOff, n, scratch);
        if (mapped.dtype() == DType.BF16) {
            widenBf16(halves, to, toOff, n);
        } else {
            widenF16(halves, to, toOff, n);
        }
    }

    /** Reads {@code rows} rows of {@code n} elements, {@code ld} apart in {@code from}, one after the other to to[toOff …]. */
    static void read(Storage from, int fromOff, int ld, int rows, int n, float[] to, int toOff, Scratch scratch) {
        for (int i = 0; i < rows; i++) {
            read(from, fromOff + i * ld, to, toOff + i * n, n, scratch);
        }
    }

    /**
     * Σ x·y over n elements, x not a float array. BF16, the type of most checkpoints, is widened in registers: writing the floats to memory
     * would take three times as long.
     */
    static float dot(int n, Storage x, int xOff, float[] y, int yOff, float[] sums, Scratch scratch) {
        if (x.dtype() == DType.BF16) {
            return dotBf16(n, halves((Storage.Mapped) x, xOff, n, scratch), y, yOff, sums);
        }
        float[] row = scratch.floats(Scratch.WIDENED, n);
        read(x, xOff, row, 0, n, scratch);
        return GemmDots.dot(n, row, 0, y, yOff, sums);
    }

    private static float dotBf16(int n, short[] x, float[] y, int yOff, float[] sums) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - 2 * S.length(); i += 2 * S.length()) {
            IntVector x0 = (IntVector) ShortVector.fromArray(HALVES, x, i).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            IntVector x1 = (IntVector) ShortVector.fromArray(HALVES, x, i + S.length()).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS,
                    0);
            a = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(FloatVector.fromArray(S, y, yOff + i), a);
            b = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(FloatVector.fromArray(S, y, yOff + S.length() + i), b);
        }
        a.add(b).intoArray(sums, 0);
        float sum = GemmDots.sum(sums, 0);
        for (; i < n; i++) {
            sum = Math.fma(Float.intBitsToFloat(x[i] << 16), y[yOff + i], sum);
        }
        return sum;
    }

    /** Copied to the heap first, so that the loops over them have only one kind of memory access, whatever the segment. */
    private static short[] halves(Storage.Mapped x, int off, int n, Scratch scratch) {
        short[] halves = scratch.halves(n);
        MemorySegment.copy(x.segment(), SHORT, 2L * off, halves, 0, n);
        return halves;
    }

    /** BF16 is the upper half of a float. */
    private static void widenBf16(short[] from, float[] to, int toOff, int n) {
        int i = 0;
        for (; i <= n - S.length(); i += S.length()) {
            IntVector bits = (IntVector) ShortVector.fromArray(HALVES, from, i).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(to, toOff + i);
        }
        for (; i < n; i++) {
            to[toOff + i] = Float.intBitsToFloat(from[i] << 16);
        }
    }

    /** HotSpot compiles this loop to the processor's own conversion, several elements at a time. */
    private static void widenF16(short[] from, float[] to, int toOff, int n) {
        for (int i = 0; i < n; i++) {
            to[toOff + i] = Float.float16ToFloat(from[i]);
        }
    }
}
