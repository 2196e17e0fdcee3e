package agl.lora;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Small models in double with weights large enough that every layer matters. */
final class Tiny {
    /** Two sequences; the loss looks at some of the tokens. */
    static final Batch BATCH = new Batch(new int[] {3, 14, 1, 9, 2, 6, 5}, new int[] {0, 4, 7}, new int[] {-1, 1, 9, -1, 6, 5, -1});

    private Tiny() { }

    static Transformer llama() {
        return grown(ModelConfig.llama(12, 2, 6, 2, 17, 19).withPositions(40));
    }

    /** The same with a head of its own. */
    static Transformer untied() {
        return grown(ModelConfig.parse(
                ModelConfig.llama(12, 2, 6, 2, 17, 19).withPositions(40).json().deepCopy().put("tie_word_embeddings", false), "test"));
    }

    static Transformer gpt2() {
        return grown(ModelConfig.parse(JsonNodeFactory.instance.objectNode().put("model_type", "gpt2").put("n_embd", 12).put("n_layer", 2)
                .put("n_head", 3).put("n_inner", 17).put("vocab_size", 19).put("n_positions", 40), "test"));
    }

    private static Transformer grown(ModelConfig config) {
        Transformer model = Models.random(config, 5, DType.F64);
        model.parameters().values().forEach(t -> {
            for (int i = 0; t.rank() > 1 && i < t.size(); i++) {
                t.data().set(i, 12 * t.get(i));
            }
        });
        return model;
    }

    static void randomise(Iterable<Tensor> tensors, long seed, double size) {
        SplittableRandom random = new SplittableRandom(seed);
        tensors.forEach(t -> {
            for (int i = 0; i < t.size(); i++) {
                t.data().set(i, size * random.nextGaussian());
            }
        });
    }

    static double[] logits(Transformer model) {
        int[] rows = new int[BATCH.size()];
        Arrays.setAll(rows, i -> i);
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            return model.logits(tape, model.hidden(tape, BATCH), rows).toArray();
        }
    }

    static double largestDifference(double[] a, double[] b) {
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
        }
        return worst;
    }
}
