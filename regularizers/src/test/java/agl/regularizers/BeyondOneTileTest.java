package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Affine;
import agl.autograd.op.Linear;
import agl.autograd.op.LogSoftmax;
import agl.autograd.op.Mul;
import agl.autograd.op.Sum;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.method.EwcLora;
import agl.regularizers.method.HardProjection;
import agl.regularizers.method.KlToBase;
import agl.regularizers.method.LogitsToBase;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Shapes in which everything that walks in blocks has a second one that is not full: rows of ΔW (128 at a time here, 131 in all), rows of
 * gradients (32), positions of KL (64). Each against its formula with whole matrices.
 */
class BeyondOneTileTest {
    private static final Samples.Shape SHAPE = new Samples.Shape(131, 128, 4, 3, 3, 7);

    @Test void theShapeHasASecondTile() {
        assertEquals(128, Tile.height(SHAPE.out(), SHAPE.in()));
    }

    @Test void fusedIsComposed() {
        String weights = "'lambda_A':0.8,'lambda_T':0.7,'lambda_NC':1.7,'alpha':0.3,'kappa':2,'reduction':'sum','m':3";
        for (String backend : SubspaceTest.BACKENDS) {
            FusedAglTest.assertFusedIsComposed(SHAPE,
                    Samples.settings("{" + weights + ",'H':'diag_fisher','metric':'diag_fisher'," + backend + "}"), 0.1);
        }
        for (String more : List.of("'alignment_rank':1,'metric':'diag_fisher','H':'diag_fisher'",
                "'alignment_rank':1,'alignment_reach':'branch'", "'metric':'diag_fisher'", "'overlap':'squared'")) {
            FusedAglTest.assertFusedIsComposed(SHAPE, Samples.settings("{" + weights + "," + more + "}"), 0.1);
        }
    }

    @Test void operationsOfASubspaceBelongToTheSameVectors() {
        SubspaceTest.operationsAgree(SHAPE);
    }

    @Test void vectorsWrittenOutAreThoseLeftAsTokenFactors() {
        TokenFactors g = Samples.gradients(SHAPE.random(), DType.F64, SHAPE);
        double[] dense = Samples.fisher(g, Samples.settings("{'exact_storage':'dense'}")).subspace().basis().toArray();
        double[] factored = Samples.fisher(g, Samples.settings("{'exact_storage':'factored'}")).subspace().basis().toArray();
        assertArrayEquals(factored, dense, 1e-10);
        // They are F's: F u = λ u with F = (1/N) Σ g gᵀ applied to each.
        double[][] rows = Samples.dense(g);
        Fisher fisher = Samples.fisher(g, Samples.settings("{'fisher_norm':'none'}"));
        int d = rows[0].length;
        for (int k = 0; k < fisher.eigenvalues().length; k++) {
            double[] u = java.util.Arrays.copyOfRange(dense, k * d, (k + 1) * d);
            double[] fu = new double[d];
            for (double[] row : rows) {
                double inner = Samples.dot(row, u) / rows.length;
                for (int e = 0; e < d; e++) {
                    fu[e] += inner * row[e];
                }
            }
            for (int e = 0; e < d; e++) {
                assertEquals(fisher.eigenvalues()[k] * u[e], fu[e], 1e-9 * fisher.eigenvalues()[0]);
            }
        }
    }

