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
final class Gemma3 extends Transformer {
    private final Gemma3Variant variant;
    private final RopeTable globalRope;
    private final RopeTable localRope;

    Gemma3(ModelConfig config, Weights source) {
        super(config);
        this.variant = config.gemma3();
        this.globalRope = new RopeTable(variant.globalRope(), config.maxPositions());
        this.localRope = new RopeTable(variant.localRope(), config.maxPositions());
        int h = config.hidden();
        int q = config.heads() * config.headDim();
        int kv = config.kvHeads() * config.headDim();
        int f = config.intermediate();
        parameter(source, embeddingName(), config.vocabulary(), h);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            parameter(source, p + "input_layernorm.weight", h);
            linear(source, p + "self_attn.q_proj", q, h, variant.bias());
            linear(source, p + "self_attn.k_proj", kv, h, variant.bias());
            linear(source, p + "self_attn.v_proj", kv, h, variant.bias());
            linear(source, p + "self_attn.o_proj", h, q, variant.bias());
            parameter(source, p + "self_attn.q_norm.weight", config.headDim());
            parameter(source, p + "self_attn.k_norm.weight", config.headDim());
            parameter(source, p + "post_attention_layernorm.weight", h);
            parameter(source, p + "pre_feedforward_layernorm.weight", h);
            linear(source, p + "mlp.gate_proj", f, h, false);
            linear(source, p + "mlp.up_proj", f, h, false);
            linear(source, p + "mlp.down_proj", h, f, false);
            parameter(source, p + "post_feedforward_layernorm.weight", h);
        }
        parameter(source, "model.norm.weight", h);
        if (!config.tied()) {
            parameter(source, HEAD, config.vocabulary(), h);
        }
    }

    private static String prefix(int layer) {
        return "model.layers." + layer + ".";
    }

    @Override String embeddingName() {
        return "model.embed_tokens.weight";
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

    @Override Tensor finalNorm(Tape tape, Tensor x) {
        return norm(tape, x, "model.norm");
    }

    private Tensor norm(Tape tape, Tensor x, String name) {
        return RmsNorm.of(tape, x, Affine.of(tape, 1, weight(name + ".weight"), 1), config().normEps());
    }
}
