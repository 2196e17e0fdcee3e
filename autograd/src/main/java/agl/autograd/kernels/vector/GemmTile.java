package agl.autograd.kernels.vector;

import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost part of the matrix product: C[rows, WIDTH] = alpha · A[rows, k] · B[k, WIDTH] + beta · C, with the tile of C in registers.
 * A's rows are {@code lda} apart; B is packed: its k rows of WIDTH elements are contiguous.
 *
 * <p>Each element loaded from B is used for all rows, each element of A for both vectors of a row. 6 × 2 running sums, two vectors of B and
 * one of A fill the 16 registers of AVX2 and keep two multiply-adds per cycle in flight. AVX-512 has 32, but HotSpot finds room for at most
 * 8 × 2 sums: of 10 × 2 or 6 × 3 it spills some to memory, which takes twice as long. Every element of C is the same chain of k fused
 * multiply-adds whichever of these methods computes it.
 *
 * <p>The sums are deliberately local variables of one method: a vector that goes through a field, an array of vectors or a call that is not
 * inlined becomes a heap object, which is many times slower.
 *
 * <p>A step of the loop over 6 rows is 12 multiply-adds, 8 loads and 6 other instructions. It becomes 33 in all when HotSpot cannot prove
 * that a row's start plus a step fits an int: it then keeps an index for every row. Hence the masks. They change no value: the check above
 * them rejects an A that extends further, and panels are never that long. It matters on a core shared by two threads, which issues three
 * instructions per cycle for each.
 */
final class GemmTile {
    static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    static final int V = S.length();
    /** Columns of a tile. */
    static final int WIDTH = 2 * V;
    /** Rows of a tile: 8 with AVX-512 (vectors of 16 floats, 32 registers), else 6. */
    static final int HEIGHT = V == 16 ? 8 : 6;
    /** Upper bound on the end of A's part, so that a row's start plus a step cannot overflow. */
    static final int REACH = 1 << 30;
    private static final int INDEX = REACH - 1;

    private GemmTile() { }

    /** A tile of {@code height} rows: 8 if that is HEIGHT, else 6 or 4. */
    static void rows(int height, int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta, float[] c, int cOff,
            int ldc,
            Scratch scratch) {
        if (height == 4) {
            rows4(k, a, aOff, lda, b, bOff, alpha, beta, c, cOff, ldc);
        } else if (height == 6) {
            rows6(k, a, aOff, lda, b, bOff, alpha, beta, c, cOff, ldc);
        } else if (beta == 0) {
            rows8(k, a, aOff, lda, b, bOff, alpha, c, cOff, ldc);
        } else {
            float[] product = scratch.floats(Scratch.TILE_PRODUCT, 8 * WIDTH);
            rows8(k, a, aOff, lda, b, bOff, alpha, product, 0, WIDTH);
            add8(product, beta, c, cOff, ldc);
        }
    }

