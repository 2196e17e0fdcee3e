/**
 * The loops that take the time, behind one interface. Start reading at {@link agl.autograd.kernels.Kernels} and
 * {@link agl.autograd.kernels.PlainKernels}, the version to read.
 */
package agl.autograd.kernels;
