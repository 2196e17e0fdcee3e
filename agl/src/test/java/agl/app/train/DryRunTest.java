package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.Reading;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.nn.ModelConfig;
import agl.nn.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dry run says, against counts made by hand from the shapes. */
class DryRunTest {
    private static final int HIDDEN = 256;
    private static final int INTERMEDIATE = 1024;

    @TempDir Path temp;

    private static List<String> linesOf(String method, ModelBundle bundle, List<Example> task, String... sets) {
        RunConfig config = RunConfig.of(null, List.of(sets)).resolved(MethodChoice.of(method));
        return DryRun.describe(bundle, config, new TrainData(task, List.of(), List.of())).lines().toList();
    }

    private static List<String> lines(ModelBundle bundle, List<Example> task, String... sets) {
        return linesOf("lora", bundle, task, sets);
    }

    private static String line(List<String> lines, String name) {
        return lines.stream().filter(l -> l.startsWith(name)).findFirst().orElseThrow().replaceFirst(name + " +", "");
    }

    private static List<Example> examples(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Example("tell me", "the cat sat".substring(0, 3 + 4 * (i % 3)))).toList();
    }

    @Test void theFirstExamplesWithTheTrainedPartMarked() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        List<Example> task = examples(4);
        List<EncodedExample> encoded = bundle.encode(task, 64);
        List<String> lines = lines(bundle, task, "max_length=64");
        String head = "--- example %d: %d tokens, %d in the loss (between « and »)";
        String[] answers = {"the", "the cat", "the cat sat"};
        for (int i = 0; i < 3; i++) {
            assertEquals(String.format(head, i + 1, encoded.get(i).length(), encoded.get(i).lossTokens()), lines.get(3 * i));
            assertEquals("tell me", lines.get(3 * i + 1));
            assertEquals("«" + answers[i] + "<|end|>»", lines.get(3 * i + 2));
        }
        assertEquals("---", lines.get(9), "three are enough");
        assertEquals("---", lines(bundle, task.subList(0, 1), "max_length=64").get(3), "and it is the same model afterwards");
    }

    @Test void examplesAndSteps() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        List<Example> task = List.of(new Example("tell me", "fox"), new Example("tell me about the dog", "the red fox sat on the mat"));
        int[] length = bundle.encode(task, 64).stream().mapToInt(EncodedExample::length).toArray();
        assertTrue(length[0] > 4 && length[0] < length[1], "lengths " + length[0] + " and " + length[1]);
        List<String> lines = lines(bundle, task, "max_length=64", "steps=7", "batch_size=3");
        assertEquals(String.format(Locale.ROOT, "2, mean %.0f tokens, longest %d, 0 cut to 64", (length[0] + length[1]) / 2.0, length[1]),
                line(lines, "examples"));
        assertEquals("7 of 3 examples", line(lines, "steps"));
        assertEquals("3 of 2 examples", line(lines(bundle, examples(6), "epochs=1", "batch_size=2"), "steps"));
        List<String> half = linesOf("earlystop", bundle, examples(6), "epochs=1", "batch_size=2");
        assertEquals("2 of 2 examples", line(half, "steps"), "half of three, rounded up");
        assertEquals("4 of 2 examples, one more at most: 6 task and 2 alignment examples",
                line(linesOf("mix", bundle, examples(6), "epochs=1", "batch_size=2"), "steps"));
        int cut = length[1] - 1;
        assertTrue(line(lines(bundle, task, "max_length=" + cut), "examples").endsWith("longest " + cut + ", 1 cut to " + cut));
    }

    /** The answer of the second, longer one loses its last tokens; of the first its prompt loses its beginning. */
    @Test void whatTheMaximumLengthCuts() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        List<Example> task = List.of(new Example("tell me about the dog on the mat and the cat", "fox"),
                new Example("tell me", "the red fox sat on the mat"), new Example("tell me", "fox"));
        List<EncodedExample> whole = bundle.encode(task, 64);
        int[] answers = whole.stream().mapToInt(EncodedExample::lossTokens).toArray();
        int[] prompts = whole.stream().mapToInt(e -> e.length() - e.lossTokens()).toArray();
        int limit = prompts[2] + answers[2];
        assertTrue(whole.get(2).length() == limit && prompts[1] >= limit / 2 && prompts[0] + answers[0] > limit, "fits just");
        int cutAnswer = prompts[1] + answers[1] - limit - (prompts[1] - Math.max(limit / 2, limit - answers[1]));
        int cutPrompts = prompts[0] + answers[0] - limit + prompts[1] - Math.max(limit / 2, limit - answers[1]);
        List<String> lines = lines(bundle, task, "max_length=" + limit);
        assertEquals(String.format(Locale.ROOT, "%.1f %% of the answers' tokens (%d, the ends of 1 answers), %.1f %% of the prompts' (%d, "
                + "beginnings)", 100.0 * cutAnswer / (answers[0] + answers[1] + answers[2]), cutAnswer,
                100.0 * cutPrompts / (prompts[0] + prompts[1] + prompts[2]), cutPrompts), line(lines, "cut"));
        assertTrue(lines(bundle, task, "max_length=64").stream().noneMatch(l -> l.startsWith("cut")), "nothing is cut");
    }

    @Test void whatIsLeftOut() throws IOException {
        Path file = Files.writeString(temp.resolve("a.jsonl"), "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                + "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]}");
        Reading reading = Reading.plain();
        assertEquals("left out       nothing", DryRun.leftOut(reading).strip());
        DataFiles.examples(List.of(file), reading);
        assertEquals("left out       " + file + ": conversations whose last messages nobody answers, so that these are not used: 1",
                DryRun.leftOut(reading).strip());
    }

    /** Matrices of a model with 2 layers, 4 heads and 2 key/value heads; the head is the embedding. */
    private static long matrices(int vocabulary) {
        long attention = 2L * HIDDEN * HIDDEN + 2L * HIDDEN * HIDDEN / 2;
        return (long) vocabulary * HIDDEN + 2 * (attention + 3L * HIDDEN * INTERMEDIATE);
    }

    private static String mib(double bytes) {
        return String.format(Locale.ROOT, "%,.0f MiB", bytes / 1024 / 1024);
    }

    @Test void parametersAndMemory() {
        Path base = TinyModel.write(temp.resolve("base"), 3, HIDDEN, INTERMEDIATE, 96);
        Path half = temp.resolve("half");
        Models.save(Models.load(base), half, base, DType.BF16);
        List<Example> task = List.of(new Example("tell me", "fox"), new Example("tell me about the dog", "the red fox sat on the mat"));
        ModelBundle bundle = TinyModel.load(base);
        int longest = bundle.encode(task, 64).get(1).length();
        long matrices = matrices(bundle.model().config().vocabulary());
        long norms = (2 * 2 + 1) * HIDDEN;
        // A and B of q_proj (256, 256) and v_proj (128, 256) in both layers.
        long trained = 2 * 96 * (HIDDEN + HIDDEN + HIDDEN + HIDDEN / 2);
        List<String> lines = lines(bundle, task, "max_length=64", "r=96", "batch_size=16");
        assertEquals(String.format(Locale.ROOT, "%,d frozen, %,d trained in 4 layers (%.3f %%)", matrices + norms, trained,
                100.0 * trained / (matrices + norms)), line(lines, "parameters"));
        for (int perPass : new int[] {16, 5}) {
            List<String> passes = lines(bundle, task, "max_length=64", "r=96", "batch_size=16", "micro_batch_size=" + perPass % 16);
            assertEquals(memory(4 * (matrices + norms), 16 * trained, perPass, longest, bundle.model().config()), line(passes, "memory"));
        }
        List<String> whole = lines(bundle, task, "max_length=64", "batch_size=3", "micro_batch_size=4");
        assertTrue(line(whole, "memory").contains("activations of 3 × "), "no pass is larger than its batch");
        ModelBundle small = TinyModel.load(half);
        assertEquals(memory(2 * matrices + 4 * norms, 16 * trained, 16, longest, small.model().config()),
                line(lines(small, task, "max_length=64", "r=96", "batch_size=16"), "memory"), "norms are read as floats");
    }

    /** A, B, their gradients and AdamW's two means are four floats for each trained number. */
    private static String memory(long weights, long adapter, int perPass, int longest, ModelConfig c) {
        long activations = DryRun.activationBytes(c, (long) perPass * longest);
        assertTrue(Math.min(Math.min(weights, adapter), activations) > 2_000_000, "all three show");
        return "about " + mib(weights + adapter + activations) + ": weights " + mib(weights)
                + " (mapped), adapter with gradient and AdamW's two means " + mib(adapter) + ", activations of " + perPass + " × " + longest
                + " tokens at most " + mib(activations);
    }

    @Test void theHeapIsComparedWithWhatIsNeeded() {
        long mib = 1 << 20;
        assertEquals("heap           at most 512 MiB: adapter and activations fit", DryRun.heap(512 * mib, 512 * mib).strip());
        assertEquals("heap           at most 512 MiB, adapter and activations may need 4,000 MiB: give more with java -Xmx5000m -jar "
                + "agl.jar ..., or take micro_batch_size=1, recompute=true or a smaller max_length",
                DryRun.heap(4000 * mib, 512 * mib).strip());
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        List<Example> wide = List.of(new Example("tell me", "the cat sat ".repeat(8)), new Example("tell me", "the dog"));
        int longest = bundle.encode(wide, 64).getFirst().length();
        assertTrue(longest > bundle.encode(examples(4), 64).getLast().length());
        for (String method : List.of("mix", "kl", "sbr", "lora")) {
            RunConfig config = RunConfig.of(null, List.of("max_length=64", "batch_size=2")).resolved(MethodChoice.of(method));
            boolean wider = DryRun.describe(bundle, config, new TrainData(examples(4), List.of(), wide))
                    .contains("activations of 2 × " + longest + " tokens");
            assertEquals(!method.equals("lora"), wider, method);
        }
        assertTrue(line(lines(bundle, examples(4)), "heap").endsWith(": adapter and activations fit"));
    }

    /**
     * Hidden 8, queries 4 · 2, keys 2 · 2, feed-forward 10: 6 · 8 + 3 · 8 + 3 · 4 + 3 · 10 = 114 floats for a token in a layer, four times
     * for three layers and one layer's gradients, and 3 · 8 around them; 64 rows of logits.
     */
    @Test void activations() {
        ModelConfig c = ModelConfig.llama(8, 3, 4, 2, 10, 50);
        assertEquals(4 * 7 * (4 * 114 + 24) + 4 * 64 * 50, DryRun.activationBytes(c, 7));
        assertEquals(4 * 64 * 50, DryRun.activationBytes(c, 0));
        // Counts beyond an int.
        ModelConfig wide = ModelConfig.llama(4096, 32, 32, 8, 14336, 128256);
        long layer = 6 * 4096 + 3 * 4096 + 3 * 1024 + 3 * 14336;
        assertEquals(4L * 100_000 * (33 * layer + 3 * 4096) + 256L * 128256, DryRun.activationBytes(wide, 100_000));
    }
}
