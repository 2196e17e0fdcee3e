package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Embedding;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Rope;
import agl.autograd.op.SwiGlu;
import java.util.ArrayList;
import java.util.List;

/**
 * Llama (Touvron et al. 2023) and its relatives Mistral, Qwen2 and Qwen3; {@link LlamaFamily} lists the differences. Per layer
 * x ← x + attention(norm(x)), x ← x + down(silu(gate(n)) ⊙ up(n)) with n = norm(x); positions enter by rotating queries and keys.
 */
final class Llama extends LlamaLayout {
    /** One layer: attention, the norm after it, the feed-forward projections. */
    private record Block(AttentionBlock attention, Weight norm, FeedForward feedForward) { }

    private final List<Block> blocks = new ArrayList<>();
    private final RopeTable rope;

    Llama(ModelConfig config, LlamaFamily family, Weights source) {
        super(config);
        rope = new RopeTable(family.rope(), config.maxPositions());
        begin(source);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            AttentionLayer of = new AttentionLayer(l, family.windows()[l], attentionScale());
            blocks.add(new Block(attention(source, p, of, new AttentionParts(family.qkvBias(), family.outBias(), family.qkNorm())),
                    norm(source, p + "post_attention_layernorm"), feedForward(source, p, family.mlpBias())));
        }
        end(source);
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Embedding.of(tape, embedding(), pass.batch().tokens());
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        Block b = blocks.get(l);
        AttentionBlock a = b.attention;
        Tensor n = norm(tape, x, a.norm());
        Tensor q = a.q().forward(tape, n);
        Tensor k = a.k().forward(tape, n);
        Tensor v = a.v().forward(tape, n);
        if (a.qNorm() != null) {
            q = norm(tape, q, a.qNorm());
            k = norm(tape, k, a.kNorm());
        }
        Rope.Table table = rope.holding(pass.positions());
        q = Rope.of(tape, q, pass.positions(), table);
        k = Rope.of(tape, k, pass.positions(), table);
        x = Add.of(tape, x, a.o().forward(tape, attend(tape, a.of(), pass, q, k, v)));
        Tensor m = norm(tape, x, b.norm);
        Tensor gate = b.feedForward.gate().forward(tape, m);
        Tensor up = b.feedForward.up().forward(tape, m);
        return Add.of(tape, x, b.feedForward.down().forward(tape, SwiGlu.of(tape, gate, up)));
    }

    @Override Tensor norm(Tape tape, Tensor x, Weight weight) {
        return RmsNorm.of(tape, x, weight.tensor(), config().normEps());
    }
}
