package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every family against the same model written down a second time, in plain loops over arrays, one token after the other. */
class PlainForwardTest {
    private static final int HIDDEN = 12;
    private static final int HEADS = 6;
    private static final int LAYERS = 3;

    private Transformer model;
    private String family;

    private double[] weight(String name) {
        return model.parameters().get(name).toArray();
    }

    /** y = W·x + b, W (out, in) as the model has it. */
    private double[] linear(String name, double[] x) {
        double[] w = weight(name + ".weight");
        Tensor bias = model.parameters().get(name + ".bias");
        double[] y = bias == null ? new double[w.length / x.length] : bias.toArray();
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < x.length; i++) {
                y[o] += w[o * x.length + i] * x[i];
            }
        }
        return y;
    }

    /** Root-mean-square norm of each run of numbers as long as the weight; Gemma's weight counts from 1. */
    private double[] rms(String name, double[] x) {
        double[] w = weight(name + ".weight");
        double[] y = new double[x.length];
        for (int from = 0; from < x.length; from += w.length) {
            double square = 0;
            for (int i = 0; i < w.length; i++) {
                square += x[from + i] * x[from + i] / w.length;
            }
            for (int i = 0; i < w.length; i++) {
                y[from + i] = x[from + i] / Math.sqrt(square + 1e-5) * (family.equals("gemma3_text") ? 1 + w[i] : w[i]);
            }
        }
        return y;
    }

    private double[] layerNorm(String name, double[] x) {
        double[] w = weight(name + ".weight");
        double[] b = weight(name + ".bias");
        double mean = Arrays.stream(x).average().orElseThrow();
        double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double[] y = new double[x.length];
        Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(variance + 1e-5) * w[i] + b[i]);
        return y;
    }

    private static double[] map(double[] x, DoubleUnaryOperator f) {
        return Arrays.stream(x).map(f).toArray();
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    private static double[] sum(double[] a, double[] b) {
        double[] c = new double[a.length];
        Arrays.setAll(c, i -> a[i] + b[i]);
        return c;
    }

    private static double[] product(double[] a, double[] b) {
        double[] c = new double[a.length];
        Arrays.setAll(c, i -> a[i] * b[i]);
        return c;
    }

    /** Heads of 4: the numbers 0 and 2 of a head turn by position · 1, the numbers 1 and 3 by position / √base. */
    private static double[] turn(double[] x, int position, double base) {
        double[] y = new double[x.length];
        for (int head = 0; head < x.length; head += 4) {
            for (int i = 0; i < 2; i++) {
                double angle = position * (i == 0 ? 1 : 1 / Math.sqrt(base));
                y[head + i] = x[head + i] * Math.cos(angle) - x[head + i + 2] * Math.sin(angle);
                y[head + i + 2] = x[head + i + 2] * Math.cos(angle) + x[head + i] * Math.sin(angle);
            }
        }
        return y;
    }

    /** The last of these queries against all keys that it sees; window 0 means all. */
    private static double[] attend(double[] q, double[][] keys, double[][] values, int window, double scale) {
        int d = q.length / HEADS;
        int group = HEADS / (keys[0].length / d);
        double[] out = new double[q.length];
        for (int h = 0; h < HEADS; h++) {
            int from = window == 0 ? 0 : Math.max(0, keys.length - window);
            double[] p = new double[keys.length];
            double total = 0;
            for (int t = from; t < keys.length; t++) {
                double score = 0;
                for (int i = 0; i < d; i++) {
                    score += scale * q[h * d + i] * keys[t][h / group * d + i];
                }
                p[t] = Math.exp(score);
                total += p[t];
            }
            for (int t = from; t < keys.length; t++) {
                for (int i = 0; i < d; i++) {
                    out[h * d + i] += p[t] / total * values[t][h / group * d + i];
                }
            }
        }
        return out;
    }

    private double[] llamaLayer(int l, double[][] xs, int t) {
        boolean gemma = family.equals("gemma3_text");
        String p = "model.layers." + l + ".";
        // Mistral: 3 tokens in every layer; this Gemma in every layer but each second, and there the other frequencies.
        int window = family.equals("mistral") || gemma && l != 1 ? 3 : 0;
        double base = gemma && window == 0 ? 1e6 : 1e4;
        boolean norm = gemma || family.equals("qwen3");
        double[][] keys = new double[t + 1][];
        double[][] values = new double[t + 1][];
        double[] q = null;
        for (int s = 0; s <= t; s++) {
            double[] n = rms(p + "input_layernorm", xs[s]);
            double[] k = linear(p + "self_attn.k_proj", n);
            keys[s] = turn(norm ? rms(p + "self_attn.k_norm", k) : k, s, base);
            values[s] = linear(p + "self_attn.v_proj", n);
            q = linear(p + "self_attn.q_proj", n);
        }
        q = turn(norm ? rms(p + "self_attn.q_norm", q) : q, t, base);
        double[] a = linear(p + "self_attn.o_proj", attend(q, keys, values, window, gemma ? 1 / Math.sqrt(7) : 0.5));
        double[] x = sum(xs[t], gemma ? rms(p + "post_attention_layernorm", a) : a);
        double[] m = rms(p + (gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm"), x);
        double[] gate = map(linear(p + "mlp.gate_proj", m), gemma ? PlainForwardTest::gelu : PlainForwardTest::silu);
        double[] down = linear(p + "mlp.down_proj", product(gate, linear(p + "mlp.up_proj", m)));
        return sum(x, gemma ? rms(p + "post_feedforward_layernorm", down) : down);
    }

    private double[] gpt2Layer(int l, double[][] xs, int t) {
        String p = "transformer.h." + l + ".";
        double[][] keys = new double[t + 1][];
        double[][] values = new double[t + 1][];
        double[] q = null;
        for (int s = 0; s <= t; s++) {
            double[] qkv = linear(p + "attn.c_attn", layerNorm(p + "ln_1", xs[s]));
            q = Arrays.copyOfRange(qkv, 0, HIDDEN);
            keys[s] = Arrays.copyOfRange(qkv, HIDDEN, 2 * HIDDEN);
            values[s] = Arrays.copyOfRange(qkv, 2 * HIDDEN, 3 * HIDDEN);
        }
        double[] x = sum(xs[t], linear(p + "attn.c_proj", attendThreeHeads(q, keys, values)));
        return sum(x, linear(p + "mlp.c_proj", map(linear(p + "mlp.c_fc", layerNorm(p + "ln_2", x)), PlainForwardTest::gelu)));
    }

    /** GPT-2's three heads of 4, each with keys of its own. */
    private static double[] attendThreeHeads(double[] q, double[][] keys, double[][] values) {
        double[] out = new double[HIDDEN];
        for (int h = 0; h < HIDDEN; h += 4) {
            double total = 0;
            for (int t = 0; t < keys.length; t++) {
                double score = 0;
                for (int i = h; i < h + 4; i++) {
                    score += 0.5 * q[i] * keys[t][i];
                }
                total += Math.exp(score);
                for (int i = h; i < h + 4; i++) {
                    out[i] += Math.exp(score) * values[t][i];
                }
            }
            for (int i = h; i < h + 4; i++) {
                out[i] /= total;
            }
        }
        return out;
    }

    /** Logits after each of the tokens. */
    private double[][] logits(int[] tokens) {
        boolean gpt2 = family.equals("gpt2");
        String table = gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";
        double[][] xs = new double[tokens.length][];
        for (int t = 0; t < xs.length; t++) {
            double[] x = Arrays.copyOfRange(weight(table), tokens[t] * HIDDEN, (tokens[t] + 1) * HIDDEN);
            xs[t] = gpt2 ? sum(x, Arrays.copyOfRange(weight("transformer.wpe.weight"), t * HIDDEN, (t + 1) * HIDDEN))
                    : family.equals("gemma3_text") ? map(x, v -> v * Math.sqrt(HIDDEN)) : x;
        }
        for (int l = 0; l < LAYERS; l++) {
            double[][] next = new double[xs.length][];
            for (int t = 0; t < xs.length; t++) {
                next[t] = gpt2 ? gpt2Layer(l, xs, t) : llamaLayer(l, xs, t);
            }
            xs = next;
        }
        String head = model.parameters().containsKey("lm_head.weight") ? "lm_head"
                : table.substring(0, table.length() - ".weight".length());
        for (int t = 0; t < xs.length; t++) {
            xs[t] = linear(head, gpt2 ? layerNorm("transformer.ln_f", xs[t]) : rms("model.norm", xs[t]));
        }
        return xs;
    }

    @ParameterizedTest @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "gemma3_text", "gpt2"})
    void isTheModelInPlainLoops(String name) {
        family = name;
        model = TransformerTest.small(name, DType.F64);
        int[] tokens = new SplittableRandom(8).ints(11, 0, 31).toArray();
        int[] targets = {4, -1, 7, 30, -1, 0, 2, 2, -1, 9, -1};
        double[][] expected = logits(tokens);
        double loss = 0;
        double[] each = new double[tokens.length];
        for (int t = 0; t < tokens.length; t++) {
            if (targets[t] >= 0) {
                each[t] = Math.log(Arrays.stream(expected[t]).map(Math::exp).sum()) - expected[t][targets[t]];
                loss += each[t] / 7;
            }
        }
        Batch batch = new Batch(tokens, new int[] {0, tokens.length}, targets);
        for (boolean recompute : new boolean[] {false, true}) {
            model.recompute(recompute);
            try (Tape tape = recompute ? Tape.plain() : Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                int[] rows = new int[tokens.length];
                Arrays.setAll(rows, i -> i);
                double[] got = model.logits(tape, model.hidden(tape, batch), rows).toArray();
                assertArrayEquals(Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray(), got, 1e-9);
                assertEquals(loss, model.loss(tape, batch).item(), 1e-10);
                assertArrayEquals(each, model.tokenLosses(tape, batch), 1e-10);
            }
        }
        // Everything needs a gradient here: run again in backward, a layer has left only its input on the tape.
        try (Tape kept = Tape.plain(); Tape again = Tape.plain()) {
            model.recompute(false);
            model.loss(kept, batch);
            model.recompute(true);
            model.loss(again, batch);
            assertEquals(true, again.length() < kept.length() - 5 * LAYERS, again.length() + " against " + kept.length());
        }
    }
}
