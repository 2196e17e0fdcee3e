package agl.lora;

import agl.autograd.Tensor;
import agl.error.AglException;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.TensorInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The tensors of an adapter's file, each read at most once by its PEFT name. At the end, tensors that nobody read are refused. */
final class PeftTensors {
    /** PEFT's in-memory names contain the adapter's name; PEFT also reads files saved with them. */
    private static final Pattern IN_MEMORY = Pattern.compile("\\.(lora_[AB])\\.default\\.weight$");
    private static final Pattern MAGNITUDE_IN_MEMORY = Pattern.compile("\\.lora_magnitude_vector(\\.default)?\\.weight$");

    private final SafeTensors tensors;
    private final Path file;
    private final String madeFor;
    /** Names in the file, by the name that PEFT writes. */
    private final Map<String, String> names = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();

    /** @param madeFor what the adapter says about its base, for messages */
    PeftTensors(SafeTensors tensors, Path file, String madeFor) {
        this.tensors = tensors;
        this.file = file;
        this.madeFor = madeFor;
        for (String name : tensors.names()) {
            if (name.contains(".lora_embedding_") || name.startsWith(Peft.PREFIX + "lm_head.lora_")) {
                throw new AglException(file + ": adapts the embedding or the head (" + Json.quote(name)
                        + "), which is not supported; only the linear layers between them and modules_to_save are");
            }
            if (names.put(written(name), name) != null) {
                throw new AglException(
                        file + ": has the tensor \"" + Json.quote(written(name)) + "\" twice, with and without the adapter's name");
            }
        }
    }

    /** The name that PEFT writes for the tensor that this file calls {@code name}. */
    static String written(String name) {
        return MAGNITUDE_IN_MEMORY.matcher(IN_MEMORY.matcher(name).replaceFirst(".$1.weight")).replaceFirst(Peft.MAGNITUDE);
    }

    /** @param transposed whether the file has the transpose of {@code shape} */
    Tensor read(String name, boolean transposed, int... shape) {
        if (!names.containsKey(name)) {
            throw new AglException(file + ": has no tensor \"" + name + "\", which " + Peft.CONFIG
                    + " and the base require: this adapter does not fit this base" + madeFor);
        }
        TensorInfo info = tensors.info(names.get(name));
        int[] stored = transposed ? new int[] {shape[1], shape[0]} : shape;
        if (!sameShape(info, stored)) {
            throw new AglException(file + ": tensor \"" + name + "\" has shape " + Arrays.toString(info.shape()) + ", " + Peft.CONFIG
                    + " and the base require "
                    + Arrays.toString(stored) + ": this adapter does not fit this base" + madeFor);
        }
        used.add(name);
        float[] values = info.toFloats();
        return (transposed ? Tensor.of(Peft.floats(Tensor.of(values, stored), true), shape) : Tensor.of(values, shape)).requireGrad();
    }

    private static boolean sameShape(TensorInfo info, int[] shape) {
        return Arrays.equals(info.shape(), Arrays.stream(shape).asLongStream().toArray());
    }

    /**
     * PEFT saves base weights with an adapter if it thinks they might have changed (save_embedding_layers), and loads whatever it finds in
     * the file into the model. Weights equal to the base's are ignored here; the others count as modules_to_save.
     */
    LoraConfig withSavedBeside(LoraConfig config, Transformer model) {
        Map<String, Tensor> base = new LinkedHashMap<>(model.parameters());
        base.put(Transformer.HEAD, model.head());
        Set<String> changed = new TreeSet<>();
        base.forEach((name, own) -> {
            String module = name.substring(0, name.lastIndexOf('.'));
            for (String key : new String[] {Peft.PREFIX + name, Peft.copyName(name, Set.of(module))}) {
                boolean bias = name.endsWith(".bias") && config.bias() != LoraConfig.Bias.NONE;
                if (!names.containsKey(key) || bias || config.saves(module)) {
                    continue;
                }
                if (equal(tensors.info(names.get(key)), own, model.storedTransposed(name), name)) {
                    used.add(key);
                } else {
                    changed.add(module);
                }
            }
        });
        for (String module : changed) {
            boolean tied = model.config().tied() && base.get(module + ".weight") == model.head();
            if (tied || config.targets(module)) {
                throw new AglException(file + ": contains a " + Json.quote(module) + ".weight that differs from the base's" + madeFor
                        + (tied
                        ? ", where embedding and head are tied: not supported; name it in modules_to_save when saving the adapter"
                        : ", a layer that it also adapts: merge the adapter with PEFT"));
            }
        }
        return changed.isEmpty() ? config : config.saving(changed);
    }

    private boolean equal(TensorInfo info, Tensor own, boolean transposed, String name) {
        int[] shape = transposed ? new int[] {own.dim(1), own.dim(0)} : own.shape();
        if (!sameShape(info, shape)) {
            throw new AglException(file + ": contains a " + Json.quote(name) + " of shape " + Arrays.toString(info.shape())
                    + ", but the base's is " + Arrays.toString(shape)
                    + ": the adapter was trained on a base with a different vocabulary or size" + madeFor);
        }
        return Arrays.equals(info.toFloats(), Peft.floats(own, transposed));
    }

    /** Every tensor in the file must have been read or be known to be unused. */
    void refuseLeftOver(LoraConfig config) {
        for (String name : names.keySet()) {
            if (!used.contains(name) && !besideSavedModule(name, config)) {
                throw new AglException(file + ": tensor \"" + Json.quote(names.get(name)) + "\" matches nothing in " + Peft.CONFIG
                        + " and this base");
            }
        }
    }

    /** With bias = "all" PEFT writes both biases of a saved module, the base's and its copy's, besides the one that it reads. */
    private static boolean besideSavedModule(String name, LoraConfig config) {
        for (String part : new String[] {".modules_to_save.", ".original_module."}) {
            int at = name.indexOf(part);
            if (at > Peft.PREFIX.length() && name.endsWith(".bias") && config.bias() == LoraConfig.Bias.ALL
                    && config.saves(name.substring(Peft.PREFIX.length(), at))) {
                return true;
            }
        }
        return false;
    }
}
