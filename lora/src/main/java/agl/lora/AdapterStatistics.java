package agl.lora;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The size of an adapter's update per layer, from the adapter's files alone; no base is needed. All norms are Frobenius norms. */
public final class AdapterStatistics {
    private static final int ROWS = 64;

    private AdapterStatistics() { }

    /**
     * One adapted layer.
     *
     * @param scale     s
     * @param update    ‖s·BA‖
     * @param magnitude norm of DoRA's magnitudes, NaN without DoRA
     */
    public record Layer(String name, int rank, int in, int out, double scale, double a, double b, double update, double magnitude) { }

    /** The layers of an adapter's weights file, in file order. */
    public static List<Layer> of(LoraConfig config, SafeTensors tensors) {
        List<Layer> layers = new ArrayList<>();
        Map<String, TensorInfo> all = new LinkedHashMap<>();
        tensors.names().forEach(name -> all.put(PeftTensors.written(name), tensors.info(name)));
        all.forEach((tensor, a) -> {
            if (tensor.startsWith(Peft.PREFIX) && tensor.endsWith(Peft.A)) {
                String name = tensor.substring(Peft.PREFIX.length(), tensor.length() - Peft.A.length());
                TensorInfo b = all.get(Peft.PREFIX + name + Peft.B);
                TensorInfo magnitude = all.get(Peft.PREFIX + name + Peft.MAGNITUDE);
                if (b == null) {
                    throw new AglException(a.file() + ": layer " + Json.quote(name) + " has A but no B");
                }
                layers.add(
                        layer(name, config.scale(name), matrix(a), matrix(b), magnitude == null ? Double.NaN : norm(magnitude.toFloats())));
            }
        });
        return layers;
    }

    /**
     * Whether this adapter leaves the base unchanged: in every layer A, B or the scale is 0, as B is before training, and there is nothing
     * else, such as DoRA's magnitudes, a bias or a module that replaces the base's.
     */
    public static boolean changesNothing(LoraConfig config, SafeTensors tensors) {
        Map<String, Boolean> zero = new LinkedHashMap<>();
        for (String name : tensors.names()) {
            String written = PeftTensors.written(name);
            String end = written.endsWith(Peft.A) ? Peft.A : Peft.B;
            if (!written.endsWith(end)) {
                return false;
            }
            String layer = written.substring(0, written.length() - end.length());
            boolean unscaled = layer.startsWith(Peft.PREFIX) && config.scale(layer.substring(Peft.PREFIX.length())) == 0;
            // A norm in float would also treat values below 1e-23 as zero.
            zero.merge(layer, unscaled || allZero(tensors.info(name).toFloats()), Boolean::logicalOr);
        }
        return !zero.isEmpty() && zero.values().stream().allMatch(z -> z);
    }

    /** A line about an adapter folder that leaves the base unchanged; empty if it changes something. */
    public static Optional<String> nothingChanges(Path adapter) {
        try (SafeTensors weights = Peft.openWeights(adapter)) {
            return !changesNothing(Peft.readConfig(adapter), weights) ? Optional.empty()
                    : Optional.of(adapter + " changes nothing: its update is 0 in every layer, so that it is the base");
        }
    }

    private static boolean allZero(float[] values) {
        for (float v : values) {
            if (v != 0) {
                return false;
            }
        }
        return true;
    }

    private static Tensor matrix(TensorInfo info) {
        if (info.shape().length != 2 || info.elements() == 0) {
            throw new AglException(info.file() + ": tensor " + Json.quote(info.name()) + " is not a matrix");
        }
        return Tensor.of(info.toFloats(), (int) info.shape()[0], (int) info.shape()[1]);
    }

    /** ‖BA‖² = Σ (BᵀB) ⊙ (AAᵀ), a few rows of these (r, r) matrices at a time; the (out, in) product is never formed. */
    private static Layer layer(String name, double scale, Tensor a, Tensor b, double magnitude) {
        int r = a.dim(0);
        int in = a.dim(1);
        int out = b.dim(0);
        if (b.dim(1) != r) {
            throw new AglException("layer " + Json.quote(name) + ": A (" + r + ", " + in + ") and B (" + out + ", " + b.dim(1)
                    + ") have different ranks");
        }
        Tensor aa = Tensor.zeros(DType.F32, Math.min(r, ROWS), r);
        Tensor bb = Tensor.zeros(DType.F32, Math.min(r, ROWS), r);
        double square = 0;
        double squareA = 0;
        double squareB = 0;
        for (int from = 0; from < r; from += ROWS) {
            int rows = Math.min(ROWS, r - from);
            Kernels.best().product(1, a.matrix().rows(from, rows), a.matrix().T(), 0, Matrix.of(aa.data(), rows, r));
            Kernels.best().product(1, b.matrix().cols(from, rows).T(), b.matrix(), 0, Matrix.of(bb.data(), rows, r));
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < r; j++) {
                    square += aa.get(i * r + j) * bb.get(i * r + j);
                }
                squareA += aa.get(i * r + from + i);
                squareB += bb.get(i * r + from + i);
            }
        }
        return new Layer(name, r, in, out, scale, Math.sqrt(squareA), Math.sqrt(squareB), Math.abs(scale) * Math.sqrt(Math.max(0, square)),
                magnitude);
    }

    private static double norm(float[] x) {
        double square = 0;
        for (float v : x) {
            square += (double) v * v;
        }
        return Math.sqrt(square);
    }
}
