package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.model.ModelBundle;
import agl.app.train.FisherSource;
import agl.app.train.RunConfig;
import agl.autograd.Tensor;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.tokenizer.ChatTemplate;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What somebody who has the base and a file of {@code agl fisher} reads in it of the alignment prompts: the numbers in docs/ARTEFACT.md,
 * which this prints. The input of the first adapted layer is a token's embedding after the first norm, so every direction in the space of
 * that input is compared with those of the vocabulary.
 */
class ArtefactLeakTest {
    private static final String BLOCK = "model.layers.0.self_attn.";
    private static final int EXAMPLES = 96;

    @TempDir Path temp;

    /**
     * @param tokens    share of the prompts' tokens that are the nearest ones of their own stored vector, in place; NaN if vectors are
     *                  not of tokens
     * @param nearest   share of the prompts' distinct tokens that are nearest to some stored vector
     * @param precision share of these nearest tokens that are in the prompts
     * @param spectrum  share of the prompts' distinct tokens among as many guesses by stored second moments, by the better of two rules
     * @param chance    that share if the guesses are drawn at random
     */
    private record Leak(String layer, String kind, double tokens, double nearest, double precision, double spectrum, double chance) {
        @Override public String toString() {
            return String.format(Locale.ROOT, "%s %-9s in place %.3f, distinct: nearest %.3f (precision %.3f), spectrum %.3f, chance %.3f",
                    layer, kind, tokens, nearest, precision, spectrum, chance);
        }
    }

    @Test void demoBase() {
        assertEquals(0, Main.execute("demo", "--prepare", "--out", temp.toString()));
        List<Leak> leaks = leaks(temp.resolve("base"), temp.resolve("data/alignment.jsonl"), PromptTemplate.INSTRUCTION, "q_proj",
                "v_proj");
        for (Leak leak : leaks) {
            assertTrue(leak.kind.equals("factored") ? leak.tokens > 0.99 && leak.precision == 1 : leak.nearest < 0.5,
                    leak.toString());
        }
    }

    @Test void realModel() {
        Path base = SharedData.folder("models/minimind2-small");
        Path alignment = SharedData.folder("datasets/safety-tuned-llamas/safety_only_data_Instructions.json");
        List<Leak> leaks = leaks(base, alignment, PromptTemplate.chat(ChatTemplate.load(base)), "v_proj");
        assertTrue(leaks.getFirst().tokens > 0.99, leaks.getFirst().toString());
        assertTrue(leaks.get(1).spectrum > 0.5 && leaks.get(2).spectrum < 0.2, leaks.toString());
    }

    private List<Leak> leaks(Path base, Path alignment, PromptTemplate template, String... layers) {
        ModelBundle bundle = ModelBundle.load(base, template);
        List<Example> chosen = FisherSource.chosen(RunConfig.of(null, List.of("fisher_examples=" + EXAMPLES)),
                DataFiles.examples(List.of(alignment)));
        List<int[]> prompts = new ArrayList<>();
        for (EncodedExample e : bundle.encode(chosen, RunConfig.DEFAULT.train().maxLength())) {
            int answer = IntStream.range(0, e.length()).filter(t -> e.lossMask()[t]).findFirst().orElseThrow();
            prompts.add(Arrays.copyOf(e.tokens(), answer));
        }
        // Everybody knows the template's tokens.
        Set<Integer> text = new HashSet<>();
        prompts.forEach(p -> Arrays.stream(p).forEach(text::add));
        Set<Integer> known = new HashSet<>(text);
        known.removeIf(token -> !prompts.stream().allMatch(p -> Arrays.stream(p).anyMatch(t -> t == token)));
        text.removeAll(known);
        double[][] vocabulary = vocabulary(bundle);
        List<Leak> leaks = new ArrayList<>();
        for (String layer : layers) {
            for (String kind : List.of("factored", "dense", "kfac")) {
                Path file = temp.resolve(layer + kind + ".fisher");
                assertEquals(0, Main.execute("fisher", "--base", base.toString(), "--alignment", alignment.toString(), "--out",
                        file.toString(), "--target-modules", (BLOCK + layer).replace(".", "\\."), "-s", "fisher_examples=" + EXAMPLES,
                        "-s", "agl.fisher_error=0", "--template", template.name(),
                        "-s", kind.equals("kfac") ? "agl.backend=kfac" : "agl.exact_storage=" + kind));
                leaks.add(leak(layer, kind, file, new Secret(prompts, text, known, vocabulary)));
                System.out.println(base.getFileName() + ", " + text.size() + " distinct tokens: " + leaks.getLast());
            }
        }
        return leaks;
    }

    /** Directions of the first layer's input by token: embedding times the norm's gain, of length 1. */
    private static double[][] vocabulary(ModelBundle bundle) {
        Tensor table = bundle.model().parameters().get("model.embed_tokens.weight");
        Tensor gain = bundle.model().parameters().get("model.layers.0.input_layernorm.weight");
        double[][] directions = new double[table.dim(0)][table.dim(1)];
        for (int w = 0; w < directions.length; w++) {
            for (int j = 0; j < directions[w].length; j++) {
                directions[w][j] = table.get(w * directions[w].length + j) * gain.get(j);
            }
            scale(directions[w], 1 / Math.max(1e-12, Math.sqrt(dot(directions[w], directions[w]))));
        }
        return directions;
    }

    /**
     * @param text       the prompts' distinct tokens
     * @param known      those of the template, which nobody has to guess
     * @param vocabulary see {@link #vocabulary}
     */
    private record Secret(List<int[]> prompts, Set<Integer> text, Set<Integer> known, double[][] vocabulary) {
        double share(Iterable<Integer> guesses) {
            double found = 0;
            for (int guess : guesses) {
                found += text.contains(guess) ? 1 : 0;
            }
            return found / text.size();
        }
    }

