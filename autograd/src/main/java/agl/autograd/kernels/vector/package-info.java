/**
 * The same kernels with the Vector API. Start reading at {@link agl.autograd.kernels.vector.VectorKernels}; the matrix product is
 * {@code BlockedGemm} over {@code GemmTile}.
 */
package agl.autograd.kernels.vector;
