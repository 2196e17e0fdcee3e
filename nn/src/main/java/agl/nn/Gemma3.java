package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Affine;
import agl.autograd.op.Embedding;
import agl.autograd.op.Gelu;
import agl.autograd.op.Mul;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Rope;

/**
 * Gemma 3's text model (Gemma Team 2025, arXiv:2503.19786). As Llama, but: the embedding is scaled by sqrt(hidden); norms multiply by
 * 1 + w and stand before and after each block, x ← x + norm(attention(norm(x))), x ← x + norm(down(gelu(gate(n)) ⊙ up(n))) with
 * n = norm(x); queries and keys are normalised head by head; most layers see a window only, and turn by other frequencies.
 */
final class Gemma3 extends LlamaLayout {
    private final Gemma3Variant variant;
    private final RopeTable globalRope;
    private final RopeTable localRope;

    Gemma3(ModelConfig config, Weights source) {
        super(config);
        this.variant = config.gemma3();
        this.globalRope = new RopeTable(variant.globalRope(), config.maxPositions());
        this.localRope = new RopeTable(variant.localRope(), config.maxPositions());
        int h = config.hidden();
        embedding(source);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            attention(source, p, variant.bias(), variant.bias(), true);
            parameter(source, p + "post_attention_layernorm.weight", h);
            parameter(source, p + "pre_feedforward_layernorm.weight", h);
            feedForward(source, p, false);
            parameter(source, p + "post_feedforward_layernorm.weight", h);
        }
        end(source);
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Affine.scale(tape, Math.sqrt(config().hidden()), Embedding.of(tape, weight(embeddingName()), pass.batch().tokens()));
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        String p = prefix(l);
        Tensor n = norm(tape, x, p + "input_layernorm");
        Tensor q = norm(tape, linear(p + "self_attn.q_proj").forward(tape, n), p + "self_attn.q_norm");
        Tensor k = norm(tape, linear(p + "self_attn.k_proj").forward(tape, n), p + "self_attn.k_norm");
        Tensor v = linear(p + "self_attn.v_proj").forward(tape, n);
        int window = variant.windows()[l];
        Rope.Table table = (window > 0 ? localRope : globalRope).holding(pass.positions());
        q = Rope.of(tape, q, pass.positions(), table);
        k = Rope.of(tape, k, pass.positions(), table);
        Tensor attended = linear(p + "self_attn.o_proj").forward(tape, attend(tape, l, pass, q, k, v, window, variant.scale()));
        x = Add.of(tape, x, norm(tape, attended, p + "post_attention_layernorm"));
        Tensor m = norm(tape, x, p + "pre_feedforward_layernorm");
        Tensor gated = Mul.of(tape, Gelu.of(tape, linear(p + "mlp.gate_proj").forward(tape, m)), linear(p + "mlp.up_proj").forward(tape, m));
        return Add.of(tape, x, norm(tape, linear(p + "mlp.down_proj").forward(tape, gated), p + "post_feedforward_layernorm"));
    }

    @Override Tensor norm(Tape tape, Tensor x, String name) {
        return RmsNorm.of(tape, x, Affine.of(tape, 1, weight(name + ".weight"), 1), config().normEps());
    }
}
