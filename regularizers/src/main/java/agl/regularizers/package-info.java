/**
 * AlignGuard-LoRA (arXiv:2508.02079): the Fisher information of alignment data, the split of ΔW by it, and four terms. Start reading at
 * {@link agl.regularizers.AglLoss}, the composed form; {@link agl.regularizers.FusedAgl} trains with the row formulas of the terms' own
 * classes.
 */
package agl.regularizers;
