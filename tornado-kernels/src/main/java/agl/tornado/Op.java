package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task4;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All kernels, each with its work-group size. Each kernel documents its parameters. */
enum Op {
    /** Runs first and creates the arena. */
    START(BoxKernels::start, 64),
    SMALL_IN(BoxKernels::scatter, 64),
    LARGE_IN(BoxKernels::scatter, 64),
    SMALL_OUT(BoxKernels::gather, 64),
    LARGE_OUT(BoxKernels::gather, 64),
    FILL(ElementKernels::fill, 64),
    SCALE(ElementKernels::scale, 64),
    AXPY(ElementKernels::axpy, 64),
    SQUARES(ElementKernels::squares, 64),
    SWIGLU(ElementKernels::swiGlu, 64),
    SWIGLU_BACK(ElementKernels::swiGluBackward, 64),
    DROPOUT(ElementKernels::dropout, 64),
    ADAMW(ElementKernels::adamW, 64),
    ROWS(RowKernels::rows, 64),
    ROWS_ADD(RowKernels::rowsAdd, 64),
    ROPE(RowKernels::rope, 64),
    RMS_NORM(NormKernels::rmsNorm, 64),
    RMS_NORM_BACK(NormKernels::rmsNormBackward, 64),
    RMS_NORM_WEIGHT(NormKernels::rmsNormWeight, 64),
    PRODUCT(ProductKernel::product, 256),
    ATTENTION(AttentionKernels::forward, 64),
    ATTENTION_BACK_Q(AttentionBackwardKernels::queries, 64),
    ATTENTION_BACK_KV(AttentionBackwardKernels::keys, 64),
    CROSS_ENTROPY(ReduceKernels::crossEntropy, 64),
    DOT(ReduceKernels::innerProduct, 64),
    RIEMANNIAN(TermReductions::riemannian, 64),
    GEODESIC(TermReductions::geodesic, 64),
    STABILITY(TermReductions::stability, 64);

    final Task3<KernelContext, FloatArray, IntArray> plain;
    final Task4<KernelContext, FloatArray, IntArray, FloatArray> withFloats;
    final int local;

    Op(Task3<KernelContext, FloatArray, IntArray> kernel, int local) {
        this.plain = kernel;
        this.withFloats = null;
        this.local = local;
    }

    /** A kernel with constants, or with a box. */
    Op(Task4<KernelContext, FloatArray, IntArray, FloatArray> kernel, int local) {
        this.plain = null;
        this.withFloats = kernel;
        this.local = local;
    }

    boolean receives() {
        return this == SMALL_IN || this == LARGE_IN;
    }

    boolean sends() {
        return this == SMALL_OUT || this == LARGE_OUT;
    }
}
