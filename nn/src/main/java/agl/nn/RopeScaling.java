package agl.nn;

import agl.autograd.op.Rope;

/**
 * The frequencies of the rotary embedding, θ_i = base^(−2i/headDim), and how long-context models stretch them: {@code linear} divides
 * all by a factor; {@code llama3} divides the slow ones, leaves the fast ones and blends in between (Llama 3.1's rule).
 *
 * @param frequencies θ_i, headDim/2 numbers, in radians per position
 */
public record RopeScaling(double[] frequencies) {

    static RopeScaling parse(ConfigNode config, int headDim, int maxPositions) {
        // transformers 5 writes "rope_parameters" with rope_theta inside; earlier versions "rope_scaling" with rope_theta beside it.
        ConfigNode scaling = config.object(config.has("rope_parameters") ? "rope_parameters" : "rope_scaling");
        return parse(config, scaling, scaling.positiveNumber("rope_theta", config.positiveNumber("rope_theta", 10000)), headDim, maxPositions);
    }

    /** From an object of its own, for models with several. */
    static RopeScaling parse(ConfigNode config, ConfigNode scaling, double theta, int headDim, int maxPositions) {
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
            case "llama3" -> llama3(f, scaling, maxPositions);
            default -> throw config.unsupported("rope scaling \"" + type + "\"", "default, linear, llama3");
        }
        return new RopeScaling(f);
    }

    private static void llama3(double[] f, ConfigNode scaling, int maxPositions) {
        double factor = scaling.positiveNumber("factor");
        double low = scaling.positiveNumber("low_freq_factor");
        double high = scaling.positiveNumber("high_freq_factor");
        double original = scaling.positiveNumber("original_max_position_embeddings", maxPositions);
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
