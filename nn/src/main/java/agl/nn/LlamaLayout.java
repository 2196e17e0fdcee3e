package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** The weights that Llama and Gemma 3 have under the same names and in the same shapes; what a layer does with them is each family's own. */
abstract class LlamaLayout extends Transformer {

    LlamaLayout(ModelConfig config) {
        super(config);
    }

    static String prefix(int layer) {
        return "model.layers." + layer + ".";
    }

    /** The token table, (vocabulary, hidden). */
    final void embedding(Weights source) {
        parameter(source, embeddingName(), config().vocabulary(), config().hidden());
    }

    /** q (heads·headDim, hidden), k and v (kvHeads·headDim, hidden), o (hidden, heads·headDim), after the norm before them. */
    final void attention(Weights source, String p, boolean qkvBias, boolean outBias, boolean qkNorm) {
        int h = config().hidden();
        int q = config().heads() * config().headDim();
        int kv = config().kvHeads() * config().headDim();
        parameter(source, p + "input_layernorm.weight", h);
        linear(source, p + "self_attn.q_proj", q, h, qkvBias);
        linear(source, p + "self_attn.k_proj", kv, h, qkvBias);
        linear(source, p + "self_attn.v_proj", kv, h, qkvBias);
        linear(source, p + "self_attn.o_proj", h, q, outBias);
        if (qkNorm) {
            parameter(source, p + "self_attn.q_norm.weight", config().headDim());
            parameter(source, p + "self_attn.k_norm.weight", config().headDim());
        }
    }

    /** gate and up (intermediate, hidden), down (hidden, intermediate). */
    final void feedForward(Weights source, String p, boolean bias) {
        int h = config().hidden();
        int f = config().intermediate();
        linear(source, p + "mlp.gate_proj", f, h, bias);
        linear(source, p + "mlp.up_proj", f, h, bias);
        linear(source, p + "mlp.down_proj", h, f, bias);
    }

    /** The last norm, and the head (vocabulary, hidden) unless it is the token table. */
    final void end(Weights source) {
        parameter(source, "model.norm.weight", config().hidden());
        if (!config().tied()) {
            parameter(source, HEAD, config().vocabulary(), config().hidden());
        }
    }

    @Override Tensor finalNorm(Tape tape, Tensor x) {
        return norm(tape, x, "model.norm");
    }

    /** The family's norm with the weight of that name. */
    abstract Tensor norm(Tape tape, Tensor x, String name);
}
