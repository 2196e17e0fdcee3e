/**
 * The performance-critical loops, behind one interface. Start reading at {@link agl.autograd.kernels.Kernels} and
 * {@link agl.autograd.kernels.PlainKernels}, the reference implementation.
 */
package agl.autograd.kernels;
