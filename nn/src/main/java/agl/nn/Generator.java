package agl.nn;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Writes text token by token, for several prompts at once, with a key-value cache. */
public final class Generator {

    /**
     * How the next token is chosen.
     *
     * @param temperature 0: the most likely token (greedy); otherwise a sample from softmax(logits / temperature)
     * @param topP        when sampling: only the most likely tokens, up to this total probability
     */
    public record Settings(int maxNewTokens, double temperature, double topP, long seed) {
        /** Greedy decoding. */
        public static Settings greedy(int maxNewTokens) {
            return new Settings(maxNewTokens, 0, 1, 0);
        }
    }

    /** Minimum length of a shared prompt prefix for which processing it once is worthwhile. */
    private static final int WORTH_SHARING = 12;

    private final Transformer model;
    private final Kernels kernels;
    private final Pool pool;

    /** @param pool determines the compute type */
    public Generator(Transformer model, Kernels kernels, Pool pool) {
        this.model = model;
        this.kernels = kernels;
        this.pool = pool;
    }

    /**
     * Processed prompts, ready to be continued.
     *
     * @param cache  their keys and values
     * @param logits logits of the token after each prompt, (prompts, vocabulary)
     */
    public record Context(KvCache cache, Tensor logits) { }

    /**
     * Processes prompts: their common prefix (a chat template's) once, then the rest of each.
     *
     * @param prompts token ids, none empty, none longer than the model's positions
     * @param more    maximum number of tokens to follow each prompt
     */
    public Context read(List<int[]> prompts, int more) {
        int longest = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
        KvCache cache = new KvCache(model.config(), pool.dtype(), prompts.size(),
                (int) Math.min(model.config().maxPositions(), (long) longest + more));
        int shared = shared(prompts);
        if (shared > 0) {
            KvCache start = new KvCache(model.config(), pool.dtype(), 1, shared);
            try (Tape tape = Tape.inference(kernels, pool)) {
                model.hidden(tape, Batch.of(Arrays.copyOf(prompts.getFirst(), shared)), start);
            }
            cache.startWith(kernels, start);
        }
        try (Tape tape = Tape.inference(kernels, pool)) {
            Tensor next = next(tape, concatenate(prompts.stream().map(p -> Arrays.copyOfRange(p, shared, p.length)).toList()), cache);
            Tensor logits = Tensor.zeros(pool.dtype(), next.rows(), next.cols());
            kernels.scale(next.size(), 1, next.data(), 0, logits.data(), 0);
            return new Context(cache, logits);
        }
    }

    /** Length of the common prefix, or 0 if it is not worth a separate pass; at least one token of each prompt remains. */
    private static int shared(List<int[]> prompts) {
        int[] first = prompts.getFirst();
        int shared = first.length - 1;
        for (int[] p : prompts) {
            int same = Arrays.mismatch(first, p);
            shared = Math.min(shared, Math.min(p.length - 1, same < 0 ? p.length : same));
        }
        return prompts.size() > 1 && shared >= WORTH_SHARING ? shared : 0;
    }

    /**
     * @param prompts token ids, none empty; an answer ends at the model's last position, so a prompt that fills all positions gets none
     * @param stop    ids that end an answer and are not part of it
     * @return the new tokens of each prompt
     */
    public List<int[]> generate(List<int[]> prompts, Settings settings, IntPredicate stop) {
        int room = model.config().maxPositions();
        int[] active = IntStream.range(0, prompts.size()).filter(s -> prompts.get(s).length < room).toArray();
        Context context = active.length == 0 ? null : read(Arrays.stream(active).mapToObj(prompts::get).toList(), settings.maxNewTokens);
        return generate(prompts.size(), active, context, settings, stop);
    }

    /** The same for processed prompts with room for the answers, which are written into the cache. */
    public List<int[]> generate(Context context, Settings settings, IntPredicate stop) {
        int n = context.logits().rows();
        return generate(n, IntStream.range(0, n).toArray(), context, settings, stop);
    }

