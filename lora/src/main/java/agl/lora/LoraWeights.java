package agl.lora;

import agl.autograd.Tensor;

/**
 * A frozen linear layer with its low-rank update, W0 + s·B·A.
 *
 * @param w0   the frozen weight, (out, in)
 * @param bias (out) or null
 * @param a    A, (r, in)
 * @param b    B, (out, r)
 * @param s    the scale, lora_alpha / r
 */
public record LoraWeights(Tensor w0, Tensor bias, Tensor a, Tensor b, double s) { }
