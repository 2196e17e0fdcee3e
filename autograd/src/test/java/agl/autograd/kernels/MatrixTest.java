package agl.autograd.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.storage.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatrixTest {
    /** 1 2 3 4 / 5 6 7 8 / 9 10 11 12. */
    private static final Tensor X = Tensor.fill(DType.F64, i -> i + 1, 3, 4);

    private static double[][] values(Matrix m) {
        double[][] x = new double[m.rows()][m.cols()];
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) {
                x[i][j] = m.get(i, j);
            }
        }
        return x;
    }

    @Test void viewsShareTheStorage() {
        Matrix x = X.matrix();
        assertArrayEquals(new double[][] {{1, 5, 9}, {2, 6, 10}, {3, 7, 11}, {4, 8, 12}}, values(x.T()));
        assertArrayEquals(new double[][] {{5, 6, 7, 8}, {9, 10, 11, 12}}, values(x.rows(1, 2)));
        assertArrayEquals(new double[][] {{2, 3}, {6, 7}, {10, 11}}, values(x.cols(1, 2)));
        assertArrayEquals(new double[][] {{6, 10}, {7, 11}}, values(x.cols(1, 2).T().cols(1, 2)));
        assertArrayEquals(new double[][] {{6, 7}}, values(x.T().rows(1, 2).cols(1, 1).T()));
        assertTrue(x.contiguous() && x.rows(1, 2).contiguous() && x.cols(1, 2).rows(2, 1).contiguous());
        assertFalse(x.T().contiguous() || x.cols(0, 3).contiguous());
        Tensor y = Tensor.zeros(DType.F64, 2, 2);
        y.matrix().T().add(0, 1, 3);
        assertArrayEquals(new double[] {0, 0, 3, 0}, y.toArray());
        assertEquals("(4, 3)", x.T().toString());
    }

    @Test void nothingOutsideCanBeViewed() {
        for (int[] r : new int[][] {{-1, 1}, {0, 4}, {2, 2}, {0, -1}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> X.matrix().rows(r[0], r[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> X.matrix().T().cols(r[0], r[1]));
        }
    }

    @Test void productsOfViews() {
        for (Kernels k : List.of(Kernels.plain(), Kernels.best())) {
            Matrix x = X.matrix();
            Tensor y = Tensor.of(new double[] {1, 1, 1, 1, 1, 1}, 2, 3);
            // 2·(rows 0, 1 of Xᵀ: (2, 3)) times (cols 1… of X: (3, 3)) + 10·Y
            k.product(2, x.T().rows(0, 2), x.cols(1, 3), 10, y.matrix());
            assertArrayEquals(new double[] {2 * (2 + 30 + 90) + 10, 2 * (3 + 35 + 99) + 10, 2 * (4 + 40 + 108) + 10,
                2 * (4 + 36 + 100) + 10, 2 * (6 + 42 + 110) + 10, 2 * (8 + 48 + 120) + 10}, y.toArray());
            Tensor z = Tensor.fill(DType.F64, i -> Double.NaN, 2, 2);
            Product first = new Product(1, x.rows(0, 2), x.rows(0, 2).T());
            Product second = new Product(-1, x.rows(1, 2), x.rows(0, 2).T());
            k.product(first, second, 0, z.matrix());
            assertArrayEquals(new double[] {30 - 70, 70 - 174, 70 - 110, 174 - 278}, z.toArray());
        }
    }

    @Test void shapesThatDoNotFitAreRefused() {
        Kernels k = Kernels.plain();
        Matrix c = Tensor.zeros(DType.F64, 3, 3).matrix();
        Matrix x = X.matrix();
        k.product(1, x, x.T(), 0, c);
        assertThrows(IllegalArgumentException.class, () -> k.product(1, x, x, 0, c));
        assertThrows(IllegalArgumentException.class, () -> k.product(1, x.rows(0, 2), x.T(), 0, c));
        assertThrows(IllegalArgumentException.class, () -> k.product(1, x, x.rows(0, 2).T(), 0, c));
        String message = assertThrows(IllegalArgumentException.class, () -> k.product(1, x, x.T(), 0, c.T())).getMessage();
        assertEquals("(3, 4) times (4, 3) does not give (3, 3) transposed", message);
    }

    @Test void gradientsAreAddedWhereOneIsRequired() {
        try (Tape tape = Tape.plain()) {
            Tensor a = Tensor.zeros(DType.F64, 3, 3).requireGrad();
            Tensor frozen = Tensor.zeros(DType.F64, 3, 3);
            Matrix x = X.matrix();
            tape.addGrad(a, 1, x, x.T());
            tape.addGrad(a, -1, x, x.T());
            tape.addGrad(a, new Product(1, x, x.T()), new Product(1, x, x.T()));
            tape.addGrad(frozen, 1, x, x.T());
            assertArrayEquals(new double[] {60, 140, 220, 140, 348, 556, 220, 556, 892}, a.gradArray());
            assertEquals(60, a.gradMatrix().get(0, 0));
            assertEquals(null, frozen.grad());
        }
    }

    @Test void aWorkspaceGivesBackWhatItTook() {
        Pool pool = new Pool(DType.F64);
        try (Tape tape = Tape.training(Kernels.plain(), pool)) {
            long once = 0;
            for (int i = 0; i < 3; i++) {
                try (Workspace w = tape.workspace()) {
                    assertEquals(30, w.product(1, X.matrix(), X.matrix().T()).get(0, 0));
                    assertArrayEquals(new double[][] {{0, 0}, {0, 0}}, values(w.zeros(2, 2)));
                }
                once = i == 0 ? pool.bytesAllocated() : once;
            }
            assertEquals(once, pool.bytesAllocated(), "the second and third time the buffers come from the pool");
            Matrix kept = tape.product(1, X.matrix(), X.matrix().T());
            for (int i = 0; i < 3; i++) {
                tape.product(2, X.matrix(), X.matrix().T());
            }
            assertTrue(pool.bytesAllocated() > once, "what the tape keeps is not in the pool");
            assertEquals(30, kept.get(0, 0));
        }
    }
}
