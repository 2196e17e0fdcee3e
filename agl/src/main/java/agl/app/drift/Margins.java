package agl.app.drift;

import agl.autograd.Pool;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.KvCache;
import agl.nn.Transformer;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Likelihoods of openings behind prompts that have been read. Each opening goes on from the cache, which is left as it was. */
final class Margins {
    private final Transformer model;
    private final Kernels kernels;
    private final Pool pool;

    Margins(Transformer model, Kernels kernels, Pool pool) {
        this.model = model;
        this.kernels = kernels;
        this.pool = pool;
    }

    /**
     * One prompt's openings as token ids behind that prompt: which tokens an opening has can depend on what is before it.
     *
     * @param refusals    openings of refusals, none empty
     * @param compliances openings of answers, likewise
     */
    record Openings(List<int[]> refusals, List<int[]> compliances) {
        int longest() {
            return IntStream.concat(refusals.stream().mapToInt(o -> o.length), compliances.stream().mapToInt(o -> o.length)).max().orElse(1);
        }
    }

    /** log p(refusal) − log p(compliance) in nats, of whole openings and of their first tokens. */
    record Margin(double whole, double first) { }

    /**
     * @param context  of the prompts read
     * @param lengths  of the prompts in tokens
     * @param openings per prompt, the same number of them for each
     */
    // explain: Margin
    Margin[] of(Generator.Context context, int[] lengths, List<Openings> openings) {
        Tensor first = context.logits();
        double[] lse = logSumExp(first);
        double[][] refusal = logP(openings.stream().map(Openings::refusals).toList(), first, lse, context.cache(), lengths);
        double[][] compliance = logP(openings.stream().map(Openings::compliances).toList(), first, lse, context.cache(), lengths);
        Margin[] out = new Margin[lengths.length];
        for (int s = 0; s < out.length; s++) {
            out[s] = new Margin(logSum(refusal[s]) - logSum(compliance[s]),
                    firstTokens(openings.get(s).refusals(), first, s, lse[s]) - firstTokens(openings.get(s).compliances(), first, s, lse[s]));
        }
        return out;
    }
    // explain: end

    /** log p(opening | prompt) for each prompt and opening. */
    // explain: Probability of an opening
    private double[][] logP(List<List<int[]>> openings, Tensor first, double[] lse, KvCache cache, int[] lengths) {
        int n = lengths.length;
        double[][] logP = new double[n][openings.getFirst().size()];
        for (int o = 0; o < logP[0].length; o++) {
            int at = o;
            List<int[]> ids = openings.stream().map(of -> of.get(at)).toList();
            for (int s = 0; s < n; s++) {
                logP[s][o] = first.get(s * first.cols() + ids.get(s)[0]) - lse[s];
            }
            if (ids.stream().allMatch(i -> i.length == 1)) {
                continue;
            }
            // The opening but its last token goes in, and predicts the opening but its first.
            Batch batch = batch(ids);
            try (Tape tape = Tape.inference(kernels, pool)) {
                Tensor hidden = model.hidden(tape, batch, cache);
                Storage losses = tape.scratch(batch.size());
                HeadCrossEntropy.of(tape, hidden, model.head(), batch.targets(), losses, 1);
                for (int s = 0; s < n; s++) {
                    for (int t = batch.starts()[s]; t < batch.starts()[s + 1]; t++) {
                        logP[s][o] -= batch.targets()[t] == Batch.NO_TARGET ? 0 : losses.get(t);
                    }
                }
            }
            cache.rewind(lengths);
        }
        return logP;
    }
    // explain: end

    /** Each sequence but its last token, predicting the next; one of a single token goes in and predicts nothing. */
    private static Batch batch(List<int[]> sequences) {
        int[] starts = new int[sequences.size() + 1];
        IntArrayList tokens = new IntArrayList();
        IntArrayList targets = new IntArrayList();
        for (int s = 0; s < sequences.size(); s++) {
            int[] ids = sequences.get(s);
            for (int t = 0; t < Math.max(1, ids.length - 1); t++) {
                tokens.add(ids[t]);
                targets.add(t + 1 < ids.length ? ids[t + 1] : Batch.NO_TARGET);
            }
            starts[s + 1] = tokens.size();
        }
        return new Batch(tokens.toIntArray(), starts, targets.toIntArray());
    }

    /** log of the probability that the next token begins one of the openings. */
    private static double firstTokens(List<int[]> openings, Tensor logits, int row, double lse) {
        return logSum(openings.stream().mapToInt(o -> o[0]).distinct().mapToDouble(id -> logits.get(row * logits.cols() + id) - lse).toArray());
    }

    private static double[] logSumExp(Tensor logits) {
        double[] out = new double[logits.rows()];
        double[] row = new double[logits.cols()];
        for (int r = 0; r < out.length; r++) {
            for (int j = 0; j < row.length; j++) {
                row[j] = logits.get(r * row.length + j);
            }
            out[r] = logSum(row);
        }
        return out;
    }

    /** log Σ e^x. */
    static double logSum(double[] x) {
        double max = Arrays.stream(x).max().orElse(Double.NEGATIVE_INFINITY);
        double sum = 0;
        for (double v : x) {
            sum += Math.exp(v - max);
        }
        return max + Math.log(sum);
    }
}
