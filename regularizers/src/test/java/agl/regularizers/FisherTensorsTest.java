package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of a file that holds estimates: what is shared, what is rounded, and leading eigenvectors alone. */
class FisherTensorsTest {
    private static final String DENSE = "'exact_storage':'dense'";
    private static final String FACTORED = "'exact_storage':'factored'";
    private static final String KFAC = "'backend':'kfac'";
    private static final String DIAGONAL = "'backend':'diagonal'";

    @TempDir
    private Path folder;

    private Map<String, Fisher> readBack(Map<String, Fisher> fisher, DType vectors) {
        Path file = folder.resolve("f");
        SafeTensorsWriter out = new SafeTensorsWriter();
        FisherTensors.put(out, fisher, vectors);
        out.write(file);
        try (SafeTensors in = SafeTensors.open(file)) {
            return FisherTensors.read(in, file);
        }
    }

    private static Fisher estimate(String name, TokenFactors g, String settings) {
        return Fisher.of(Kernels.plain(), name, g, Samples.settings("{'metric':'diag_fisher'," + settings + "}"));
    }

    private static TokenFactors gradients(int out, long seed) {
        Samples.Shape shape = new Samples.Shape(out, 7, 4, 3, 2, seed);
        return Samples.gradients(shape.random(), DType.F32, shape);
    }

    /** q and v of one layer read the same x: the file has it once, and so has the memory afterwards. */
    @Test void inputsThatMatricesShareAreWrittenOnce() throws Exception {
        TokenFactors q = gradients(5, 1);
        Storage other = Storage.allocate(DType.F32, q.totalTokens() * 3);
        other.fill(0, other.length(), 0.5);
        TokenFactors v = new TokenFactors(3, 7, other, q.x(), q.starts());
        TokenFactors copied = new TokenFactors(3, 7, other, TokenFactors.join(Kernels.plain(), List.of(q.x())), q.starts());
        Map<String, Fisher> fisher = new LinkedHashMap<>();
        fisher.put("q", estimate("q", q, FACTORED));
        fisher.put("v", estimate("v", v, FACTORED));
        Map<String, Fisher> read = readBack(fisher, DType.F32);
        long size = Files.size(folder.resolve("f"));
        FactoredSubspace first = (FactoredSubspace) read.get("q").subspace();
        FactoredSubspace second = (FactoredSubspace) read.get("v").subspace();
        assertSame(first.gradients().x(), second.gradients().x());
        double[] x = Samples.gaussian(new SplittableRandom(1), DType.F64, 1, 3, 7).toArray();
        assertArrayEquals(fisher.get("v").subspace().project(x), read.get("v").subspace().project(x), 0);
        fisher.put("v", estimate("v", copied, FACTORED));
        Map<String, Fisher> apart = readBack(fisher, DType.F32);
        assertNotSame(((FactoredSubspace) apart.get("q").subspace()).gradients().x(),
                ((FactoredSubspace) apart.get("v").subspace()).gradients().x());
        assertTrue(Files.size(folder.resolve("f")) >= size + q.totalTokens() * 7 * 4);
    }

    /** Files from before the tokens of all examples were one tensor have δ and x of each example in tensors of their own. */
    @Test void filesWithATensorForEachExampleAreRead() throws Exception {
        TokenFactors g = gradients(5, 4);
        Fisher whole = estimate("w", g, FACTORED);
        readBack(Map.of("w", whole), DType.F32);
        Path old = folder.resolve("old");
        SafeTensorsWriter out = new SafeTensorsWriter();
        try (SafeTensors in = SafeTensors.open(folder.resolve("f"))) {
            in.metadata().forEach(out::metadata);
            for (String name : in.names()) {
                boolean factor = name.equals("w.delta") || name.equals("w.x");
                for (int i = 0; factor && i < g.examples(); i++) {
                    int width = 4 * (name.equals("w.x") ? 7 : 5);
                    MemorySegment part = MemorySegment.ofArray(in.info(name).data().asSlice((long) g.starts()[i] * width,
                            (long) g.tokens(i) * width).toArray(ValueLayout.JAVA_BYTE));
                    out.add(name + "." + i, DType.F32, new long[] {part.byteSize() / 4}, () -> part);
                }
                if (!factor && !name.equals("w.starts")) {
                    MemorySegment all = MemorySegment.ofArray(in.info(name).data().toArray(ValueLayout.JAVA_BYTE));
                    out.add(name, in.info(name).dtype(), new long[] {in.info(name).elements()}, () -> all);
                }
            }
            out.write(old);
        }
        try (SafeTensors in = SafeTensors.open(old)) {
            TokenFactors read = ((FactoredSubspace) FisherTensors.read(in, old).get("w").subspace()).gradients();
            assertArrayEquals(g.starts(), read.starts());
            assertArrayEquals(Samples.dense(g), Samples.dense(read));
        }
    }

