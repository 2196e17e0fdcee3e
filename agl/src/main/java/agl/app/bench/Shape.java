package agl.app.bench;

import agl.autograd.Tensor;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.ModelConfig;
import agl.nn.Transformer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Sizes of known models, filled with random weights: speed and memory do not depend on the values. The head is tied. */
public record Shape(String title, int hidden, int layers, int heads, int kvHeads, int intermediate, int vocabulary) {
    static final List<Shape> KNOWN = List.of(
            new Shape("stories15M", 288, 6, 6, 6, 768, 32000),
            new Shape("smollm135M", 576, 30, 9, 3, 1536, 49152),
            new Shape("qwen0.5B", 896, 24, 14, 2, 4864, 151936),
            new Shape("tinyllama1.1B", 2048, 22, 32, 4, 5632, 32000),
            new Shape("llama7B", 4096, 32, 32, 32, 11008, 32000));

    public static Shape of(String title) {
        return KNOWN.stream().filter(s -> s.title.equalsIgnoreCase(title)).findFirst().orElseThrow(() -> new AglException(
                "there is no shape \"" + title + "\"; choose " + KNOWN.stream().map(Shape::title).collect(Collectors.joining(", "))));
    }

    /** The same shape with a different number of layers. */
    public Shape withLayers(int n) {
        return new Shape(title, hidden, n, heads, kvHeads, intermediate, vocabulary);
    }

    ModelConfig config(int positions) {
        return ModelConfig.llama(hidden, layers, heads, kvHeads, intermediate, vocabulary).withPositions(positions);
    }

    /**
     * A frozen model. As in a mapped checkpoint, matrices lie outside the heap in their stored type and vectors are floats.
     *
     * @param dtype F32 or BF16
     */
    Transformer randomModel(int positions, DType dtype, long seed) {
        return Transformer.of(config(positions), (name, shape) -> {
            int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            if (shape.length == 1) {
                return Tensor.fill(DType.F32, i -> 1, shape);
            }
            MemorySegment segment = Arena.ofAuto().allocate((long) size * dtype.bytes(), 64);
            fill(segment, size, dtype, seed ^ name.hashCode());
            return Tensor.of(new Storage.Mapped(segment, dtype), shape);
        });
    }

    /** Uniform with the standard deviation of Hugging Face's initial weights, 0.02. */
    private static void fill(MemorySegment segment, int size, DType dtype, long seed) {
        float width = (float) (0.02 * Math.sqrt(12));
        int block = 1 << 16;
        Workers.parallelFor(Math.ceilDiv(size, block), b -> {
            SplittableRandom random = new SplittableRandom(seed * 1_000_003 + b);
            for (long i = (long) b * block; i < Math.min(size, (b + 1L) * block); i++) {
                float x = (random.nextInt() * 0x1p-32f) * width;
                if (dtype == DType.F32) {
                    segment.set(ValueLayout.JAVA_FLOAT, 4 * i, x);
                } else {
                    segment.set(ValueLayout.JAVA_SHORT, 2 * i, (short) (Float.floatToRawIntBits(x) >>> 16));
                }
            }
        });
    }

    /** Number of parameters: embedding (also the head), matrices and norms of every layer, final norm. */
    public long parameters() {
        return (long) vocabulary * hidden + layers * (matricesPerLayer() + 2L * hidden) + hidden;
    }

    private long kvDim() {
        return (long) hidden / heads * kvHeads;
    }

    private long matricesPerLayer() {
        return 2L * hidden * hidden + 2 * hidden * kvDim() + 3L * hidden * intermediate;
    }

    /**
     * Floating-point operations of one training step with frozen weights, a multiply-add counted as two: forward through every matrix,
     * backward to every input that depends on a trained tensor (in the first layer, the inputs of q, k and v do not), and causal attention,
     * whose backward costs 2.5 times its forward. Every token except the last of each sequence has a target.
     *
     * @param r   LoRA's rank, on q and v
     */
    public double flopsPerStep(int batch, int tokens, int r) {
        double n = (double) batch * tokens;
        double qkv = (double) hidden * hidden + 2.0 * hidden * kvDim();
        double layerMatrices = 2.0 * layers * matricesPerLayer() - qkv;
        double head = 2.0 * vocabulary * hidden * (tokens - 1) / tokens;
        // X·Aᵀ, U·Bᵀ forward; dB, dU, dA and dU·A backward, the last not in the first layer, whose input depends on nothing trained.
        double lora = layers * 3.0 * r * ((hidden + hidden) + (hidden + kvDim())) - 2.0 * r * hidden;
        double attention = layers * 3.5 * hidden * (tokens + 1.0);
        return 2 * n * (layerMatrices + head + lora + attention);
    }
}
