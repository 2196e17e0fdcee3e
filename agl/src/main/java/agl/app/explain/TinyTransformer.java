package agl.app.explain;

import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import java.util.List;

/** A one-layer transformer with random weights, in double: small enough to perturb every weight and rerun it. */
final class TinyTransformer {
    private TinyTransformer() {
    }

    static Transformer make() {
        Transformer model = Models.random(ModelConfig.llama(8, 1, 2, 1, 8, 11).withPositions(16), 3, DType.F64);
        // Larger weights than at initialization, so that every layer matters.
        model.parameters().values().forEach(t -> {
            for (int i = 0; t.rank() == 2 && i < t.size(); i++) {
                t.data().set(i, 10 * t.get(i));
            }
        });
        return model;
    }

    /** Three sequences, with the loss on the last tokens of each, like an answer. */
    static List<Batch> batch() {
        return List.of(sequence(3, 1, 4, 1, 5), sequence(2, 7, 1, 8), sequence(6, 9, 2, 4));
    }

    private static Batch sequence(int... tokens) {
        int[] targets = new int[tokens.length];
        java.util.Arrays.fill(targets, Batch.NO_TARGET);
        for (int t = 1; t + 1 < tokens.length; t++) {
            targets[t] = tokens[t + 1];
        }
        return new Batch(tokens, new int[] {0, tokens.length}, targets);
    }
}
