package agl.reference;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.Transformer;
import java.util.Arrays;
import java.util.stream.Stream;

/** The ways to compute that every reference number is checked with: plain loops in float and in double, and the fastest kernels. */
record Compute(String label, Kernels kernels, Pool pool) {

    static Stream<Compute> all() {
        return Stream.of(new Compute("plain F32", Kernels.plain(), new Pool(DType.F32)),
                new Compute("plain F64", Kernels.plain(), new Pool(DType.F64)),
                new Compute("best (" + Kernels.best().name() + ") F32", Kernels.best(), new Pool(DType.F32)));
    }

    Tape inference() {
        return Tape.inference(kernels, pool);
    }

    Tape training() {
        return Tape.training(kernels, pool);
    }

    /** Logits of every position, (tokens, vocabulary). */
    double[] logits(Transformer model, Batch batch) {
        int[] rows = new int[batch.size()];
        Arrays.setAll(rows, t -> t);
        try (Tape tape = inference()) {
            return model.logits(tape, model.hidden(tape, batch), rows).toArray();
        }
    }

    double loss(Transformer model, Batch batch) {
        try (Tape tape = inference()) {
            return model.loss(tape, batch).item();
        }
    }

    @Override public String toString() {
        return label;
    }
}
