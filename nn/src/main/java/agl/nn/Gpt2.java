package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Columns;
import agl.autograd.op.Embedding;
import agl.autograd.op.Gelu;
import agl.autograd.op.LayerNorm;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-2 (Radford et al. 2019): learned positions added to the embedding, LayerNorm, one projection c_attn for queries, keys and
 * values, GELU. Its dropout is not applied in training; adapters have LoRA's own.
 *
 * <p>Hugging Face stores its projections as Conv1D, (in, out). They are transposed on loading and saving: inside this program every W is
 * (out, in).
 */
final class Gpt2 extends Transformer {
    private record Norm(Weight weight, Weight bias) { }

    /** One layer: a norm before each of its halves. */
    private record Block(AttentionLayer of, Norm norm1, Slot qkv, Slot out, Norm norm2, Slot up, Slot down) { }

    private final List<Block> blocks = new ArrayList<>();
    private final Weight tokens;
    private final Weight positions;
    private final Norm finalNorm;

    Gpt2(ModelConfig config, Weights source) {
        super(config);
        int h = config.hidden();
        int f = config.intermediate();
        tokens = parameter(source, config.family().embeddingName(), config.vocabulary(), h);
        positions = parameter(source, "transformer.wpe.weight", config.maxPositions(), h);
        for (int l = 0; l < config.layers(); l++) {
            String p = "transformer.h." + l + ".";
            blocks.add(new Block(new AttentionLayer(l, 0, attentionScale()),
                    norm(source, p + "ln_1"), transposedLinear(source, p + "attn.c_attn", 3 * h, h),
                    transposedLinear(source, p + "attn.c_proj", h, h),
                    norm(source, p + "ln_2"), transposedLinear(source, p + "mlp.c_fc", f, h),
                    transposedLinear(source, p + "mlp.c_proj", h, f)));
        }
        finalNorm = norm(source, "transformer.ln_f");
        if (!config.tied()) {
            parameter(source, HEAD, config.vocabulary(), h);
        }
    }

    private Norm norm(Weights source, String name) {
        return new Norm(parameter(source, name + ".weight", config().hidden()), parameter(source, name + ".bias", config().hidden()));
    }

    @Override Tensor embed(Tape tape, Pass pass) {
        return Add.of(tape, Embedding.of(tape, tokens.tensor(), pass.batch().tokens()),
                Embedding.of(tape, positions.tensor(), pass.positions()));
    }

    @Override Tensor layer(Tape tape, int l, Tensor x, Pass pass) {
        Block b = blocks.get(l);
        int h = config().hidden();
        Tensor qkv = b.qkv.forward(tape, norm(tape, x, b.norm1));
        Tensor attended = attend(tape, b.of, pass, Columns.of(tape, qkv, 0, h), Columns.of(tape, qkv, h, 2 * h),
                Columns.of(tape, qkv, 2 * h, 3 * h));
        x = Add.of(tape, x, b.out.forward(tape, attended));
        Tensor activated = Gelu.of(tape, b.up.forward(tape, norm(tape, x, b.norm2)));
        return Add.of(tape, x, b.down.forward(tape, activated));
    }

    @Override Tensor finalNorm(Tape tape, Tensor x) {
        return norm(tape, x, finalNorm);
    }

    private Tensor norm(Tape tape, Tensor x, Norm norm) {
        return LayerNorm.of(tape, x, norm.weight.tensor(), norm.bias.tensor(), config().normEps());
    }
}
