package agl.nn;

import agl.autograd.op.Rope;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * The frequencies of the rotary embedding, θ_i = base^(−2i/headDim), and how long-context models stretch them: {@code linear} divides
 * all by a factor; {@code llama3} divides the low ones, keeps the high ones and blends in between (Llama 3.1's rule).
 *
 * @param frequencies θ_i, headDim/2 values, in radians per position
 */
public record RopeScaling(double[] frequencies) {

    /**
     * One rule for all layers. A non-empty {@code rope_scaling} (written by transformers up to 4) replaces {@code rope_parameters}
     * (written since 5) as a whole; rope_theta is looked up inside the block first, then beside it.
     */
    static RopeScaling parse(ConfigNode config, int headDim, int maxPositions) {
        ConfigNode scaling = config.object(config.active("rope_scaling") ? "rope_scaling" : "rope_parameters");
        for (Map.Entry<String, JsonNode> entry : scaling.node().properties()) {
            if (entry.getValue().isObject()) {
                throw config.unsupported("separate rope parameters \"" + entry.getKey() + "\" for some layers",
                        "one block for all layers");
            }
        }
        // The value beside the block takes precedence: some files, such as Phi-3's, have it only there.
        double original = config.positiveNumber("original_max_position_embeddings",
                scaling.positiveNumber("original_max_position_embeddings", maxPositions));
        return parse(config, scaling, scaling.positiveNumber("rope_theta", config.positiveNumber("rope_theta", 10000)), headDim, original);
    }

    /** Gemma 3's full-attention layers: rope_scaling overrides the block full_attention, key by key. */
    static RopeScaling gemma3Global(ConfigNode config, int headDim, int maxPositions) {
        ConfigNode blocks = config.object("rope_parameters");
        ObjectNode full = JsonNodeFactory.instance.objectNode();
        if (blocks.has("full_attention")) {
            full.setAll((ObjectNode) blocks.object("full_attention").node());
        } else if (config.has("rope_parameters") && config.has("rope_scaling")) {
            throw config.unsupported("rope_scaling beside rope_parameters without full_attention",
                    "rope_scaling alone, or full_attention in rope_parameters");
        } else {
            full.put("rope_type", "default");
        }
        if (config.has("rope_scaling")) {
            full.setAll((ObjectNode) config.object("rope_scaling").node());
        }
        return gemma3(config, new ConfigNode(full, config.where() + ", rope_parameters, full_attention"), "rope_theta", 1e6, headDim,
                maxPositions);
    }

    /** Gemma 3's sliding-window layers. */
    static RopeScaling gemma3Local(ConfigNode config, int headDim, int maxPositions) {
        return gemma3(config, config.object("rope_parameters").object("sliding_attention"), "rope_local_base_freq", 1e4, headDim,
                maxPositions);
    }

    private static RopeScaling gemma3(ConfigNode config, ConfigNode scaling, String thetaBeside, double theta, int headDim,
            int maxPositions) {
        return parse(config, scaling, scaling.positiveNumber("rope_theta", config.positiveNumber(thetaBeside, theta)), headDim,
                scaling.positiveNumber("original_max_position_embeddings", maxPositions));
    }

    private static RopeScaling parse(ConfigNode config, ConfigNode scaling, double theta, int headDim, double original) {
        double[] f = Rope.Table.frequencies(headDim, theta);
        double partial = scaling.positiveNumber("partial_rotary_factor", config.positiveNumber("partial_rotary_factor", 1));
        if (partial != 1) {
            throw config.unsupported("partial_rotary_factor " + partial, "1");
        }
        String type = scaling.text("rope_type", scaling.text("type", "default"));
        switch (type) {
            case "default" -> { }
            case "linear" -> {
                double factor = scaling.positiveNumber("factor");
                for (int i = 0; i < f.length; i++) {
                    f[i] /= factor;
                }
            }
            case "llama3" -> llama3(f, scaling, original);
            default -> throw config.unsupported("rope scaling \"" + type + "\"", "default, linear, llama3");
        }
        return new RopeScaling(f);
    }

    private static void llama3(double[] f, ConfigNode scaling, double original) {
        double factor = scaling.positiveNumber("factor");
        double low = scaling.positiveNumber("low_freq_factor");
        double high = scaling.positiveNumber("high_freq_factor");
        for (int i = 0; i < f.length; i++) {
            double wavelength = 2 * Math.PI / f[i];
            if (wavelength > original / low) {
                f[i] /= factor;
            } else if (wavelength >= original / high) {
                double smooth = (original / wavelength - low) / (high - low);
                f[i] = (1 - smooth) * f[i] / factor + smooth * f[i];
            }
        }
    }

    /** Cosines and sines for {@code positions} positions. */
    Rope.Table table(int positions) {
        return Rope.Table.of(positions, frequencies, 1);
    }
}