    /** 8 rows with beta = 0: with a second way to store 16 sums this method would exceed HotSpot's limit for inlining into it. */
    private static void rows8(int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float[] c, int cOff, int ldc) {
        Objects.checkIndex(aOff + 7 * lda + k - 1, REACH);
        int a0 = aOff & INDEX, a1 = aOff + lda & INDEX, a2 = aOff + 2 * lda & INDEX, a3 = aOff + 3 * lda & INDEX,
                a4 = aOff + 4 * lda & INDEX, a5 = aOff + 5 * lda & INDEX, a6 = aOff + 6 * lda & INDEX, a7 = aOff + 7 * lda & INDEX;
        int b0 = bOff & INDEX, end = k & INDEX;
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S),
                l2 = FloatVector.zero(S), r2 = FloatVector.zero(S),
                l3 = FloatVector.zero(S), r3 = FloatVector.zero(S), l4 = FloatVector.zero(S), r4 = FloatVector.zero(S),
                l5 = FloatVector.zero(S), r5 = FloatVector.zero(S),
                l6 = FloatVector.zero(S), r6 = FloatVector.zero(S), l7 = FloatVector.zero(S), r7 = FloatVector.zero(S);
        for (int p = 0; p < end; p++) {
            FloatVector bl = FloatVector.fromArray(S, b, b0 + p * WIDTH);
            FloatVector br = FloatVector.fromArray(S, b, b0 + V + p * WIDTH);
            FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
            l0 = x0.fma(bl, l0);
            r0 = x0.fma(br, r0);
            FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
            l1 = x1.fma(bl, l1);
            r1 = x1.fma(br, r1);
            FloatVector x2 = FloatVector.broadcast(S, a[a2 + p]);
            l2 = x2.fma(bl, l2);
            r2 = x2.fma(br, r2);
            FloatVector x3 = FloatVector.broadcast(S, a[a3 + p]);
            l3 = x3.fma(bl, l3);
            r3 = x3.fma(br, r3);
            FloatVector x4 = FloatVector.broadcast(S, a[a4 + p]);
            l4 = x4.fma(bl, l4);
            r4 = x4.fma(br, r4);
            FloatVector x5 = FloatVector.broadcast(S, a[a5 + p]);
            l5 = x5.fma(bl, l5);
            r5 = x5.fma(br, r5);
            FloatVector x6 = FloatVector.broadcast(S, a[a6 + p]);
            l6 = x6.fma(bl, l6);
            r6 = x6.fma(br, r6);
            FloatVector x7 = FloatVector.broadcast(S, a[a7 + p]);
            l7 = x7.fma(bl, l7);
            r7 = x7.fma(br, r7);
        }
        l0.mul(alpha).intoArray(c, cOff);
        r0.mul(alpha).intoArray(c, cOff + V);
        l1.mul(alpha).intoArray(c, cOff + ldc);
        r1.mul(alpha).intoArray(c, cOff + ldc + V);
        l2.mul(alpha).intoArray(c, cOff + 2 * ldc);
        r2.mul(alpha).intoArray(c, cOff + 2 * ldc + V);
        l3.mul(alpha).intoArray(c, cOff + 3 * ldc);
        r3.mul(alpha).intoArray(c, cOff + 3 * ldc + V);
        l4.mul(alpha).intoArray(c, cOff + 4 * ldc);
        r4.mul(alpha).intoArray(c, cOff + 4 * ldc + V);
        l5.mul(alpha).intoArray(c, cOff + 5 * ldc);
        r5.mul(alpha).intoArray(c, cOff + 5 * ldc + V);
        l6.mul(alpha).intoArray(c, cOff + 6 * ldc);
        r6.mul(alpha).intoArray(c, cOff + 6 * ldc + V);
        l7.mul(alpha).intoArray(c, cOff + 7 * ldc);
        r7.mul(alpha).intoArray(c, cOff + 7 * ldc + V);
    }

    /** C = product + beta · C. Unrolled and so too long for HotSpot to inline, which would use up its callers' inlining budget. */
    private static void add8(float[] product, float beta, float[] c, int cOff, int ldc) {
        FloatVector.fromArray(S, c, cOff).mul(beta).add(FloatVector.fromArray(S, product, 0)).intoArray(c, cOff);
        FloatVector.fromArray(S, c, cOff + V).mul(beta).add(FloatVector.fromArray(S, product, V)).intoArray(c, cOff + V);
        FloatVector.fromArray(S, c, cOff + ldc).mul(beta).add(FloatVector.fromArray(S, product, WIDTH)).intoArray(c, cOff + ldc);
        FloatVector.fromArray(S, c, cOff + ldc + V).mul(beta).add(FloatVector.fromArray(S, product, WIDTH + V)).intoArray(c,
                cOff + ldc + V);
        FloatVector.fromArray(S, c, cOff + 2 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 2 * WIDTH)).intoArray(c,
                cOff + 2 * ldc);
        FloatVector.fromArray(S, c, cOff + 2 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 2 * WIDTH + V)).intoArray(c,
                cOff + 2 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 3 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 3 * WIDTH)).intoArray(c,
                cOff + 3 * ldc);
        FloatVector.fromArray(S, c, cOff + 3 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 3 * WIDTH + V)).intoArray(c,
                cOff + 3 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 4 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 4 * WIDTH)).intoArray(c,
                cOff + 4 * ldc);
        FloatVector.fromArray(S, c, cOff + 4 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 4 * WIDTH + V)).intoArray(c,
                cOff + 4 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 5 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 5 * WIDTH)).intoArray(c,
                cOff + 5 * ldc);
        FloatVector.fromArray(S, c, cOff + 5 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 5 * WIDTH + V)).intoArray(c,
                cOff + 5 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 6 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 6 * WIDTH)).intoArray(c,
                cOff + 6 * ldc);
        FloatVector.fromArray(S, c, cOff + 6 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 6 * WIDTH + V)).intoArray(c,
                cOff + 6 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 7 * ldc).mul(beta).add(FloatVector.fromArray(S, product, 7 * WIDTH)).intoArray(c,
                cOff + 7 * ldc);
        FloatVector.fromArray(S, c, cOff + 7 * ldc + V).mul(beta).add(FloatVector.fromArray(S, product, 7 * WIDTH + V)).intoArray(c,
                cOff + 7 * ldc + V);
    }

    private static void rows6(int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta, float[] c, int cOff,
            int ldc) {
        Objects.checkIndex(aOff + 5 * lda + k - 1, REACH);
        int a0 = aOff & INDEX, a1 = aOff + lda & INDEX, a2 = aOff + 2 * lda & INDEX, a3 = aOff + 3 * lda & INDEX,
                a4 = aOff + 4 * lda & INDEX, a5 = aOff + 5 * lda & INDEX;
        int b0 = bOff & INDEX, end = k & INDEX;
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S),
                l2 = FloatVector.zero(S), r2 = FloatVector.zero(S),
                l3 = FloatVector.zero(S), r3 = FloatVector.zero(S), l4 = FloatVector.zero(S), r4 = FloatVector.zero(S),
                l5 = FloatVector.zero(S), r5 = FloatVector.zero(S);
        for (int p = 0; p < end; p++) {
            FloatVector bl = FloatVector.fromArray(S, b, b0 + p * WIDTH);
            FloatVector br = FloatVector.fromArray(S, b, b0 + V + p * WIDTH);
            FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
            l0 = x0.fma(bl, l0);
            r0 = x0.fma(br, r0);
            FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
            l1 = x1.fma(bl, l1);
            r1 = x1.fma(br, r1);
            FloatVector x2 = FloatVector.broadcast(S, a[a2 + p]);
            l2 = x2.fma(bl, l2);
            r2 = x2.fma(br, r2);
            FloatVector x3 = FloatVector.broadcast(S, a[a3 + p]);
            l3 = x3.fma(bl, l3);
            r3 = x3.fma(br, r3);
            FloatVector x4 = FloatVector.broadcast(S, a[a4 + p]);
            l4 = x4.fma(bl, l4);
            r4 = x4.fma(br, r4);
            FloatVector x5 = FloatVector.broadcast(S, a[a5 + p]);
            l5 = x5.fma(bl, l5);
            r5 = x5.fma(br, r5);
        }
        if (beta == 0) {
            l0.mul(alpha).intoArray(c, cOff);
            r0.mul(alpha).intoArray(c, cOff + V);
            l1.mul(alpha).intoArray(c, cOff + ldc);
            r1.mul(alpha).intoArray(c, cOff + ldc + V);
            l2.mul(alpha).intoArray(c, cOff + 2 * ldc);
            r2.mul(alpha).intoArray(c, cOff + 2 * ldc + V);
            l3.mul(alpha).intoArray(c, cOff + 3 * ldc);
            r3.mul(alpha).intoArray(c, cOff + 3 * ldc + V);
            l4.mul(alpha).intoArray(c, cOff + 4 * ldc);
            r4.mul(alpha).intoArray(c, cOff + 4 * ldc + V);
            l5.mul(alpha).intoArray(c, cOff + 5 * ldc);
            r5.mul(alpha).intoArray(c, cOff + 5 * ldc + V);
            return;
        }
        FloatVector.fromArray(S, c, cOff).mul(beta).add(l0.mul(alpha)).intoArray(c, cOff);
        FloatVector.fromArray(S, c, cOff + V).mul(beta).add(r0.mul(alpha)).intoArray(c, cOff + V);
        FloatVector.fromArray(S, c, cOff + ldc).mul(beta).add(l1.mul(alpha)).intoArray(c, cOff + ldc);
        FloatVector.fromArray(S, c, cOff + ldc + V).mul(beta).add(r1.mul(alpha)).intoArray(c, cOff + ldc + V);
        FloatVector.fromArray(S, c, cOff + 2 * ldc).mul(beta).add(l2.mul(alpha)).intoArray(c, cOff + 2 * ldc);
        FloatVector.fromArray(S, c, cOff + 2 * ldc + V).mul(beta).add(r2.mul(alpha)).intoArray(c, cOff + 2 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 3 * ldc).mul(beta).add(l3.mul(alpha)).intoArray(c, cOff + 3 * ldc);
        FloatVector.fromArray(S, c, cOff + 3 * ldc + V).mul(beta).add(r3.mul(alpha)).intoArray(c, cOff + 3 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 4 * ldc).mul(beta).add(l4.mul(alpha)).intoArray(c, cOff + 4 * ldc);
        FloatVector.fromArray(S, c, cOff + 4 * ldc + V).mul(beta).add(r4.mul(alpha)).intoArray(c, cOff + 4 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 5 * ldc).mul(beta).add(l5.mul(alpha)).intoArray(c, cOff + 5 * ldc);
        FloatVector.fromArray(S, c, cOff + 5 * ldc + V).mul(beta).add(r5.mul(alpha)).intoArray(c, cOff + 5 * ldc + V);
    }

    private static void rows4(int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta, float[] c, int cOff,
            int ldc) {
        Objects.checkIndex(aOff + 3 * lda + k - 1, REACH);
        int a0 = aOff & INDEX, a1 = aOff + lda & INDEX, a2 = aOff + 2 * lda & INDEX, a3 = aOff + 3 * lda & INDEX;
        int b0 = bOff & INDEX, end = k & INDEX;
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S),
                l2 = FloatVector.zero(S), r2 = FloatVector.zero(S), l3 = FloatVector.zero(S), r3 = FloatVector.zero(S);
        for (int p = 0; p < end; p++) {
            FloatVector bl = FloatVector.fromArray(S, b, b0 + p * WIDTH);
            FloatVector br = FloatVector.fromArray(S, b, b0 + V + p * WIDTH);
            FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
            l0 = x0.fma(bl, l0);
            r0 = x0.fma(br, r0);
            FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
            l1 = x1.fma(bl, l1);
            r1 = x1.fma(br, r1);
            FloatVector x2 = FloatVector.broadcast(S, a[a2 + p]);
            l2 = x2.fma(bl, l2);
            r2 = x2.fma(br, r2);
            FloatVector x3 = FloatVector.broadcast(S, a[a3 + p]);
            l3 = x3.fma(bl, l3);
            r3 = x3.fma(br, r3);
        }
        if (beta == 0) {
            l0.mul(alpha).intoArray(c, cOff);
            r0.mul(alpha).intoArray(c, cOff + V);
            l1.mul(alpha).intoArray(c, cOff + ldc);
            r1.mul(alpha).intoArray(c, cOff + ldc + V);
            l2.mul(alpha).intoArray(c, cOff + 2 * ldc);
            r2.mul(alpha).intoArray(c, cOff + 2 * ldc + V);
            l3.mul(alpha).intoArray(c, cOff + 3 * ldc);
            r3.mul(alpha).intoArray(c, cOff + 3 * ldc + V);
            return;
        }
        FloatVector.fromArray(S, c, cOff).mul(beta).add(l0.mul(alpha)).intoArray(c, cOff);
        FloatVector.fromArray(S, c, cOff + V).mul(beta).add(r0.mul(alpha)).intoArray(c, cOff + V);
        FloatVector.fromArray(S, c, cOff + ldc).mul(beta).add(l1.mul(alpha)).intoArray(c, cOff + ldc);
        FloatVector.fromArray(S, c, cOff + ldc + V).mul(beta).add(r1.mul(alpha)).intoArray(c, cOff + ldc + V);
        FloatVector.fromArray(S, c, cOff + 2 * ldc).mul(beta).add(l2.mul(alpha)).intoArray(c, cOff + 2 * ldc);
        FloatVector.fromArray(S, c, cOff + 2 * ldc + V).mul(beta).add(r2.mul(alpha)).intoArray(c, cOff + 2 * ldc + V);
        FloatVector.fromArray(S, c, cOff + 3 * ldc).mul(beta).add(l3.mul(alpha)).intoArray(c, cOff + 3 * ldc);
        FloatVector.fromArray(S, c, cOff + 3 * ldc + V).mul(beta).add(r3.mul(alpha)).intoArray(c, cOff + 3 * ldc + V);
    }
}
