package agl.app.inspect;

import agl.app.train.FisherArtefact;
import agl.error.AglException;
import agl.lora.AdapterStatistics;
import agl.lora.LoraConfig;
import agl.lora.Peft;
import agl.nn.ModelConfig;
import agl.nn.checkpoint.Checkpoint;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.TensorInfo;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a model folder, an adapter folder or a safetensors file holds, as JSON. Weights are not loaded, except for an adapter's norms. */
public final class Inspection {
    private Inspection() { }

    public static ObjectNode of(Path path) {
        if (!Files.exists(path)) {
            throw new AglException(path + ": no such file or folder");
        }
        ObjectNode out = JsonNodeFactory.instance.objectNode();
        out.put("path", path.toString());
        if (FisherArtefact.isOne(path)) {
            return FisherInspection.of(out.put("kind", "Fisher artefact"), path);
        }
        if (!Files.isDirectory(path)) {
            return weightsFile(out.put("kind", "weights"), path);
        }
        if (Files.exists(path.resolve(Peft.CONFIG))) {
            return adapter(out.put("kind", "adapter"), path);
        }
        if (Files.exists(path.resolve("config.json"))) {
            return model(out.put("kind", "model"), path);
        }
        if (Files.exists(path.resolve("tokenizer.json"))) {
            tokenizer(out.put("kind", "tokenizer"), path);
            return out;
        }
        throw new AglException(path + ": has no config.json (a model), " + Peft.CONFIG + " (an adapter) or tokenizer.json");
    }

    private static ObjectNode weightsFile(ObjectNode out, Path file) {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            ObjectNode metadata = out.putObject("metadata");
            tensors.metadata().forEach(metadata::put);
            Tally tally = new Tally(out);
            tensors.names().forEach(name -> tally.add(tensors.info(name)));
            tally.finish();
        }
        return out;
    }

    private static ObjectNode model(ObjectNode out, Path folder) {
        out.set("settings", Json.read(folder.resolve("config.json")));
        String problem = null;
        try {
            ModelConfig.read(folder);
        } catch (AglException e) {
            problem = e.getMessage();
        }
        out.put("supported", problem == null);
        if (problem != null) {
            out.put("reason", problem);
        }
        tokenizer(out, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            Tally tally = new Tally(out);
            checkpoint.names().forEach(name -> tally.add(checkpoint.info(name)));
            tally.finish();
        }
        return out;
    }

    private static void tokenizer(ObjectNode out, Path folder) {
        if (!Files.exists(folder.resolve("tokenizer.json"))) {
            return;
        }
        ObjectNode node = out.putObject("tokenizer");
        try {
            HfTokenizer t = HfTokenizer.load(folder);
            node.put("tokens", t.vocabSize()).put("bos", t.token(t.bosId())).put("eos", t.token(t.eosId())).put("pad", t.token(t.padId()));
        } catch (AglException e) {
            node.put("reason", e.getMessage());
        }
    }

    private static ObjectNode adapter(ObjectNode out, Path folder) {
        out.set("settings", Json.read(folder.resolve(Peft.CONFIG)));
        LoraConfig config = null;
        try {
            config = Peft.readConfig(folder);
        } catch (AglException e) {
            out.put("reason", e.getMessage());
        }
        out.put("supported", config != null);
        try (SafeTensors tensors = Peft.openWeights(folder)) {
            Tally tally = new Tally(out);
            tensors.names().forEach(name -> tally.add(tensors.info(name)));
            tally.finish();
            if (config != null && out.get("supported").asBoolean()) {
                ArrayNode layers = out.putArray("layers");
                AdapterStatistics.of(config, tensors).forEach(l -> layers.add(layer(l)));
                out.put("changes_nothing", AdapterStatistics.changesNothing(config, tensors));
            }
        }
        return out;
    }

    private static JsonNode layer(AdapterStatistics.Layer l) {
        ObjectNode n = JsonNodeFactory.instance.objectNode();
        n.put("name", l.name()).put("r", l.rank()).put("in", l.in()).put("out", l.out()).put("scale", l.scale());
        n.put("norm_A", l.a()).put("norm_B", l.b()).put("norm_sBA", l.update());
        return Double.isNaN(l.magnitude()) ? n : n.put("norm_magnitude", l.magnitude());
    }

    /** The list of tensors and their totals. */
    private static final class Tally {
        private final ObjectNode out;
        private final ArrayNode tensors;
        private final ObjectNode byType = JsonNodeFactory.instance.objectNode();
        private long elements;
        private long bytes;

        Tally(ObjectNode out) {
            this.out = out;
            this.tensors = JsonNodeFactory.instance.arrayNode();
        }

        void add(TensorInfo info) {
            ObjectNode n = tensors.addObject().put("name", info.name()).put("type", info.type());
            ArrayNode shape = n.putArray("shape");
            for (long size : info.shape()) {
                shape.add(size);
            }
            n.put("bytes", info.data().byteSize());
            if (info.nonFinite() != null) {
                n.put("not_finite", info.nonFinite());
                out.put("supported", false).put("reason",
                        info.file().getFileName() + ": tensor " + info.name() + " holds " + info.nonFinite());
            }
            elements += info.elements();
            bytes += info.data().byteSize();
            byType.put(info.type(), byType.path(info.type()).asLong() + info.elements());
        }

        void finish() {
            out.put("parameters", elements).put("bytes", bytes);
            out.set("parameters_by_type", byType);
            out.set("tensors", tensors);
        }
    }
}
