package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Embedding;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Rope;
import agl.autograd.op.SwiGlu;

/**
 * Llama (Touvron et al. 2023) and its relatives Mistral, Qwen2 and Qwen3; {@link LlamaVariant} has the differences. Per layer
 * x ← x + attention(norm(x)), x ← x + down(silu(gate(n)) ⊙ up(n)) with n = norm(x); positions come in by turning queries and keys.
 */
final class Llama extends LlamaLayout {
    private final LlamaVariant variant;
    private final RopeTable rope;

    Llama(ModelConfig config, Weights source) {
        super(config);
        this.variant = config.variant();
        this.rope = new RopeTable(variant.rope(), config.maxPositions());
        embedding(source);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            attention(source, p, variant.qkvBias(), variant.outBias(), variant.qkNorm());
            parameter(source, p + "post_attention_layernorm.weight", config.hidden());
            feedForward(source, p, variant.mlpBias());
        }
        end(source);
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Embedding.of(tape, weight(embeddingName()), pass.batch().tokens());
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        String p = prefix(l);
        Tensor n = norm(tape, x, p + "input_layernorm");
        Tensor q = linear(p + "self_attn.q_proj").forward(tape, n);
        Tensor k = linear(p + "self_attn.k_proj").forward(tape, n);
        Tensor v = linear(p + "self_attn.v_proj").forward(tape, n);
        if (variant.qkNorm()) {
            q = norm(tape, q, p + "self_attn.q_norm");
            k = norm(tape, k, p + "self_attn.k_norm");
        }
        Rope.Table table = rope.holding(pass.positions());
        q = Rope.of(tape, q, pass.positions(), table);
        k = Rope.of(tape, k, pass.positions(), table);
        Tensor attended = attend(tape, l, pass, q, k, v, variant.windows()[l]);
        x = Add.of(tape, x, linear(p + "self_attn.o_proj").forward(tape, attended));
        Tensor m = norm(tape, x, p + "post_attention_layernorm");
        Tensor gate = linear(p + "mlp.gate_proj").forward(tape, m);
        Tensor up = linear(p + "mlp.up_proj").forward(tape, m);
        return Add.of(tape, x, linear(p + "mlp.down_proj").forward(tape, SwiGlu.of(tape, gate, up)));
    }

    @Override Tensor norm(Tape tape, Tensor x, String name) {
        return RmsNorm.of(tape, x, weight(name + ".weight"), config().normEps());
    }
}
