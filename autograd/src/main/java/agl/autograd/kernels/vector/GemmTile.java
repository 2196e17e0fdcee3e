package agl.autograd.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost part of the matrix product: C[rows, WIDTH] = alpha · A[rows, k] · B[k, WIDTH] + beta · C, with the tile of C in registers.
 * A's rows lie {@code lda} apart, B is packed: its k rows of WIDTH numbers follow each other.
 *
 * <p>Each number of B that is loaded serves all rows, each number of A both vectors of a row; 6 × 2 running sums, two vectors of B and one
 * of A fill the 16 registers of AVX2 and keep two multiply-adds per cycle in flight. Every element of C is the same chain of k fused
 * multiply-adds whichever of these methods computes it.
 *
 * <p>The sums are local variables of one method on purpose: a vector that goes through a field, an array of vectors or a call that is
 * not inlined becomes an object, which is many times slower. The rows have an index each, as HotSpot loads all numbers of A that share one
 * before the multiplications, and runs out of registers.
 */
final class GemmTile {
    static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    static final int V = S.length();
    /** Columns of a tile. */
    static final int WIDTH = 2 * V;
    /** Rows of a tile. */
    static final int HEIGHT = 6;
    /** Numbers from one step of k to the next in a packed strip of A: HEIGHT, and two that are not used, which keep the distance a power of two. */
    static final int STRIP = 8;
    private static final int B_PER_A = WIDTH / STRIP;

    private GemmTile() { }

    /**
     * HEIGHT rows, whose numbers lie side by side: a[aOff + p·STRIP + i] belongs to row i. One index runs over both factors, so a step of the
     * loop is 12 multiply-adds, 8 loads and 5 more instructions, where {@link #rows6} has 13 more. A core that works for two
     * threads at once issues three instructions per cycle for each: there this is 1.4 times as fast.
     */
    static void strip(int k, float[] a, int aOff, float[] b, int bOff, float alpha, float beta, float[] c, int cOff, int ldc) {
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S), l2 = FloatVector.zero(S), r2 = FloatVector.zero(S),
                l3 = FloatVector.zero(S), r3 = FloatVector.zero(S), l4 = FloatVector.zero(S), r4 = FloatVector.zero(S), l5 = FloatVector.zero(S), r5 = FloatVector.zero(S);
        int end = aOff + k * STRIP;
        int shift = bOff - aOff * B_PER_A;
        for (int q = aOff; q < end; q += STRIP) {
            FloatVector bl = FloatVector.fromArray(S, b, shift + q * B_PER_A);
            FloatVector br = FloatVector.fromArray(S, b, shift + V + q * B_PER_A);
            FloatVector x0 = FloatVector.broadcast(S, a[q]);
            l0 = x0.fma(bl, l0);
            r0 = x0.fma(br, r0);
            FloatVector x1 = FloatVector.broadcast(S, a[q + 1]);
            l1 = x1.fma(bl, l1);
            r1 = x1.fma(br, r1);
            FloatVector x2 = FloatVector.broadcast(S, a[q + 2]);
            l2 = x2.fma(bl, l2);
            r2 = x2.fma(br, r2);
            FloatVector x3 = FloatVector.broadcast(S, a[q + 3]);
            l3 = x3.fma(bl, l3);
            r3 = x3.fma(br, r3);
            FloatVector x4 = FloatVector.broadcast(S, a[q + 4]);
            l4 = x4.fma(bl, l4);
            r4 = x4.fma(br, r4);
            FloatVector x5 = FloatVector.broadcast(S, a[q + 5]);
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

    /** 6 rows. */
    static void rows6(int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta, float[] c, int cOff, int ldc) {
        int a0 = aOff, a1 = aOff + lda, a2 = aOff + 2 * lda, a3 = aOff + 3 * lda, a4 = aOff + 4 * lda, a5 = aOff + 5 * lda;
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S), l2 = FloatVector.zero(S), r2 = FloatVector.zero(S),
                l3 = FloatVector.zero(S), r3 = FloatVector.zero(S), l4 = FloatVector.zero(S), r4 = FloatVector.zero(S), l5 = FloatVector.zero(S), r5 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            FloatVector bl = FloatVector.fromArray(S, b, bOff + p * WIDTH);
            FloatVector br = FloatVector.fromArray(S, b, bOff + V + p * WIDTH);
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

    /** 4 rows. */
    static void rows4(int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta, float[] c, int cOff, int ldc) {
        int a0 = aOff, a1 = aOff + lda, a2 = aOff + 2 * lda, a3 = aOff + 3 * lda;
        FloatVector l0 = FloatVector.zero(S), r0 = FloatVector.zero(S), l1 = FloatVector.zero(S), r1 = FloatVector.zero(S),
                l2 = FloatVector.zero(S), r2 = FloatVector.zero(S), l3 = FloatVector.zero(S), r3 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            FloatVector bl = FloatVector.fromArray(S, b, bOff + p * WIDTH);
            FloatVector br = FloatVector.fromArray(S, b, bOff + V + p * WIDTH);
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
