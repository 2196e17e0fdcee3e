package agl.app.train;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.Reading;
import agl.app.model.ModelBundle;
import agl.lora.LoraModel;
import agl.nn.ModelConfig;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows what a run would train on and need, without training. */
public final class DryRun {
    private static final int SAMPLES = 3;

    private DryRun() { }

    /** Decoded samples with the trained part marked, parameter counts, and an estimate of memory. */
    public static String describe(ModelBundle bundle, RunConfig config, TrainData data) {
        TrainSettings s = config.train();
        StringBuilder out = new StringBuilder();
        List<EncodedExample> encoded = bundle.encode(data.task(), s.maxLength());
        for (int i = 0; i < Math.min(SAMPLES, encoded.size()); i++) {
            out.append("--- example ").append(i + 1).append(": ").append(encoded.get(i).length()).append(" tokens, ")
                    .append(encoded.get(i).lossTokens()).append(" in the loss (between « and »)\n").append(marked(bundle, encoded.get(i)))
                    .append('\n');
        }
        LoraModel lora = FineTune.adapter(bundle, s, data);
        ModelConfig c = bundle.model().config();
        int longest = longest(encoded);
        double mean = encoded.stream().mapToInt(EncodedExample::length).average().orElse(0);
        int perPass = s.microBatchSize() == 0 ? s.batchSize() : Math.min(s.batchSize(), s.microBatchSize());
        out.append(String.format(Locale.ROOT, "---%nexamples       %,d, mean %.0f tokens, longest %d, %d cut to %d%n", encoded.size(), mean,
                longest,
                EncodedExample.countTruncated(encoded), bundle.limit(s.maxLength())));
        out.append(cut(bundle, data.task(), encoded));
        out.append(String.format(Locale.ROOT, "steps          %,d of %d examples%s%n", config.steps(data), s.batchSize(),
                config.mixed(data) > 0 ? ", one more at most: " + config.examples(data) : ""));
        out.append(String.format(Locale.ROOT, "parameters     %,d frozen, %,d trained in %d layers (%.3f %%)%n", bundle.model().size(),
                lora.size(), lora.layers().size(),
                100.0 * lora.size() / bundle.model().size()));
        long weights = bundle.model().parameters().values().stream().mapToLong(t -> (long) t.size() * t.dtype().bytes()).sum();
        long adapter = lora.size() * 4 * 4;
        int widest = Math.max(longest, longest(passed(bundle, config, data)));
        long activations = activationBytes(c, (long) perPass * widest);
        out.append(String.format(Locale.ROOT,
                "memory         about %s: weights %s (mapped), adapter with gradient and AdamW's two means %s, "
                        + "activations of %d × %d tokens at most %s%n",
                mib(weights + adapter + activations), mib(weights), mib(adapter), perPass, widest, mib(activations)));
        out.append(heap(adapter + activations, Runtime.getRuntime().maxMemory()));
        lora.detach();
        return out.toString();
    }

    /** How much of prompts and answers the maximum length cuts; "" if nothing. */
    private static String cut(ModelBundle bundle, List<Example> examples, List<EncodedExample> encoded) {
        long prompts = 0;
        long answers = 0;
        int cutAnswers = 0;
        long allPrompts = 0;
        long allAnswers = 0;
        for (int i = 0; i < encoded.size(); i++) {
            EncodedExample kept = encoded.get(i);
            EncodedExample whole = kept.truncated() ? bundle.whole(examples.get(i)) : kept;
            int answer = whole.lossTokens() - kept.lossTokens();
            cutAnswers += answer > 0 ? 1 : 0;
            answers += answer;
            prompts += whole.length() - kept.length() - answer;
            allAnswers += whole.lossTokens();
            allPrompts += whole.length() - whole.lossTokens();
        }
        return prompts + answers == 0 ? "" : String.format(Locale.ROOT,
                "cut            %.1f %% of the answers' tokens (%,d, the ends of %,d answers), %.1f %% of the prompts' (%,d, beginnings)%n",
                100.0 * answers / allAnswers, answers, cutAnswers, 100.0 * prompts / Math.max(1, allPrompts), prompts);
    }

    /** What of the data files is not trained on, and why. */
    public static String leftOut(Reading reading) {
        List<String> lines = reading.leftOut().isEmpty() ? List.of("nothing") : reading.leftOut();
        return lines.stream().map(line -> "left out       " + line + System.lineSeparator()).collect(Collectors.joining());
    }

    private static int longest(List<EncodedExample> encoded) {
        return encoded.stream().mapToInt(EncodedExample::length).max().orElse(0);
    }

    /** The alignment examples, if the method takes batches of them through the model as it does those of the task. */
    private static List<EncodedExample> passed(ModelBundle bundle, RunConfig config, TrainData data) {
        return config.choice() == null || !config.choice().kind().readsAlignment() ? List.of()
                : bundle.encode(FisherSource.chosen(config, data.alignment()), config.train().maxLength());
    }

    /**
     * Weights are mapped and lie outside the heap; what is Fisher information's is made to fit into what there is.
     *
     * @param needed bytes of the adapter and the activations
     * @param limit  bytes of the largest heap
     */
    static String heap(long needed, long limit) {
        return "heap           at most " + mib(limit) + (needed <= limit ? ": adapter and activations fit"
                : ", adapter and activations may need " + mib(needed) + ": give more with java -Xmx" + (needed * 5 / 4 >> 20)
                + "m -jar agl.jar ..., or take micro_batch_size=1, recompute=true or a smaller max_length") + System.lineSeparator();
    }

    private static String marked(ModelBundle bundle, EncodedExample e) {
        StringBuilder s = new StringBuilder();
        int from = 0;
        while (from < e.length()) {
            int to = from;
            while (to < e.length() && e.lossMask()[to] == e.lossMask()[from]) {
                to++;
            }
            String text = bundle.tokenizer().decode(java.util.Arrays.copyOfRange(e.tokens(), from, to), false);
            s.append(e.lossMask()[from] ? "«" + text + "»" : text);
            from = to;
        }
        return s.toString();
    }

    /** Tensors that the tape keeps for backward, per token: see Transformer's block; plus the gradients of one layer. */
    static long activationBytes(ModelConfig c, long tokens) {
        long q = (long) c.heads() * c.headDim();
        long kv = (long) c.kvHeads() * c.headDim();
        long perLayer = 6L * c.hidden() + 3 * q + 3 * kv + 3L * c.intermediate();
        long head = 64L * c.vocabulary() * 4;
        return tokens * 4 * (perLayer * (c.layers() + 1) + 3L * c.hidden()) + head;
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%,.0f MiB", bytes / 1048576.0);
    }
}
