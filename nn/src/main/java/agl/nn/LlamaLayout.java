package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * The weights that Llama and Gemma 3 have in common, with the same names and shapes; what a layer computes from them differs.
 */
abstract class LlamaLayout extends Transformer {
    /** A layer's attention with the norm before it; qNorm and kNorm are null if queries and keys are not normalized. */
    record AttentionBlock(AttentionLayer of, Weight norm, Slot q, Slot k, Slot v, Slot o, Weight qNorm, Weight kNorm) { }

    /** A layer's feed-forward projections. */
    record FeedForward(Slot gate, Slot up, Slot down) { }

    private Weight embedding;
    private Weight finalNorm;

    LlamaLayout(ModelConfig config) {
        super(config);
    }

    static String prefix(int layer) {
        return "model.layers." + layer + ".";
    }

    /** Loads what precedes the layers: the embedding table, (vocabulary, hidden). */
    final void begin(Weights source) {
        embedding = parameter(source, config().family().embeddingName(), config().vocabulary(), config().hidden());
    }

    /** Loads what follows the layers: the final norm, and the head (vocabulary, hidden) unless it is tied. */
    final void end(Weights source) {
        finalNorm = norm(source, "model.norm");
        if (!config().tied()) {
            parameter(source, HEAD, config().vocabulary(), config().hidden());
        }
    }

    /** The embedding table, (vocabulary, hidden). */
    final Tensor embedding() {
        return embedding.tensor();
    }

    /** Which attention projections have a bias, and whether queries and keys are normalized. */
    record AttentionParts(boolean qkvBias, boolean outBias, boolean qkNorm) { }

    /** q (heads·headDim, hidden), k and v (kvHeads·headDim, hidden), o (hidden, heads·headDim), after the norm before them. */
    final AttentionBlock attention(Weights source, String p, AttentionLayer of, AttentionParts has) {
        int h = config().hidden();
        int q = config().heads() * config().headDim();
        int kv = config().kvHeads() * config().headDim();
        String a = p + "self_attn.";
        return new AttentionBlock(of, parameter(source, p + "input_layernorm.weight", h),
                linear(source, a + "q_proj", q, h, has.qkvBias), linear(source, a + "k_proj", kv, h, has.qkvBias),
                linear(source, a + "v_proj", kv, h, has.qkvBias),
                linear(source, a + "o_proj", h, q, has.outBias),
                has.qkNorm ? parameter(source, a + "q_norm.weight", config().headDim()) : null,
                has.qkNorm ? parameter(source, a + "k_norm.weight", config().headDim()) : null);
    }

    /** gate and up (intermediate, hidden), down (hidden, intermediate). */
    final FeedForward feedForward(Weights source, String p, boolean bias) {
        int h = config().hidden();
        int f = config().intermediate();
        return new FeedForward(linear(source, p + "mlp.gate_proj", f, h, bias), linear(source, p + "mlp.up_proj", f, h, bias),
                linear(source, p + "mlp.down_proj", h, f, bias));
    }

    /** The weight of a norm, (hidden). */
    final Weight norm(Weights source, String name) {
        return parameter(source, name + ".weight", config().hidden());
    }

    @Override Tensor finalNorm(Tape tape, Tensor x) {
        return norm(tape, x, finalNorm);
    }

    /** The family's norm with this weight. */
    abstract Tensor norm(Tape tape, Tensor x, Weight weight);
}
