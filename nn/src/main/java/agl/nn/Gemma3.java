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
import java.util.ArrayList;
import java.util.List;

/**
 * Gemma 3's text model (Gemma Team 2025, arXiv:2503.19786). Like Llama, but: the embedding is scaled by sqrt(hidden); norms multiply by
 * 1 + w and come before and after each block, x ← x + norm(attention(norm(x))), x ← x + norm(down(gelu(gate(n)) ⊙ up(n))) with
 * n = norm(x); queries and keys are normalized per head; most layers use sliding-window attention, with a different RoPE base.
 */
final class Gemma3 extends LlamaLayout {
    /** One layer: a norm before and after each of its halves. */
    private record Block(AttentionBlock attention, Weight afterAttention, Weight beforeFeedForward, FeedForward feedForward,
            Weight afterFeedForward) {}

    private final List<Block> blocks = new ArrayList<>();
    private final RopeTable globalRope;
    private final RopeTable localRope;

    Gemma3(ModelConfig config, Gemma3Family family, Weights source) {
        super(config);
        globalRope = new RopeTable(family.globalRope(), config.maxPositions());
        localRope = new RopeTable(family.localRope(), config.maxPositions());
        begin(source);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            AttentionLayer of = new AttentionLayer(l, family.windows()[l], family.scale());
            blocks.add(new Block(attention(source, p, of, new AttentionParts(family.bias(), family.bias(), true)),
                    norm(source, p + "post_attention_layernorm"), norm(source, p + "pre_feedforward_layernorm"),
                    feedForward(source, p, false), norm(source, p + "post_feedforward_layernorm")));
        }
        end(source);
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Affine.scale(tape, Math.sqrt(config().hidden()), Embedding.of(tape, embedding(), pass.batch().tokens()));
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        Block b = blocks.get(l);
        AttentionBlock a = b.attention;
        Tensor n = norm(tape, x, a.norm());
        Tensor q = norm(tape, a.q().forward(tape, n), a.qNorm());
        Tensor k = norm(tape, a.k().forward(tape, n), a.kNorm());
        Tensor v = a.v().forward(tape, n);
        Rope.Table table = (a.of().window() > 0 ? localRope : globalRope).holding(pass.positions());
        q = Rope.of(tape, q, pass.positions(), table);
        k = Rope.of(tape, k, pass.positions(), table);
        Tensor attended = a.o().forward(tape, attend(tape, a.of(), pass, q, k, v));
        x = Add.of(tape, x, norm(tape, attended, b.afterAttention));
        Tensor m = norm(tape, x, b.beforeFeedForward);
        FeedForward f = b.feedForward;
        Tensor gated = Mul.of(tape, Gelu.of(tape, f.gate().forward(tape, m)), f.up().forward(tape, m));
        return Add.of(tape, x, norm(tape, f.down().forward(tape, gated), b.afterFeedForward));
    }

    @Override Tensor norm(Tape tape, Tensor x, Weight weight) {
        return RmsNorm.of(tape, x, Affine.of(tape, 1, weight.tensor(), 1), config().normEps());
    }
}
