package agl.lora;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.LinearLayer;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A model with an adapter attached. The base is frozen. The factors A and B of each target layer are trained, and whatever else the
 * configuration names (DoRA's magnitudes, biases, modules_to_save), as copies of the base's tensors.
 */
public final class LoraModel {
    private final Transformer model;
    private final LoraConfig config;
    private final Map<String, LoraLinear> layers = new LinkedHashMap<>();
    private final Map<String, Tensor> copies = new LinkedHashMap<>();

    private LoraModel(Transformer model, LoraConfig config) {
        this.model = model;
        this.config = config;
    }

    /** Attaches a new adapter. The seed determines A and the dropout masks. Every name in target_modules must match a layer. */
    public static LoraModel attach(Transformer model, LoraConfig config, long seed, DType dtype) {
        List<String> unmatched = config.targets().unmatched(model.linears().stream().map(LinearLayer::name).toList());
        if (!unmatched.isEmpty()) {
            throw new AglException(
                    "target_modules: " + Json.quote(String.join(", ", unmatched)) + (unmatched.size() == 1 ? " matches" : " match")
                            + " no layer that can be adapted; this model has " + String.join(", ", suffixes(model)));
        }
        return attach(model, config, (layer, index) -> LoraLinear.initial(layer, config, dtype, layerSeed(seed, index)),
                (name, own) -> own.to(dtype));
    }

    /** Creates the adapted layer for a target layer. */
    public interface LayerMaker {
        LoraLinear make(LinearLayer layer, int index);
    }

    /** Creates the adapter's copy of a base weight. */
    public interface CopyMaker {
        Tensor make(String name, Tensor own);
    }

    static long layerSeed(long seed, int index) {
        return seed + 7919L * index;
    }

    /** Attaches an adapter whose layers and copies the makers create. */
    public static LoraModel attach(Transformer model, LoraConfig config, LayerMaker maker, CopyMaker copier) {
        if (model.linears().stream().anyMatch(layer -> layer instanceof LoraLinear)) {
            throw new AglException("the model already has an adapter");
        }
        LoraModel lora = new LoraModel(model, config);
        // Create all layers before installing any: a failure then leaves the model unchanged.
        for (LinearLayer layer : model.linears()) {
            if (config.targets(layer.name())) {
                lora.layers.put(layer.name(), maker.make(layer, lora.layers.size()));
            }
        }
        if (lora.layers.isEmpty()) {
            throw new AglException("target_modules " + Json.quote(config.targets().toString()) + " match no layer; this model has "
                    + String.join(", ", suffixes(model)));
        }
        lora.copiedNames().forEach((name, own) -> lora.copies.put(name, copier.make(name, own).requireGrad()));
        model.parameters().values().forEach(Tensor::freeze);
        model.replaceLinears(layer -> lora.layers.containsKey(layer.name()) ? lora.layers.get(layer.name()) : layer);
        lora.copies.forEach(model::replace);
        return lora;
    }

    private static TreeSet<String> suffixes(Transformer model) {
        TreeSet<String> suffixes = new TreeSet<>();
        model.linears().forEach(l -> suffixes.add(l.name().substring(l.name().lastIndexOf('.') + 1)));
        return suffixes;
    }

    /** The base weights of which copies are trained, by name. */
    private Map<String, Tensor> copiedNames() {
        Map<String, Tensor> names = new LinkedHashMap<>();
        Map<String, Tensor> all = new LinkedHashMap<>(model.parameters());
        all.put(Transformer.HEAD, model.head());
        all.forEach((name, own) -> {
            int dot = name.lastIndexOf('.');
            boolean bias = name.endsWith(".bias");
            if (config.saves(name.substring(0, dot)) || bias && switch (config.bias()) {
                case NONE -> false;
                case LORA_ONLY -> layers.containsKey(name.substring(0, dot));
                case ALL -> true;
            }) {
                names.put(name, own);
            }
        });
        for (String module : config.modulesToSave()) {
            if (names.keySet().stream().noneMatch(name -> (name.substring(0, name.lastIndexOf('.')) + ".").contains(module + "."))) {
                throw new AglException("modules_to_save " + Json.quote(module) + " matches no module of this model");
            }
        }
        return names;
    }

    /** Removes the adapter: the model is the base again. */
    public void detach() {
        model.replaceLinears(layer -> layer instanceof LoraLinear l && layers.containsValue(l) ? l.base() : layer);
        copies.keySet().forEach(name -> model.replace(name, null));
    }

    /** The model, with the adapter installed. */
    public Transformer model() {
        return model;
    }

    /** The adapter's configuration. */
    public LoraConfig config() {
        return config;
    }

    /** The adapted layers by name, in the order in which they run. */
    public Map<String, LoraLinear> layers() {
        return layers;
    }

    /** The adapter's copies of base weights (biases, modules_to_save), by the weight's name; usually none. */
    public Map<String, Tensor> copies() {
        return copies;
    }

    /** Everything that is trained: A, B and magnitude of every layer, and the copies. */
    public List<Tensor> parameters() {
        List<Tensor> all = new ArrayList<>();
        layers.values().forEach(l -> {
            all.add(l.a());
            all.add(l.b());
            if (l.magnitude() != null) {
                all.add(l.magnitude());
            }
        });
        all.addAll(copies.values());
        return all;
    }

    /** Number of trained parameters. */
    public long size() {
        return parameters().stream().mapToLong(Tensor::size).sum();
    }

    /** Switches the adapter off (the aligned base) or on. */
    public void enable(boolean on) {
        layers.values().forEach(l -> l.enable(on));
        copies.forEach((name, copy) -> model.replace(name, on ? copy : null));
    }

    /** From now on every adapted layer computes with one merged matrix: faster, but not trainable. */
    public void merge() {
        layers.values().forEach(LoraLinear::merge);
    }

    /** The result of {@code work}, run with every adapted layer merged; the layers are restored afterwards. */
    public <T> T whileMerged(Supplier<T> work) {
        merge();
        try {
            return work.get();
        } finally {
            unmerge();
        }
    }

    /** Restores the frozen weights and their updates. */
    public void unmerge() {
        layers.values().forEach(LoraLinear::unmerge);
    }
}
