package agl.lora;

import agl.autograd.Tensor;
import agl.error.AglException;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFolder;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Adapters in PEFT's format: adapter_config.json and adapter_model.safetensors, with PEFT's tensor names: for a layer L
 * base_model.model.L.lora_A.weight (r, in), .lora_B.weight (out, r), .lora_magnitude_vector (out); a trained bias of an adapted layer is
 * .base_layer.bias; other copies of base weights keep the base's names.
 */
public final class Peft {
    static final String PREFIX = "base_model.model.";
    static final String A = ".lora_A.weight";
    static final String B = ".lora_B.weight";
    static final String MAGNITUDE = ".lora_magnitude_vector";
    /** File of an adapter's settings. */
    public static final String CONFIG = "adapter_config.json";
    private static final String WEIGHTS = "adapter_model.safetensors";

    private Peft() { }

    /** Writes the adapter; the folder appears atomically. {@code base} is recorded as base_model_name_or_path. */
    public static void save(LoraModel lora, Path folder, String base) {
        OutputFolder.write(folder, temporary -> writeInto(lora, temporary, base));
    }

    /** Writes the two files into an existing folder. */
    public static void writeInto(LoraModel lora, Path folder, String base) throws IOException {
        Transformer model = lora.model();
        boolean fanInFanOut = lora.layers().keySet().stream().anyMatch(layer -> model.storedTransposed(layer + ".weight"));
        Files.writeString(folder.resolve(CONFIG),
                PeftConfig.write(lora.config().within(lora.layers().keySet()), base, fanInFanOut).toPrettyString() + "\n");
        SafeTensorsWriter writer = new SafeTensorsWriter().metadata("format", "pt");
        tensors(lora).forEach((name, t) -> {
            boolean transposed = model.storedTransposed(name.substring(PREFIX.length()));
            long[] shape = Arrays.stream(t.shape()).asLongStream().toArray();
            writer.add(name, floats(t, transposed), transposed ? new long[] {shape[1], shape[0]} : shape);
        });
        writer.write(folder.resolve(WEIGHTS));
    }

    /** All trained tensors, by their names in the adapter's file. */
    public static Map<String, Tensor> tensors(LoraModel lora) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        lora.layers().forEach((layer, l) -> {
            out.put(PREFIX + layer + A, l.a());
            out.put(PREFIX + layer + B, l.b());
            if (l.magnitude() != null) {
                out.put(PREFIX + layer + MAGNITUDE, l.magnitude());
            }
        });
        lora.copies().forEach((name, copy) -> out.put(copyName(name, lora.layers().keySet()), copy));
        return out;
    }

    static String copyName(String weight, Set<String> adaptedLayers) {
        String layer = weight.substring(0, weight.lastIndexOf('.'));
        return PREFIX + (adaptedLayers.contains(layer) ? layer + ".base_layer" + weight.substring(layer.length()) : weight);
    }

    static float[] floats(Tensor t, boolean transposed) {
        float[] f = new float[t.size()];
        int cols = t.cols();
        int rows = t.rows();
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) t.get(transposed ? i % rows * cols + i / rows : i);
        }
        return f;
    }

    /** Reads adapter_config.json. */
    public static LoraConfig readConfig(Path folder) {
        Path file = folder.resolve(CONFIG);
        if (!Files.exists(folder)) {
            throw new AglException(folder + ": no such folder");
        }
        if (!Files.exists(file)) {
            throw new AglException(folder + ": has no " + CONFIG + ", so it is not a PEFT adapter");
        }
        if (!(Json.read(file) instanceof ObjectNode json)) {
            throw new AglException(file + ": is not a JSON object");
        }
        return PeftConfig.parse(json, file.toString());
    }

    /** Opens adapter_model.safetensors. */
    public static SafeTensors openWeights(Path folder) {
        Path file = folder.resolve(WEIGHTS);
        if (!Files.exists(file) && Files.exists(folder.resolve("adapter_model.bin"))) {
            throw new AglException(folder + ": has only adapter_model.bin, which can run any code when loaded; save it as safetensors");
        }
        return SafeTensors.open(file);
    }

    /**
     * Attaches the adapter of a folder to its base, ready to be used or trained further.
     *
     * @param seed determines the dropout masks of further training
     */
    public static LoraModel load(Transformer model, Path folder, long seed) {
        LoraConfig own = readConfig(folder);
        Path file = folder.resolve(WEIGHTS);
        try (SafeTensors tensors = openWeights(folder)) {
            PeftTensors reader = new PeftTensors(tensors, file, madeFor(folder));
            LoraConfig config = reader.withSavedBeside(own, model);
            Set<String> adapted = new HashSet<>();
            LoraModel lora;
            try {
                lora = LoraModel.attach(model, config, (layer, index) -> {
                    adapted.add(layer.name());
                    String name = PREFIX + layer.name();
                    int r = config.rank(layer.name());
                    Tensor a = reader.read(name + A, false, r, layer.in());
                    Tensor b = reader.read(name + B, false, layer.out(), r);
                    Tensor m = config.useDora() ? reader.read(name + MAGNITUDE, false, layer.out()) : null;
                    return new LoraLinear(layer, new LoraLinear.Update(a, b, config.scale(layer.name()), m), config.loraDropout(),
                            LoraModel.layerSeed(seed, index));
                }, (name, w) -> reader.read(copyName(name, adapted), model.storedTransposed(name), w.shape()));
            } catch (AglException e) {
                throw e.getMessage().startsWith(folder.toString()) ? e
                        : new AglException(folder + ": does not fit this base" + madeFor(folder) + ": " + e.getMessage(), e);
            }
            try {
                reader.refuseLeftOver(config);
            } catch (AglException e) {
                lora.detach();
                throw e;
            }
            return lora;
        }
    }

    /** The base that the adapter names, for the message when it does not fit. */
    private static String madeFor(Path folder) {
        String base = Json.read(folder.resolve(CONFIG)).path("base_model_name_or_path").asText("");
        return base.isEmpty() ? "" : " (it was made for \"" + Json.quote(base) + "\")";
    }
}
