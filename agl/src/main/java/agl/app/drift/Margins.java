package agl.app.drift;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.Storage;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.Transformer;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Likelihoods of openings after prompts already in the cache. Each opening continues from the cache, which is then restored. */
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
     * The openings for one prompt, as token ids: an opening's tokens can depend on the text before it.
     *
     * @param refusals    openings of refusals, none empty
     * @param compliances openings of answers, likewise
     * @param common      length of the common prefix of all openings, in tokens
     */
    record Openings(List<int[]> refusals, List<int[]> compliances, int common) {
        Openings(List<int[]> refusals, List<int[]> compliances) {
            this(refusals, compliances, common(refusals, compliances));
        }

        int longest() {
            return Stream.concat(refusals.stream(), compliances.stream()).mapToInt(o -> o.length).max().orElse(1);
        }

        /** The common prefix is, for instance, a template's think block; each opening keeps at least one token of its own. */
        private static int common(List<int[]> refusals, List<int[]> compliances) {
            int[] some = refusals.getFirst();
            return Stream.concat(refusals.stream(), compliances.stream()).mapToInt(o -> {
                int same = Arrays.mismatch(some, o);
                return Math.min(o.length - 1, same < 0 ? o.length : same);
            }).min().orElse(0);
        }
    }

    /** log p(refusal) − log p(compliance) in nats, of whole openings and of the first token in which they differ. */
    record Margin(double whole, double first) { }

    /** Per opening, its log-probability and that of its first token after the common prefix. */
    private record LogP(double[] whole, double[] first) { }

    /**
     * @param context  the prompts already read
     * @param lengths  lengths of the prompts in tokens
     * @param openings openings per prompt, the same number for each
     */
    // explain: Margin
    Margin[] of(Generator.Context context, int[] lengths, List<Openings> openings) {
        LogP[] refusal = logP(openings.stream().map(Openings::refusals).toList(), openings, context, lengths);
        LogP[] compliance = logP(openings.stream().map(Openings::compliances).toList(), openings, context, lengths);
        Margin[] out = new Margin[lengths.length];
        for (int s = 0; s < out.length; s++) {
            out[s] = new Margin(logSum(refusal[s].whole) - logSum(compliance[s].whole),
                    firstTokens(openings.get(s).refusals(), openings.get(s).common, refusal[s])
                            - firstTokens(openings.get(s).compliances(), openings.get(s).common, compliance[s]));
        }
        return out;
    }
    // explain: end

    /** log p(opening | prompt) for each prompt and opening. */
    // explain: Probability of an opening
    private LogP[] logP(List<List<int[]>> openings, List<Openings> all, Generator.Context context, int[] lengths) {
        Tensor first = context.logits();
        double[] lse = logSumExp(first);
        int count = openings.getFirst().size();
        LogP[] logP = new LogP[lengths.length];
        Arrays.setAll(logP, s -> new LogP(new double[count], new double[count]));
        for (int o = 0; o < count; o++) {
            int at = o;
            List<int[]> ids = openings.stream().map(of -> of.get(at)).toList();
            for (int s = 0; s < lengths.length; s++) {
                logP[s].whole[o] = first.get(s * first.cols() + ids.get(s)[0]) - lse[s];
                logP[s].first[o] = logP[s].whole[o];
            }
            if (ids.stream().allMatch(i -> i.length == 1)) {
                continue;
            }
            // Input: the opening without its last token. Targets: the opening without its first.
            Batch batch = batch(ids);
            try (Tape tape = Tape.inference(kernels, pool)) {
                Tensor hidden = model.hidden(tape, batch, context.cache());
                Storage losses = tape.scratch(batch.size());
                HeadCrossEntropy.of(tape, hidden, model.head(), batch.targets(), losses, 1);
                for (int s = 0; s < lengths.length; s++) {
                    for (int t = 0; t < ids.get(s).length - 1; t++) {
                        double log = -losses.get(batch.starts()[s] + t);
                        logP[s].whole[o] += log;
                        logP[s].first[o] = t + 1 == all.get(s).common ? log : logP[s].first[o];
                    }
                }
            }
            context.cache().rewind(lengths);
        }
        return logP;
    }
    // explain: end

    /** Each sequence without its last token, predicting the next token; a sequence of a single token is input without a target. */
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

    /**
     * Log-probability that the token after the common prefix is the next token of any opening; a token shared by several openings counts
     * once.
     */
    private static double firstTokens(List<int[]> openings, int common, LogP logP) {
        return logSum(IntStream.range(0, openings.size())
                .filter(o -> IntStream.range(0, o).noneMatch(before -> openings.get(before)[common] == openings.get(o)[common]))
                .mapToDouble(o -> logP.first[o]).toArray());
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
