/**
 * AlignGuard-LoRA (arXiv:2508.02079): the Fisher information of alignment data, the decomposition of ΔW by it, and four terms. Start
 * reading at {@link agl.regularizers.AglLoss}, the composed form; training uses {@link agl.regularizers.FusedAgl} with the tile formulas of
 * the terms' classes.
 */
package agl.regularizers;
