package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Columns;
import agl.autograd.op.Embedding;
import agl.autograd.op.Gelu;
import agl.autograd.op.LayerNorm;

/**
 * GPT-2 (Radford et al. 2019): learned positions added to the embedding, LayerNorm, one map c_attn for queries, keys and values, GELU.
 * Its dropouts are not applied in training; what adapters drop is LoRA's own.
 *
 * <p>Hugging Face stores its maps as Conv1D, (in, out). They are turned on loading and saving: inside this program every W is (out, in).
 */
final class Gpt2 extends Transformer {
    private static final String POSITIONS = "transformer.wpe.weight";

    Gpt2(ModelConfig config, Weights source) {
        super(config);
        int h = config.hidden();
        int f = config.intermediate();
        parameter(source, embeddingName(), config.vocabulary(), h);
        parameter(source, POSITIONS, config.maxPositions(), h);
        for (int l = 0; l < config.layers(); l++) {
            String p = prefix(l);
            normWeights(source, p + "ln_1");
            transposedLinear(source, p + "attn.c_attn", 3 * h, h);
            transposedLinear(source, p + "attn.c_proj", h, h);
            normWeights(source, p + "ln_2");
            transposedLinear(source, p + "mlp.c_fc", f, h);
            transposedLinear(source, p + "mlp.c_proj", h, f);
        }
        normWeights(source, "transformer.ln_f");
        if (!config.tied()) {
            parameter(source, HEAD, config.vocabulary(), h);
        }
    }

    private void normWeights(Weights source, String name) {
        parameter(source, name + ".weight", config().hidden());
        parameter(source, name + ".bias", config().hidden());
    }

    private static String prefix(int layer) {
        return "transformer.h." + layer + ".";
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Add.of(tape, Embedding.of(tape, weight(embeddingName()), pass.batch().tokens()), Embedding.of(tape, weight(POSITIONS), pass.positions()));
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        String p = prefix(l);
        int h = config().hidden();
        Tensor qkv = linear(p + "attn.c_attn").forward(tape, norm(tape, x, p + "ln_1"));
        Tensor attended = attend(tape, l, pass, Columns.of(tape, qkv, 0, h), Columns.of(tape, qkv, h, 2 * h), Columns.of(tape, qkv, 2 * h, 3 * h), 0);
        x = Add.of(tape, x, linear(p + "attn.c_proj").forward(tape, attended));
        Tensor activated = Gelu.of(tape, linear(p + "mlp.c_fc").forward(tape, norm(tape, x, p + "ln_2")));
        return Add.of(tape, x, linear(p + "mlp.c_proj").forward(tape, activated));
    }

    @Override Tensor finalNorm(Tape tape, Tensor x) {
        return norm(tape, x, "transformer.ln_f");
    }

    private Tensor norm(Tape tape, Tensor x, String name) {
        return LayerNorm.of(tape, x, weight(name + ".weight"), weight(name + ".bias"), config().normEps());
    }
}