    private static Leak leak(String layer, String kind, Path file, Secret secret) {
        String name = BLOCK + layer;
        int in = secret.vocabulary[0].length;
        double[][] moments = new double[in][in];
        Set<Integer> guesses = new HashSet<>();
        double inPlace = Double.NaN;
        try (SafeTensors tensors = SafeTensors.open(file)) {
            double[] lambda = doubles(tensors, name + ".eigenvalues");
            switch (kind) {
                case "factored" -> {
                    double right = 0;
                    double all = 0;
                    double[][] x = rows(tensors, name + ".x", in);
                    double[] starts = doubles(tensors, name + ".starts");
                    for (int i = 0; i < secret.prompts.size(); i++) {
                        for (int t = 0; t < secret.prompts.get(i).length; t++) {
                            double[] row = x[(int) starts[i] + t];
                            add(moments, row, 1);
                            int guess = nearest(row, secret.vocabulary, Set.of());
                            guesses.add(guess);
                            all++;
                            right += guess == secret.prompts.get(i)[t] ? 1 : 0;
                        }
                    }
                    guesses.removeAll(secret.known);
                    inPlace = right / all;
                }
                case "dense" -> {
                    for (int k = 0; k < lambda.length; k++) {
                        double[][] u = rows(tensors, name + ".u." + k, in);
                        double l = lambda[k];
                        Arrays.stream(u).forEach(row -> add(moments, row, l));
                        guesses.add(nearest(leading(u), secret.vocabulary, secret.known));
                    }
                }
                default -> {
                    double[][] q = rows(tensors, name + ".q", in);
                    double[] pairs = doubles(tensors, name + ".pairs");
                    for (int k = 0; k < lambda.length; k++) {
                        add(moments, q[(int) pairs[2 * k + 1]], lambda[k]);
                    }
                    Arrays.stream(q).forEach(row -> guesses.add(nearest(row, secret.vocabulary, secret.known)));
                }
            }
        }
        double spectrum = Math.max(secret.share(bySpectrum(moments, secret, true)), secret.share(bySpectrum(moments, secret, false)));
        return new Leak(layer, kind, inPlace, secret.share(guesses), secret.share(guesses) * secret.text.size() / guesses.size(), spectrum,
                (double) secret.text.size() / (secret.vocabulary.length - secret.known.size()));
    }

    private static double[] doubles(SafeTensors tensors, String name) {
        return tensors.info(name).data().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
    }

    private static double[][] rows(SafeTensors tensors, String name, int in) {
        float[] flat = tensors.info(name).toFloats();
        double[][] rows = new double[flat.length / in][in];
        for (int e = 0; e < flat.length; e++) {
            rows[e / in][e % in] = flat[e];
        }
        return rows;
    }

    /** The token whose direction has the largest cosine in size: eigenvectors have no sign. */
    private static int nearest(double[] x, double[][] vocabulary, Set<Integer> without) {
        int best = 0;
        double most = -1;
        for (int w = 0; w < vocabulary.length; w++) {
            double cosine = Math.abs(dot(x, vocabulary[w]));
            if (cosine > most && !without.contains(w)) {
                most = cosine;
                best = w;
            }
        }
        return best;
    }

    /** The leading right singular vector, by power iteration. */
    private static double[] leading(double[][] u) {
        double[] v = u[0].clone();
        for (int round = 0; round < 30; round++) {
            double[] next = new double[v.length];
            for (double[] row : u) {
                double c = dot(row, v);
                for (int j = 0; j < next.length; j++) {
                    next[j] += c * row[j];
                }
            }
            scale(next, 1 / Math.sqrt(dot(next, next)));
            v = next;
        }
        return v;
    }

    /**
     * As many tokens as there are to be found: those with the largest wᵀMw, or with the smallest wᵀ(M + εI)⁻¹w, as a direction that never
     * occurred lies where M is small. M: the second moments of the layer's input as the file weighs them.
     */
    private static List<Integer> bySpectrum(double[][] m, Secret secret, boolean inverse) {
        int n = m.length;
        double trace = IntStream.range(0, n).mapToDouble(i -> m[i][i]).sum();
        // M + εI = L·Lᵀ, so that wᵀMw = |Lᵀw|² up to a constant, and the other form is |L⁻¹w|².
        double[][] l = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = m[i][j] + (i == j ? 1e-6 * trace / n : 0);
                for (int k = 0; k < j; k++) {
                    sum -= l[i][k] * l[j][k];
                }
                l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
            }
        }
        double[] scores = new double[secret.vocabulary.length];
        for (int w = 0; w < scores.length; w++) {
            double[] y = new double[n];
            for (int i = 0; i < n; i++) {
                y[i] = inverse ? secret.vocabulary[w][i] : 0;
                for (int k = 0; k < (inverse ? i : 0); k++) {
                    y[i] -= l[i][k] * y[k];
                }
                y[i] /= inverse ? l[i][i] : 1;
                for (int k = i; !inverse && k < n; k++) {
                    y[i] += l[k][i] * secret.vocabulary[w][k];
                }
            }
            scores[w] = inverse ? dot(y, y) : -dot(y, y);
        }
        return IntStream.range(0, scores.length).boxed().filter(w -> !secret.known.contains(w))
                .sorted(Comparator.comparing(w -> scores[w])).limit(secret.text.size()).toList();
    }

    private static void add(double[][] m, double[] row, double weight) {
        for (int i = 0; i < row.length; i++) {
            for (int j = 0; j < row.length; j++) {
                m[i][j] += weight * row[i] * row[j];
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void scale(double[] a, double by) {
        for (int i = 0; i < a.length; i++) {
            a[i] *= by;
        }
    }
}
