package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import java.util.SplittableRandom;

/**
 * NEFTune (Jain et al. 2023, arXiv:2310.05914): in training, noise on the embeddings, x + alpha/√(L·d)·u with u uniform in [−1, 1) for each
 * of the L·d entries of a sequence of L tokens. A sequence's noise follows from the seed and its number in the run alone: not from the
 * passes that a batch is cut into, nor from what was trained before.
 *
 * @param alpha size of the noise, at least 0; 0: none
 * @param seed  of the run
 * @param first number in the run of the pass's first sequence
 */
public record Neftune(double alpha, long seed, long first) {
    /** Keeps the draws apart from those of other things that are drawn with the same seed. */
    private static final long OWN = 0x4E4546_54554E45L;

    /**
     * The embeddings with noise; x itself if alpha is 0.
     *
     * @param x embeddings, (tokens, hidden)
     */
    Tensor added(Tape tape, Tensor x, Batch batch) {
        if (alpha == 0) {
            return x;
        }
        int hidden = x.cols();
        Tensor noise = Tensor.zeros(x.dtype(), batch.size(), hidden);
        for (int s = 0; s < batch.sequences(); s++) {
            SplittableRandom random = new SplittableRandom((seed ^ OWN) * 1_000_003 + first + s);
            double size = alpha / Math.sqrt((double) batch.length(s) * hidden);
            for (int i = batch.starts()[s] * hidden; i < batch.starts()[s + 1] * hidden; i++) {
                noise.data().set(i, size * random.nextDouble(-1, 1));
            }
        }
        return Add.of(tape, x, noise);
    }
}