    @Test void gramMatrixAndDiagonalAreThoseOfWholeGradients() {
        TokenFactors g = Samples.gradients(SHAPE.random(), DType.F64, SHAPE);
        double[][] rows = Samples.dense(g);
        double[][] byTokens = g.gramByTokens(Kernels.plain());
        double[][] byTiles = g.gramByTiles(Kernels.plain());
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows.length; j++) {
                double expected = Samples.dot(rows[i], rows[j]) / rows.length;
                assertEquals(expected, byTokens[i][j], 1e-8 * Math.abs(rows.length));
                assertEquals(expected, byTiles[i][j], 1e-8 * Math.abs(rows.length));
            }
        }
        Storage diagonal = g.diagonal(Kernels.plain());
        for (int e = 0; e < rows[0].length; e++) {
            double expected = 0;
            for (double[] row : rows) {
                expected += row[e] * row[e] / rows.length;
            }
            assertEquals(expected, diagonal.get(e), 1e-10 * (1 + expected), "entry " + e);
        }
    }

    /** ΔW, (out, in), in full. */
    private static double[] update(LoraFactors f) {
        double[] w = new double[f.out() * f.in()];
        for (int e = 0; e < w.length; e++) {
            for (int k = 0; k < f.rank(); k++) {
                w[e] += f.scale() * f.b().get(e / f.in() * f.rank() + k) * f.a().get(k * f.in() + e % f.in());
            }
        }
        return w;
    }

    /** For D = ∂L/∂ΔW: ∂L/∂A = s·Bᵀ·D, ∂L/∂B = s·D·Aᵀ. */
    private static void assertChain(double[] d, LoraFactors f, double tolerance) {
        double[] a = new double[f.a().size()];
        double[] b = new double[f.b().size()];
        for (int e = 0; e < d.length; e++) {
            int row = e / f.in();
            int column = e % f.in();
            for (int k = 0; k < f.rank(); k++) {
                a[k * f.in() + column] += f.scale() * f.b().get(row * f.rank() + k) * d[e];
                b[row * f.rank() + k] += f.scale() * d[e] * f.a().get(k * f.in() + column);
            }
        }
        assertArrayEquals(a, f.a().gradArray(), tolerance);
        assertArrayEquals(b, f.b().gradArray(), tolerance);
    }

    @Test void ewcIsItsFormulaOnTheWholeUpdate() {
        SplittableRandom r = SHAPE.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, SHAPE),
                Samples.settings("{'metric':'diag_fisher','fisher_norm':'none'}"));
        LoraFactors f = Samples.factors(r, DType.F64, SHAPE, 0.3);
        double[] w = update(f);
        double sum = 0;
        double[] d = new double[w.length];
        for (int e = 0; e < w.length; e++) {
            sum += fisher.diagonal().get(e) * w[e] * w[e] / 2;
            d[e] = 4 * fisher.diagonal().get(e) * w[e];
        }
        try (Tape tape = Tape.plain()) {
            Map<String, Double> log = new EwcLora(4, Map.of("w", fisher)).addGradients(tape, List.of(f), 0);
            assertEquals(sum, log.get("EWC"), 1e-10 * sum);
            assertEquals(4 * sum, log.get("penalty"), 1e-10 * sum);
        }
        assertChain(d, f, 1e-7);
    }

    @Test void projectionTakesTheSubspaceOutOfEveryRow() {
        SplittableRandom r = SHAPE.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, SHAPE), Samples.settings("{'m':3}"));
        LoraFactors f = Samples.factors(r, DType.F64, SHAPE, 0.3);
        double[] w = update(f);
        double[] inside = fisher.subspace().project(w);
        try (Tape tape = Tape.plain()) {
            LoraFactors left = new HardProjection(Map.of("w", fisher), 128).afterTraining(tape, List.of(f)).getFirst();
            double[] found = update(left);
            for (int e = 0; e < w.length; e++) {
                assertEquals(w[e] - inside[e], found[e], 1e-6, "entry " + e);
            }
        }
    }

    /** Chunks of 64 positions, three of them, the rows in no order; value and gradient against the composed form on a tape. */
    @Test void klOverManyPositionsIsItsComposedForm() {
        SplittableRandom r = new SplittableRandom(3);
        int tokens = 170;
        int hidden = 5;
        int vocabulary = 7;
        Tensor w = Samples.gaussian(r, DType.F64, 1, vocabulary, hidden);
        Tensor h = Samples.gaussian(r, DType.F64, 1, tokens, hidden).requireGrad();
        int[] rows = IntStream.range(0, 150).map(i -> i * 7 % tokens).toArray();
        Tensor base = Samples.gaussian(r, DType.F64, 1, rows.length, hidden);
        double[] target = new double[tokens * vocabulary];
        double entropy = 0;
        try (Tape tape = Tape.plain()) {
            double[] log = tape.retain(LogSoftmax.of(tape, Linear.of(tape, base, w))).toArray();
            for (int e = 0; e < log.length; e++) {
                target[rows[e / vocabulary] * vocabulary + e % vocabulary] = Math.exp(log[e]);
                entropy -= Math.exp(log[e]) * log[e] / rows.length;
            }
        }
        double expected;
        double[] gradient;
        try (Tape tape = Tape.plain()) {
            // −Σ p_base log p_tuned, of which the entropy of p_base is a constant part.
            Tensor cross = Sum.of(tape, Mul.of(tape, Tensor.of(target, tokens, vocabulary), LogSoftmax.of(tape, Linear.of(tape, h, w))));
            Tensor mean = Affine.scale(tape, -1.0 / rows.length, cross);
            expected = mean.item() - entropy;
            tape.backward(mean);
            gradient = h.gradArray();
        }
        h.zeroGrad();
        try (Tape tape = Tape.plain()) {
            Tensor kl = KlToBase.of(tape, h, base.data(), w, rows);
            assertEquals(expected, kl.item(), 1e-10 * expected);
            tape.backward(kl);
            assertArrayEquals(gradient, h.gradArray(), 1e-12);
        }
        assertTrue(expected > 0.1);
    }

    /** More rows than a chunk of logits: value and gradient are those of all logits at once. */
    @Test void differencesOfLogitsInChunks() {
        int tokens = 150;
        int hidden = 3;
        int vocabulary = 7;
        SplittableRandom r = new SplittableRandom(3);
        Tensor h = Tensor.fill(DType.F64, i -> r.nextGaussian(), tokens, hidden).requireGrad();
        Tensor w = Tensor.fill(DType.F64, i -> r.nextGaussian(), vocabulary, hidden);
        int[] rows = IntStream.range(10, 141).toArray();
        Tensor base = Tensor.fill(DType.F64, i -> r.nextGaussian(), rows.length, hidden);
        double expected = 0;
        double[] gradient = new double[tokens * hidden];
        for (int i = 0; i < rows.length; i++) {
            for (int v = 0; v < vocabulary; v++) {
                double d = 0;
                for (int j = 0; j < hidden; j++) {
                    d += (h.get(rows[i] * hidden + j) - base.get(i * hidden + j)) * w.get(v * hidden + j);
                }
                expected += d * d / (rows.length * vocabulary);
                for (int j = 0; j < hidden; j++) {
                    gradient[rows[i] * hidden + j] += 2 * d * w.get(v * hidden + j) / (rows.length * vocabulary);
                }
            }
        }
        try (Tape tape = Tape.plain()) {
            Tensor found = LogitsToBase.of(tape, h, base.data(), w, rows);
            assertEquals(expected, found.item(), 1e-10 * expected);
            tape.backward(found);
            assertArrayEquals(gradient, h.gradArray(), 1e-12);
        }
    }
}