    @ParameterizedTest @ValueSource(strings = {DENSE, FACTORED, KFAC, DIAGONAL}) void bf16RoundsVectorsAndNothingElse(String kind) {
        Fisher whole = estimate("w", gradients(5, 2), kind);
        Fisher rounded = readBack(Map.of("w", whole), DType.BF16).get("w");
        assertArrayEquals(whole.eigenvalues(), rounded.eigenvalues(), 0);
        assertArrayEquals(whole.spectrum(), rounded.spectrum(), 0);
        assertEquals(DType.F32, rounded.diagonal().dtype());
        boolean differs = false;
        for (int e = 0; e < 35; e++) {
            double exact = whole.diagonal().get(e);
            assertEquals(exact, rounded.diagonal().get(e), Math.abs(exact) / 256);
            differs |= exact != rounded.diagonal().get(e);
        }
        assertTrue(differs);
        double[] x = Samples.gaussian(new SplittableRandom(1), DType.F64, 1, 5, 7).toArray();
        double[] a = whole.subspace().project(x);
        double[] b = rounded.subspace().project(x);
        double worst = 0;
        for (int e = 0; e < a.length; e++) {
            worst = Math.max(worst, Math.abs(a[e] - b[e]));
        }
        // A mask has no vectors to round.
        assertTrue(kind.equals(DIAGONAL) ? worst == 0 : worst > 0 && worst < 0.1, "largest difference " + worst);
    }

    /** Numbers that stand beside the estimates, in double. */
    @Test void otherNumbersAreReadBackToTheBit() {
        Path file = folder.resolve("f");
        SafeTensorsWriter out = new SafeTensorsWriter();
        FisherTensors.put(out, "margins", new double[] {0.1, -1e-300, 3});
        out.write(file);
        try (SafeTensors in = SafeTensors.open(file)) {
            assertArrayEquals(new double[] {0.1, -1e-300, 3}, FisherTensors.doubles(in, file, "margins"), 0);
            assertEquals(file + ": has no tensor \"others\"",
                    assertThrows(AglException.class, () -> FisherTensors.doubles(in, file, "others")).getMessage());
        }
    }

    /** The leading m of a larger estimate are the estimate with m. */
    @ParameterizedTest @ValueSource(strings = {DENSE, FACTORED, KFAC, DIAGONAL}) void leadingIsTheSmallerEstimate(String kind) {
        TokenFactors g = gradients(5, 3);
        Fisher three = estimate("w", g, kind + ",'m':3");
        Fisher two = estimate("w", g, kind + ",'m':2");
        Fisher leading = three.leading(2);
        assertArrayEquals(two.eigenvalues(), leading.eigenvalues(), 0);
        assertEquals(List.of(two.trace(), two.scale()), List.of(leading.trace(), leading.scale()));
        double[] x = Samples.gaussian(new SplittableRandom(1), DType.F64, 1, 5, 7).toArray();
        assertArrayEquals(two.subspace().project(x), leading.subspace().project(x), 1e-6);
        assertEquals(3, three.leading(9).eigenvalues().length, "not more than there are");
        assertEquals(3, three.subspace().size(), "the larger one stays");
    }
}
