package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts, and the choices that are made by them. */
class TokenFactorsTest {

    /**
     * One example with all tokens but one for each of the others. Every number is 1 but the first of each δ, so that the gradients differ.
     */
    private static TokenFactors factors(int out, int in, int examples, int tokens) {
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        for (int i = 0; i < examples; i++) {
            int t = i == 0 ? tokens - examples + 1 : 1;
            delta.add(ones(t * out, i));
            x.add(ones(t * in, 0));
        }
        return new TokenFactors(out, in, delta, x);
    }

    private static Storage ones(int n, int first) {
        double[] values = new double[n];
        java.util.Arrays.fill(values, 1);
        values[0] += first;
        return new Storage.F64(values, n);
    }

    @Test void tokensAreCounted() {
        TokenFactors g = factors(2, 3, 3, 7);
        assertEquals(List.of(3, 5, 1, 1), List.of(g.examples(), g.tokens(0), g.tokens(1), g.tokens(2)));
        assertEquals(7, g.totalTokens());
    }

    /** T²(out + in)/2 against out·in(T + N²), by hand. */
    @ParameterizedTest @CsvSource({
        "3, 5, 2, 6, true",  // 36·8/2 = 144 < 15·(6 + 4) = 150
        "3, 5, 1, 6, false", // 144 > 15·(6 + 1) = 105
        "2, 2, 2, 4, false", // 16·4/2 = 32 = 4·(4 + 4): no fewer
    })
    void theGramMatrixIsMadeInFewerOperations(int out, int in, int examples, int tokens, boolean byTokens) {
        assertEquals(byTokens, factors(out, in, examples, tokens).tokensAreFewerOperations());
    }

    /** m·out·in numbers against the T·(out + in) of the factors. */
    @ParameterizedTest @CsvSource({
        "6, 6, 1, 3, true",    // 36 = 3·12
        "6, 7, 1, 3, false",   // 42 > 3·13
        "6, 7, 1, 4, true",    // 42 < 4·13
        "9, 13, 2, 10, false", // 2·117 = 234 > 10·22 = 220
        "9, 13, 2, 11, true",  // 234 < 11·22 = 242
    })
    void eigenvectorsAreWrittenOutWhereThatIsLessWork(int out, int in, int examples, int tokens, boolean dense) {
        Fisher f = Fisher.of(Kernels.plain(), "w", factors(out, in, examples, tokens), Samples.settings("{'m':5}"));
        assertEquals(examples, f.subspace().size());
        assertEquals(dense ? DenseSubspace.class : FactoredSubspace.class, f.subspace().getClass());
    }

    /** Products of numbers of tokens, of examples and of both, which do not fit one array: nothing is allocated. */
    @Test void moreThanOneArrayHoldsIsSaidSo() {
        Kernels kernels = Kernels.plain();
        Storage many = Storage.allocate(DType.F32, 70_000);
        Storage one = Storage.allocate(DType.F32, 1);
        TokenFactors longOnes = new TokenFactors(1, 1, List.of(many), List.of(many));
        TokenFactors manyOnes = new TokenFactors(1, 1, Collections.nCopies(70_000, one), Collections.nCopies(70_000, one));
        List<Executable> works = List.of(() -> longOnes.gramByTokens(kernels), () -> manyOnes.gramByTiles(kernels),
                () -> KfacSubspace.of(kernels, longOnes, 1, 2, 0),
                () -> new TokenFactors(1, 1, Collections.nCopies(40_000, many), Collections.nCopies(40_000, many)));
        for (Executable work : works) {
            String message = assertThrows(AglException.class, work).getMessage();
            assertTrue(message.contains("values in one array, which holds at most 2.15e+09"), message);
            assertTrue(message.contains("fisher_examples"), message);
        }
    }
}
