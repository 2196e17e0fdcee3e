package agl.nn;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.checkpoint.Checkpoint;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.ModelFiles;
import agl.nn.checkpoint.OutputFolder;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Loads and saves models in Hugging Face folders, and creates random ones. */
public final class Models {
    /** Folder of a model's additional chat templates. */
    private static final String TEMPLATES = "additional_chat_templates";

    private Models() { }

    /**
     * Loads a model with frozen weights: matrices stay in mapped memory in their stored type, vectors (norms, biases) become floats.
     * The file stays open as long as the program runs.
     */
    public static Transformer load(Path folder) {
        ModelConfig config = ModelConfig.read(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        try {
            return load(folder, config, checkpoint, false);
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Loads a model with trainable weights: floats on the heap. */
    public static Transformer loadTrainable(Path folder) {
        ModelConfig config = ModelConfig.read(folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return load(folder, config, checkpoint, true);
        }
    }

    private static Transformer load(Path folder, ModelConfig said, Checkpoint checkpoint, boolean trainable) {
        // Some checkpoints, mostly of base models, omit the "model." or "transformer." prefix.
        String prefix = said.family().prefix();
        boolean bare = checkpoint.names().stream().noneMatch(name -> name.startsWith(prefix));
        UnaryOperator<String> key = name -> bare && name.startsWith(prefix) ? name.substring(prefix.length()) : name;
        requireNoLayerBeyond(folder, said, checkpoint);
        String embedding = said.family().embeddingName();
        ModelConfig config = said.tied() && headDiffers(folder, checkpoint, key.apply(embedding)) ? said.untied() : said;
        Set<String> asked = new HashSet<>();
        Transformer model = Transformer.of(config, (name, shape) -> {
            // Some tied checkpoints store the shared matrix under the head's name.
            boolean underHead = config.tied() && name.equals(embedding) && !checkpoint.has(key.apply(name))
                    && checkpoint.has(Transformer.HEAD);
            String stored = underHead ? Transformer.HEAD : key.apply(name);
            asked.add(stored);
            TensorInfo info = weight(folder, checkpoint, stored, shape);
            if (trainable) {
                return Tensor.of(info.toFloats(), shape).requireGrad();
            }
            return shape.length == 1 ? Tensor.of(info.toFloats(), shape) : Tensor.of(info.weights(), shape);
        });
        sayLeftOut(folder, checkpoint, asked);
        return model;
    }

    /**
     * Warns of weights that config.json does not ask for (biases, norms of queries and keys): they may be the only sign of a different
     * architecture.
     */
    private static void sayLeftOut(Path folder, Checkpoint checkpoint, Set<String> asked) {
        List<String> left = checkpoint.names().stream().filter(name -> !asked.contains(name) && !COMPUTED.matcher(name).find()).sorted()
                .toList();
        if (!left.isEmpty()) {
            System.getLogger(Models.class.getName()).log(System.Logger.Level.WARNING,
                    folder + ": " + left.size() + " of the file's tensors are not used, as config.json "
                            + "does not ask for them: " + Json.quote(String.join(", ", left.subList(0, Math.min(3, left.size()))))
                            + (left.size() > 3 ? ", …" : ""));
        }
    }

    /** Tables that old checkpoints store although they are always recomputed; a tied head. */
    private static final Pattern COMPUTED = Pattern.compile("rotary_emb\\.inv_freq$|\\.attn\\.(?:masked_)?bias$|^lm_head\\.weight$");

    /**
     * A config.json with fewer layers than the weights have belongs to another model; the remaining layers would silently be ignored.
     */
    private static void requireNoLayerBeyond(Path folder, ModelConfig config, Checkpoint checkpoint) {
        for (String name : checkpoint.names()) {
            Matcher m = LAYER.matcher(name);
            if (m.find() && Integer.parseInt(m.group(1)) >= config.layers()) {
                throw new AglException(folder + ": config.json says " + config.layers() + " layers, the weights have \"" + Json.quote(name)
                        + "\": they do not belong together");
            }
        }
    }

    private static final Pattern LAYER = Pattern.compile("^(?:model\\.layers|layers|transformer\\.h|h)\\.(\\d{1,6})\\.");

    private static TensorInfo weight(Path folder, Checkpoint checkpoint, String key, int... shape) {
        if (!checkpoint.has(key)) {
            throw new AglException(folder + ": the weights have no tensor \"" + key + "\", which config.json asks for");
        }
        TensorInfo info = checkpoint.info(key);
        long[] expected = Arrays.stream(shape).asLongStream().toArray();
        if (!Arrays.equals(expected, info.shape())) {
            throw new AglException(folder + ": tensor \"" + key + "\" has shape " + Arrays.toString(info.shape())
                    + ", config.json asks for " + Arrays.toString(expected));
        }
        return info;
    }

    /** Whether a checkpoint declared as tied has a head that differs from the embedding: then it was trained with that head. */
    private static boolean headDiffers(Path folder, Checkpoint checkpoint, String embedding) {
        if (!checkpoint.has(Transformer.HEAD) || !checkpoint.has(embedding)
                || checkpoint.info(Transformer.HEAD).sameValues(checkpoint.info(embedding))) {
            return false;
        }
        System.getLogger(Models.class.getName()).log(System.Logger.Level.WARNING,
                folder + ": config.json says that the head is the embedding table, "
                        + "but the file has a " + Transformer.HEAD + " with other values; the file's head is used");
        return true;
    }

    /** A transposed copy of a matrix, trainable if the original is. */
    static Tensor transposed(Tensor t) {
        int rows = t.dim(0);
        int cols = t.dim(1);
        Tensor out = Tensor.fill(t.dtype() == DType.F64 ? DType.F64 : DType.F32, i -> t.get(i % rows * cols + i / rows), cols, rows);
        return t.requiresGrad() ? out.requireGrad() : out;
    }

    /**
     * A trainable model with random weights, as Hugging Face initializes them: N(0, 0.02²) for matrices, 1 for norms, 0 for biases; the
     * two projections that write into the residual stream are scaled by 1/sqrt(2·layers) (Radford et al. 2019).
     */
    public static Transformer random(ModelConfig config, long seed, DType dtype) {
        SplittableRandom random = new SplittableRandom(seed);
        double residual = 0.02 / Math.sqrt(2.0 * config.layers());
        return Transformer.of(config, (name, shape) -> {
            double std = name.matches(".*\\.(o_proj|down_proj|c_proj)\\..*") ? residual : 0.02;
            return Tensor.fill(dtype, i -> shape.length > 1 ? std * random.nextGaussian() : name.endsWith("bias") ? 0 : 1, shape)
                    .requireGrad();
        });
    }

    /**
     * Writes the model, with any attached adapter merged, atomically as a Hugging Face folder: config.json, model.safetensors and the
     * tokenizer files of {@code companions} (or null).
     *
     * @param dtype storage type of matrices and vectors: F32, BF16 or F16; merged weights are rounded to it once
     */
    public static void save(Transformer model, Path folder, Path companions, DType dtype) {
        OutputFolder.write(folder, temporary -> {
            // An adapter with its own head or embedding unties the two.
            boolean untied = model.config().tied() && model.head() != model.effectiveWeight(model.config().family().embeddingName());
            var json = model.config().json().deepCopy();
            json.put("torch_dtype", dtype == DType.F32 ? "float32" : dtype == DType.BF16 ? "bfloat16" : "float16");
            json.remove("dtype");
            if (untied) {
                json.put("tie_word_embeddings", false);
            }
            Files.writeString(temporary.resolve("config.json"), json.toPrettyString() + "\n");
            SafeTensorsWriter writer = new SafeTensorsWriter().metadata("format", "pt");
            model.parameters().forEach((name, own) -> {
                boolean turn = model.storedTransposed(name);
                long[] shape = Arrays.stream(own.shape()).asLongStream().toArray();
                writer.add(name, dtype, turn ? new long[] {shape[1], shape[0]} : shape, () -> {
                    Tensor t = model.effectiveWeight(name);
                    return FloatBytes.encode(turn ? transposed(t) : t, dtype);
                });
            });
            if (untied) {
                Tensor head = model.head();
                writer.add(Transformer.HEAD, dtype, new long[] {head.dim(0), head.dim(1)}, () -> FloatBytes.encode(head, dtype));
            }
            writer.write(temporary.resolve("model.safetensors"));
            if (companions != null) {
                copyCompanions(companions, temporary);
            }
        });
    }

    /** The content alone: a copy of a read-only file is not read-only. */
    private static void copy(Path from, Path to) throws IOException {
        Files.write(to, Files.readAllBytes(from));
    }

    /** Copies tokenizer files and the like from one model folder to another. */
    public static void copyCompanions(Path from, Path to) throws IOException {
        for (String name : ModelFiles.COMPANIONS) {
            if (Files.exists(from.resolve(name))) {
                copy(from.resolve(name), to.resolve(name));
            }
        }
        Path templates = from.resolve(TEMPLATES);
        if (Files.isDirectory(templates)) {
            Files.createDirectories(to.resolve(TEMPLATES));
            try (Stream<Path> files = Files.list(templates)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".jinja")).toList()) {
                    copy(file, to.resolve(TEMPLATES).resolve(file.getFileName().toString()));
                }
            }
        }
    }
}