    private List<int[]> generate(int n, int[] prompts, Context context, Settings settings, IntPredicate stop) {
        IntArrayList[] answers = new IntArrayList[n];
        SplittableRandom[] random = new SplittableRandom[n];
        for (int s = 0; s < n; s++) {
            answers[s] = new IntArrayList();
            random[s] = new SplittableRandom(settings.seed + s);
        }
        // Finished sequences leave the batch; only the others are computed from then on.
        int[] active = settings.maxNewTokens > 0 ? prompts : new int[0];
        KvCache cache = active.length == 0 ? null : context.cache();
        int[] next = active.length == 0 ? null : pick(context.logits(), active, settings, random);
        for (int step = 1; active.length > 0; step++) {
            int kept = 0;
            int[] still = new int[active.length];
            int[] tokens = new int[active.length];
            int[] slots = new int[active.length];
            for (int i = 0; i < active.length; i++) {
                int s = active[i];
                if (stop.test(next[i])) {
                    continue;
                }
                answers[s].add(next[i]);
                if (step < settings.maxNewTokens && cache.length(i) + 1 < model.config().maxPositions()) {
                    still[kept] = s;
                    tokens[kept] = next[i];
                    slots[kept++] = i;
                }
            }
            cache = kept == active.length ? cache : cache.select(Arrays.copyOf(slots, kept));
            active = Arrays.copyOf(still, kept);
            if (kept > 0) {
                int[] starts = new int[kept + 1];
                Arrays.setAll(starts, i -> i);
                int[] none = new int[kept];
                Arrays.fill(none, Batch.NO_TARGET);
                try (Tape tape = Tape.inference(kernels, pool)) {
                    next = pick(next(tape, new Batch(Arrays.copyOf(tokens, kept), starts, none), cache), active, settings, random);
                }
            }
        }
        return Arrays.stream(answers).map(IntArrayList::toIntArray).toList();
    }

    /** Logits after each sequence of the batch. */
    private Tensor next(Tape tape, Batch batch, KvCache cache) {
        Tensor hidden = model.hidden(tape, batch, cache);
        int[] last = new int[batch.sequences()];
        Arrays.setAll(last, s -> batch.starts()[s + 1] - 1);
        return model.logits(tape, hidden, last);
    }

    private static int[] pick(Tensor logits, int[] active, Settings settings, SplittableRandom[] random) {
        int[] next = new int[active.length];
        int vocabulary = logits.cols();
        for (int s = 0; s < next.length; s++) {
            next[s] = settings.temperature <= 0 ? argmax(logits.data(), s * vocabulary, vocabulary)
                    : sample(logits.data(), s * vocabulary, vocabulary, settings, random[active[s]]);
        }
        return next;
    }

    private static Batch concatenate(List<int[]> prompts) {
        int[] starts = new int[prompts.size() + 1];
        IntArrayList tokens = new IntArrayList();
        for (int s = 0; s < prompts.size(); s++) {
            tokens.addElements(tokens.size(), prompts.get(s));
            starts[s + 1] = tokens.size();
        }
        int[] none = new int[tokens.size()];
        Arrays.fill(none, Batch.NO_TARGET);
        return new Batch(tokens.toIntArray(), starts, none);
    }

    /**
     * Index of the largest of n values, the first if several are equal. Non-finite logits are rejected: their maximum is arbitrary.
     */
    static int argmax(Storage x, int offset, int n) {
        int best = 0;
        for (int i = 0; i < n; i++) {
            double value = x.get(offset + i);
            if (!Double.isFinite(value)) {
                throw new AglException("the model's output is not finite (" + value
                        + "): its weights, or those of the adapter on it, are damaged or too large");
            }
            if (value > x.get(offset + best)) {
                best = i;
            }
        }
        return best;
    }

    private static int sample(Storage logits, int offset, int n, Settings settings, SplittableRandom random) {
        double max = logits.get(offset + argmax(logits, offset, n));
        double[] p = new double[n];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            p[i] = Math.exp((logits.get(offset + i) - max) / settings.temperature);
            sum += p[i];
        }
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(p[b], p[a]));
        double held = 0;
        int count = 0;
        while (count < n && held < settings.topP * sum) {
            held += p[order[count++]];
        }
        double u = random.nextDouble() * held;
        for (int i = 0; i < count; i++) {
            u -= p[order[i]];
            if (u < 0) {
                return order[i];
            }
        }
        return order[Math.max(0, count - 1)];
    }

    /** A generator that computes in float with the best kernels. */
    public static Generator of(Transformer model) {
        return new Generator(model, Kernels.best(), new Pool(DType.F32));
    }
}
