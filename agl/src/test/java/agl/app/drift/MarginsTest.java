package agl.app.drift;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.PromptTemplate;
import agl.app.data.Request;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Likelihoods against sums over the logits of whole texts. */
class MarginsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir Path temp;

    /** As SentencePiece's converted tokenizers have it: a "▁" before every text and for every space. */
    private static void sentencePieces(Path folder) throws IOException {
        ObjectNode all = JSON.createObjectNode().put("version", "1.0");
        all.putNull("truncation").putNull("padding").putArray("added_tokens").addObject().put("id", 1).put("content", "<s>")
                .put("single_word", false)
                .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
        ArrayNode normalizers = all.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        normalizers.addObject().put("type", "Prepend").put("prepend", "\u2581");
        normalizers.addObject().put("type", "Replace").put("content", "\u2581").putObject("pattern").put("String", " ");
        all.putNull("pre_tokenizer").putNull("post_processor");
        ArrayNode decoders = all.putObject("decoder").put("type", "Sequence").putArray("decoders");
        decoders.addObject().put("type", "Replace").put("content", " ").putObject("pattern").put("String", "\u2581");
        decoders.addObject().put("type", "Fuse");
        decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
        ObjectNode model = all.putObject("model").put("type", "BPE").put("unk_token", "<unk>").put("fuse_unk", true).put("byte_fallback",
                false);
        ObjectNode vocabulary = model.putObject("vocab").put("<unk>", 0).put("<s>", 1);
        for (char c : "\u2581\n.,:!?'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#".toCharArray()) {
            vocabulary.put(String.valueOf(c), vocabulary.size());
        }
        ArrayNode merges = model.putArray("merges");
        for (String[] m : new String[][] {{"\u2581", "I"}, {"\u2581", "S"}, {"u", "r"}, {"\u2581S", "ur"}, {"S", "ur"}}) {
            vocabulary.put(m[0] + m[1], vocabulary.size());
            merges.addArray().add(m[0]).add(m[1]);
        }
        Files.createDirectories(folder);
        JSON.writeValue(folder.resolve("tokenizer.json").toFile(), all);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": \"<s>\"}");
    }

    private ModelBundle bundle() throws IOException {
        Path parts = temp.resolve("tokenizer");
        sentencePieces(parts);
        ModelConfig config = ModelConfig.llama(16, 2, 4, 2, 24, HfTokenizer.load(parts).vocabSize()).withPositions(128);
        Models.save(Models.random(config, 7, DType.F32), temp.resolve("model"), parts, DType.F32);
        return ModelBundle.load(temp.resolve("model"), PromptTemplate.INSTRUCTION);
    }

    /** log p of tokens {@code from} on, by the logits of all positions. */
    private static double logP(ModelBundle bundle, int[] text, int from) {
        double sum = 0;
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            Tensor logits = bundle.model().logits(tape, bundle.model().hidden(tape, Batch.of(text)),
                    IntStream.range(0, text.length).toArray());
            for (int t = from; t < text.length; t++) {
                double all = 0;
                for (int v = 0; v < logits.cols(); v++) {
                    all += Math.exp(logits.get((t - 1) * logits.cols() + v));
                }
                sum += logits.get((t - 1) * logits.cols() + text[t]) - Math.log(all);
            }
        }
        return sum;
    }

    private static int[] concatenated(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** What the model is asked and what it would write are one text, encoded as one: behind a line break "Sure" begins without "▁". */
    @Test void openingsAreEncodedAsTheTextGoesOn() throws IOException {
        ModelBundle bundle = bundle();
        List<String> refusals = List.of("I can't", "Sure not");
        List<String> compliances = List.of("Yes", "Of course");
        for (String wish : List.of("Tell me about a boat.", "How?")) {
            int[] prompt = bundle.prompt(new Request(wish));
            String text = PromptTemplate.INSTRUCTION.render(new Request(wish));
            double[][] logs = new double[2][2];
            double[][] alone = new double[2][2];
            int[] first = new int[4];
            for (int kind = 0; kind < 2; kind++) {
                for (int o = 0; o < 2; o++) {
                    String opening = (kind == 0 ? refusals : compliances).get(o);
                    int[] whole = bundle.tokenizer().encode(text + opening, true);
                    assertArrayEquals(prompt, Arrays.copyOf(whole, prompt.length), "the seam is between tokens");
                    logs[kind][o] = logP(bundle, whole, prompt.length);
                    alone[kind][o] = logP(bundle, concatenated(prompt, bundle.tokenizer().encode(opening, false)), prompt.length);
                    first[2 * kind + o] = whole[prompt.length];
                    int[] trained = bundle.encode(List.of(new Example(wish, "", opening)), 128).getFirst().tokens();
                    assertArrayEquals(Arrays.copyOf(whole, whole.length), Arrays.copyOf(trained, whole.length), "as training has it");
                }
            }
            DriftCheck.Settings settings = new DriftCheck.Settings(4, 8, refusals, compliances, ClosedSet.NONE);
            DriftCheck.Result r = new DriftCheck(bundle, settings).run(List.of(new Prompt(wish, Label.SAFE, "")), n -> { }).getFirst();
            double expected = Margins.logSum(logs[0]) - Margins.logSum(logs[1]);
            assertEquals(expected, r.margin(), 1e-4);
            assertNotEquals(Margins.logSum(alone[0]) - Margins.logSum(alone[1]), expected, 0.1, "the case must tell the two apart");
            assertEquals("I", bundle.tokenizer().token(first[0]));
            assertEquals("Sur", bundle.tokenizer().token(first[1]));
        }
    }

    /** Openings that begin alike, with a template's think block for instance, are told apart by the first token in which they differ. */
    @Test void theFirstTokenIsTheFirstThatDiffers() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        int[] a = {5, 6, 7, 9};
        int[] b = {5, 6, 8};
        int[] c = {5, 6, 7, 10};
        Generator generator = Generator.of(bundle.model());
        List<int[]> prompts = List.of(new int[] {3, 4}, new int[] {4, 4, 9});
        Generator.Context context = generator.read(prompts, 5);
        Margins.Openings openings = new Margins.Openings(List.of(a, c), List.of(b));
        assertEquals(2, openings.common());
        assertEquals(4, openings.longest());
        Margins.Margin[] margins = new Margins(bundle.model(), Kernels.best(), new Pool(DType.F32)).of(context, new int[] {2, 3},
                List.of(openings, openings));
        for (int s = 0; s < 2; s++) {
            int n = prompts.get(s).length;
            double whole = Margins.logSum(
                    new double[] {logP(bundle, concatenated(prompts.get(s), a), n), logP(bundle, concatenated(prompts.get(s), c), n)})
                    - logP(bundle, concatenated(prompts.get(s), b), n);
            assertEquals(whole, margins[s].whole(), 1e-4);
            int[] seven = concatenated(prompts.get(s), new int[] {5, 6, 7});
            int[] eight = concatenated(prompts.get(s), new int[] {5, 6, 8});
            assertEquals(logP(bundle, seven, n + 2) - logP(bundle, eight, n + 2), margins[s].first(), 1e-4, "7 counts once");
        }
    }

    /** Openings of different lengths behind different prompts go through one batch. */
    @Test void eachPromptHasItsOwnTokens() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<int[]> prompts = List.of(new int[] {3, 4}, new int[] {4, 4, 9});
        Generator.Context context = Generator.of(bundle.model()).read(prompts, 5);
        List<int[]> refusals = List.of(new int[] {7}, new int[] {8, 2, 3});
        List<int[]> compliances = List.of(new int[] {6, 6}, new int[] {11});
        Margins.Margin[] margins = new Margins(bundle.model(), Kernels.best(), new Pool(DType.F32)).of(context, new int[] {2, 3},
                List.of(new Margins.Openings(List.of(refusals.get(0)), List.of(compliances.get(0))),
                        new Margins.Openings(List.of(refusals.get(1)), List.of(compliances.get(1)))));
        for (int s = 0; s < 2; s++) {
            int n = prompts.get(s).length;
            assertEquals(logP(bundle, concatenated(prompts.get(s), refusals.get(s)), n)
                    - logP(bundle, concatenated(prompts.get(s), compliances.get(s)), n), margins[s].whole(), 1e-4);
        }
    }

    @Test void whatOpeningsHaveInCommon() {
        assertEquals(0, common(new int[] {5, 6}, new int[] {7, 6}), "nothing");
        assertEquals(1, common(new int[] {5, 6}, new int[] {5, 7}));
        assertEquals(0, common(new int[] {5}, new int[] {5, 6}), "each keeps a token of its own");
        assertEquals(1, common(new int[] {5, 6}, new int[] {5, 6}));
    }

    private static int common(int[] refusal, int[] compliance) {
        return new Margins.Openings(List.of(refusal), List.of(compliance)).common();
    }

    @Test void logSumsByHand() {
        assertEquals(Math.log(7), Margins.logSum(new double[] {Math.log(1), Math.log(2), Math.log(4)}), 1e-12);
        assertEquals(-1000 + Math.log(3), Margins.logSum(new double[] {-1000, -1000, -1000}), 1e-9);
        assertEquals(2.5, Margins.logSum(new double[] {2.5}), 0);
    }
}
