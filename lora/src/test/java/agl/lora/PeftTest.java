package agl.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeftTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    @TempDir Path folder;

    /** Settings as in adapter_config.json, one per thing that can be switched on; "gpt2" in front takes that family. */
    static Stream<String> settings() {
        return Stream.of(
                "{'r':3,'lora_alpha':6,'target_modules':['q_proj','v_proj']}",
                "{'r':3,'lora_alpha':2.5,'lora_dropout':0.1,'target_modules':'all-linear','use_rslora':true}",
                "{'r':2,'target_modules':'.*\\\\.(0|1)\\\\.mlp\\\\..*','use_dora':true}",
                "{'r':2,'target_modules':['q_proj','up_proj'],'rank_pattern':{'q_proj':4},'alpha_pattern':{'1\\\\.mlp\\\\.up_proj':0.5}}",
                "{'r':2,'target_modules':['q_proj'],'layers_to_transform':1,'layers_pattern':'layers','exclude_modules':'.*v_proj'}",
                "{'r':2,'target_modules':['q_proj'],'modules_to_save':['embed_tokens','lm_head','mlp'],'init_lora_weights':'gaussian'}",
                "gpt2{'r':2,'target_modules':['c_attn'],'bias':'lora_only','fan_in_fan_out':true}",
                "gpt2{'r':2,'target_modules':['c_attn'],'bias':'all','use_dora':true,'init_lora_weights':false}",
                "gpt2{'r':2,'target_modules':['c_attn'],'modules_to_save':['c_fc']}");
    }

    private static Transformer model(String settings) {
        return settings.startsWith("gpt2") ? Tiny.gpt2() : Tiny.llama();
    }

    private static LoraConfig config(String settings) {
        try {
            ObjectNode json = (ObjectNode) JSON.readTree(settings.replace("gpt2", "").replace('\'', '"'));
            return PeftConfig.parse(json.put("peft_type", "LORA"), "test");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest @MethodSource("settings") void savedAndLoadedComputesTheSame(String settings) throws IOException {
        Transformer model = model(settings);
        double[] base = Tiny.logits(model);
        LoraModel lora = LoraModel.attach(model, config(settings), 1, DType.F32);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        double[] adapted = Tiny.logits(model);
        Peft.save(lora, folder.resolve("a"), "the base");

        Transformer again = model(settings);
        LoraModel loaded = Peft.load(again, folder.resolve("a"), 1);
        assertArrayEquals(adapted, Tiny.logits(again), 0);
        assertEquals(Peft.tensors(lora).keySet(), Peft.tensors(loaded).keySet());
        assertEquals(lora.size(), loaded.size());
        Peft.save(loaded, folder.resolve("b"), "the base");
        for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
            assertEquals(-1, Files.mismatch(folder.resolve("a").resolve(file), folder.resolve("b").resolve(file)), file);
        }
        loaded.enable(false);
        assertArrayEquals(base, Tiny.logits(again), 0);
        loaded.enable(true);
        assertArrayEquals(adapted, Tiny.logits(again), 0);
        loaded.detach();
        assertArrayEquals(base, Tiny.logits(again), 0);
    }

    /** Saving a model with an adapter attached folds it in: one checkpoint, same logits. */
    @ParameterizedTest @MethodSource("settings") void mergedCheckpointComputesTheSame(String settings) {
        Transformer model = model(settings);
        LoraModel lora = LoraModel.attach(model, config(settings), 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        double[] adapted = Tiny.logits(model);
        Models.save(model, folder.resolve("merged"), null, DType.F32);
        double difference = Tiny.largestDifference(adapted, Tiny.logits(Models.load(folder.resolve("merged"))));
        assertTrue(difference < 1e-4, "largest difference " + difference);
    }

    /** PEFT writes null for what was not chosen, and older versions leave it out: both are its default. */
    @ParameterizedTest @ValueSource(strings = {"",
        ",'use_rslora':null,'use_dora':null,'bias':null,'init_lora_weights':null,'modules_to_save':null,'rank_pattern':null,'alpha_pattern':null,"
        + "'exclude_modules':null,'layers_to_transform':null,'layers_pattern':null"}) void whatIsNotChosenIsPeftsDefault(String nulls) {
        LoraConfig c = config("{'target_modules':['q_proj']" + nulls + "}");
        assertEquals(LoraConfig.of(8, 8, 0, "q_proj").targets(), c.targets());
        assertEquals(List.of(8, 8.0, 0.0), List.of(c.r(), c.loraAlpha(), c.loraDropout()));
        assertEquals(List.of(false, false, LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT),
                List.of(c.useRslora(), c.useDora(), c.bias(), c.init()));
    }

    @Test void unknownSettingsAreKept() throws IOException {
        LoraConfig config = config("{'r':2,'target_modules':['q_proj'],'peft_version':'9.9','a_new_switch':{'x':[1]},'use_qalora':false}");
        LoraModel lora = LoraModel.attach(Tiny.llama(), config, 1, DType.F32);
        Peft.save(lora, folder.resolve("a"), "base");
        ObjectNode written = assertInstanceOf(ObjectNode.class, JSON.readTree(folder.resolve("a/adapter_config.json").toFile()));
        assertEquals("{\"x\":[1]}", written.get("a_new_switch").toString());
        assertEquals("9.9", written.get("peft_version").asText());
        assertEquals("base", written.get("base_model_name_or_path").asText());
        assertFalse(written.get("fan_in_fan_out").asBoolean());
    }

    /** The whole file, as PEFT writes these keys: whole numbers without ".0", one pattern as a text, nothing as null. */
    @Test void everySettingIsWrittenAsPeftDoes() {
        String settings = "{'peft_type':'LORA','task_type':'CAUSAL_LM','base_model_name_or_path':'b','inference_mode':true,"
                + "'r':2,'lora_dropout':0.25,'lora_alpha':16,"
                + "'target_modules':['q_proj','v_proj'],'exclude_modules':'.*x','layers_pattern':['h'],'layers_to_transform':[0,3],'use_rslora':false,'use_dora':false,"
                + "'fan_in_fan_out':true,'bias':'none','rank_pattern':{'q_proj':3},'alpha_pattern':{'q_proj':2.5,'v_proj':4,'z':2.0E9},'modules_to_save':null,"
                + "'init_lora_weights':true,'peft_version':'0.17'}";
        assertEquals(settings.replace('\'', '"'), PeftConfig.write(config(settings), "b", true).toString());
        String none = PeftConfig.write(config("{'r':2,'lora_alpha':0.5,'target_modules':'.*q','layers_to_transform':null}"), "b", false)
                .toString();
        assertTrue(none.contains("\"layers_to_transform\":null") && none.contains("\"target_modules\":\".*q\"")
                && none.contains("\"lora_alpha\":0.5"), none);
    }

    @Test void patternsOfRankAndAlphaAreRead() {
        LoraConfig c = config(
                "{'r':2,'lora_alpha':4,'target_modules':['q_proj','v_proj'],'rank_pattern':{'v_proj':5},'alpha_pattern':{'q_proj':3},'init_lora_weights':null}");
        assertEquals(2, c.rank("a.q_proj"));
        assertEquals(5, c.rank("a.v_proj"));
        assertEquals(3.0 / 2, c.scale("a.q_proj"));
        assertEquals(4.0 / 5, c.scale("a.v_proj"));
        assertEquals(LoraConfig.Init.DEFAULT, c.init());
        assertEquals(8, config("{'target_modules':['q_proj']}").loraAlpha(), "PEFT's default");
        assertEquals(8, config("{'target_modules':['q_proj']}").r(), "PEFT's default");
    }

    /** Kept, and said: a setting that nobody knows may matter. */
    @Test void unknownSettingsAreSaid() {
        List<String> said = new ArrayList<>();
        Logger logger = Logger.getLogger(PeftConfig.class.getName());
        Handler handler = new Handler() {
            @Override public void publish(LogRecord line) {
                said.add(line.getMessage());
            }

            @Override public void flush() { }

            @Override public void close() { }
        };
        logger.addHandler(handler);
        try {
            config("{'r':2,'target_modules':['q_proj'],'peft_version':'9.9','use_qalora':false,'zeta':1,'alpha_plus':0}");
            assertEquals(List.of("test: unknown settings are kept and have no effect: alpha_plus, zeta"), said);
            config("{'r':2,'target_modules':['q_proj'],'peft_version':'9.9','use_qalora':false}");
            assertEquals(1, said.size(), "nothing unknown, nothing to say");
        } finally {
            logger.removeHandler(handler);
        }
    }

    /** A Conv1D layer is (in, out) in the file of a GPT-2 and of its adapter; fan_in_fan_out says so. */
    @Test void savedLayersOfGpt2AreTransposed() throws IOException {
        LoraModel lora = LoraModel.attach(Tiny.gpt2(), config("{'r':2,'target_modules':['c_attn'],'modules_to_save':['c_fc']}"), 1,
                DType.F32);
        Tensor own = lora.copies().get("transformer.h.0.mlp.c_fc.weight");
        own.data().set(0 * 12 + 1, 7);
        Peft.save(lora, folder.resolve("a"), "base");
        try (SafeTensors file = Peft.openWeights(folder.resolve("a"))) {
            assertArrayEquals(new long[] {12, 17}, file.info("base_model.model.transformer.h.0.mlp.c_fc.weight").shape());
            assertEquals(7, file.info("base_model.model.transformer.h.0.mlp.c_fc.weight").toFloats()[17], "output 0, input 1");
        }
        assertTrue(JSON.readTree(folder.resolve("a/adapter_config.json").toFile()).get("fan_in_fan_out").asBoolean());
        // The base's own weights beside the adapter, in the file's layout, are recognised as such.
        Transformer base = Tiny.gpt2();
        LoraModel plain = LoraModel.attach(Tiny.gpt2(), config("{'r':2,'target_modules':['c_attn']}"), 1, DType.F32);
        Tensor w = base.parameters().get("transformer.h.0.mlp.c_fc.weight");
        rewrite(plain, n -> n, Map.of("base_model.model.transformer.h.0.mlp.c_fc.weight",
                Tensor.fill(DType.F64, i -> w.get(i % 17 * 12 + i / 17), 12, 17)));
        Files.copy(folder.resolve("a/adapter_config.json"), folder.resolve("saved/adapter_config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Path config = folder.resolve("saved/adapter_config.json");
        Files.writeString(config, Files.readString(config).replace("[ \"c_fc\" ]", "null"));
        assertTrue(Peft.load(base, folder.resolve("saved"), 1).copies().isEmpty());
    }

    @Test void foldersThatHoldNoAdapter() throws IOException {
        assertTrue(assertThrows(AglException.class, () -> Peft.readConfig(folder.resolve("nowhere"))).getMessage()
                .endsWith("nowhere: no such folder"));
        Files.createDirectory(folder.resolve("empty"));
        assertTrue(assertThrows(AglException.class, () -> Peft.readConfig(folder.resolve("empty"))).getMessage()
                .contains("is not a PEFT adapter"));
        Files.writeString(folder.resolve("empty/adapter_config.json"), "[]");
        assertTrue(assertThrows(AglException.class, () -> Peft.readConfig(folder.resolve("empty"))).getMessage()
                .contains("not a JSON object"));
    }

    /** Which base it was made for, where the adapter says so. */
    @Test void aRefusalNamesTheBaseThatTheAdapterWasMadeFor() throws IOException {
        assertTrue(refusal(Tiny.gpt2()).contains("(it was made for \"base\")"));
        Path config = folder.resolve("saved/adapter_config.json");
        Files.writeString(config, Files.readString(config).replace("\"base\"", "\"\""));
        assertFalse(refusal(Tiny.gpt2()).contains("it was made for"));
    }

    @Test void aTensorUnderTwoNamesIsRefused() {
        Tensor a = saved.layers().values().iterator().next().a();
        rewrite(saved, n -> n, Map.of("base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight", a));
        assertTrue(refusal(Tiny.llama()).contains("twice"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "'peft_type':'IA3'", "'r':0", "'r':null", "'r':'8'", "'lora_alpha':null", "'lora_dropout':null", "'alpha_pattern':{'q_proj':null}",
        "'rank_pattern':{'q_proj':null}",
        "'init_lora_weights':'corda','corda_config':{'x':1}", "'init_lora_weights':'lora_ga'",
        "'ensure_weight_tying':true,'modules_to_save':['lm_head']", "'kasa_config':{'beta':1}", "'r':100000000", "'lora_alpha':'x'",
        "'lora_dropout':1.5", "'target_modules':null", "'target_modules':[]", "'target_modules':[1]",
        "'target_modules':'('", "'target_modules':{}", "'bias':'some'", "'use_dora':1", "'rank_pattern':{'q_proj':0}", "'rank_pattern':[1]",
        "'rank_pattern':{'(':2}",
        "'alpha_pattern':{'q':'x'}", "'init_lora_weights':'pissa'", "'init_lora_weights':7", "'layers_to_transform':['a']",
        "'layers_to_transform':[-1]", "'layers_pattern':'('",
        "'use_qalora':true", "'layer_replication':[[0,1]]", "'lora_bias':true", "'trainable_token_indices':[1]", "'modules_to_save':3",
        "'exclude_modules':'*'",
        "'target_modules':'(.*.*)*x'"}) void refusesSettingsByName(String change) throws IOException {
        ObjectNode json = (ObjectNode) JSON.readTree("{'peft_type':'LORA','r':2,'target_modules':['q_proj']}".replace('\'', '"'));
        json.setAll((ObjectNode) JSON.readTree(("{" + change + "}").replace('\'', '"')));
        Files.writeString(folder.resolve("adapter_config.json"), json.toString());
        new SafeTensorsWriter().write(folder.resolve("adapter_model.safetensors"));
        String message = assertThrows(AglException.class, () -> Peft.load(Tiny.llama(), folder, 1)).getMessage();
        assertTrue(message.startsWith(folder.toString()) && !message.contains("\n"), message);
        String key = change.substring(1, change.indexOf('\'', 1));
        assertTrue(message.contains(key.equals("corda_config") ? "init_lora_weights" : key), message);
    }

    private LoraModel saved;

    @BeforeEach void anAdapterOnDisk() {
        saved = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F32);
        Peft.save(saved, folder.resolve("saved"), "base");
    }

    private String refusal(Transformer model) {
        double[] before = Tiny.logits(model);
        String message = assertThrows(AglException.class, () -> Peft.load(model, folder.resolve("saved"), 1)).getMessage();
        assertArrayEquals(before, Tiny.logits(model), "a refused adapter leaves the model as it was");
        assertTrue(model.linears().stream().noneMatch(l -> l instanceof LoraLinear));
        return message;
    }

    @Test void refusesAnAdapterOfAnotherModel() {
        assertTrue(refusal(Tiny.gpt2()).contains("q_proj"));
    }

    @Test void saysWhichTensorIsMissingMisshapenOrTooMuch() throws IOException {
        Path weights = folder.resolve("saved/adapter_model.safetensors");
        write(weights, "x", null, 0);
        assertTrue(refusal(Tiny.llama()).contains("\"x\" matches nothing in adapter_config.json"));
        for (String other : List.of("base_model.model.lm_head.lora_A.weight", "base_model.model.model.embed_tokens.lora_embedding_A")) {
            write(weights, other, null, 0);
            assertTrue(refusal(Tiny.llama()).contains("embedding or the head"));
        }
        String name = "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight";
        write(weights, null, name, 0);
        assertTrue(refusal(Tiny.llama()).contains("no tensor \"" + name));
        write(weights, name, name, 3);
        assertTrue(refusal(Tiny.llama()).contains("shape [1, 3]"));
        Files.delete(weights);
        assertTrue(refusal(Tiny.llama()).contains("adapter_model.safetensors"));
        Files.createFile(folder.resolve("saved/adapter_model.bin"));
        assertTrue(refusal(Tiny.llama()).contains("adapter_model.bin"));
        Files.delete(folder.resolve("saved/adapter_config.json"));
        assertTrue(refusal(Tiny.llama()).contains("adapter_config.json"));
    }

    /** The saved tensors without {@code without}, and with {@code added} of {@code size} numbers. */
    private void write(Path file, String added, String without, int size) {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        Peft.tensors(saved).forEach((name, t) -> {
            if (!name.equals(without)) {
                float[] values = new float[t.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) t.get(i);
                }
                writer.add(name, values, t.dim(0), t.dim(1));
            }
        });
        if (added != null) {
            writer.add(added, new float[size], 1, size);
        }
        writer.write(file);
    }

    /**
     * One value that is not finite, in every kind of tensor that an adapter has: refused by file and name, the model left as it was; and
     * never written.
     */
    @ParameterizedTest
    @ValueSource(strings = {"lora_A", "lora_B", "lora_magnitude_vector", "model.norm.weight", "lm_head.weight",
        "gpt2 c_attn.base_layer.bias", "gpt2 ln_1.bias"}) void weightsThatAreNotFinite(String where) throws IOException {
        String settings = where.startsWith("gpt2") ? "gpt2{'r':2,'target_modules':['c_attn'],'bias':'all'}"
                : "{'r':2,'target_modules':['q_proj'],'use_dora':true,'modules_to_save':['norm','lm_head']}";
        Transformer model = model(settings);
        LoraModel lora = LoraModel.attach(model, config(settings), 1, DType.F32);
        Peft.save(lora, folder.resolve("saved"), "base");
        String part = where.replace("gpt2 ", "");
        String name = Peft.tensors(lora).keySet().stream().filter(n -> n.contains(part)).findFirst().orElseThrow();
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            Peft.tensors(lora).get(name).data().set(0, bad);
            String written = assertThrows(AglException.class, () -> Peft.save(lora, folder.resolve("bad"), "base")).getMessage();
            assertTrue(written.contains("tensor " + name + " holds " + bad), written);
            assertFalse(Files.exists(folder.resolve("bad")));
            Peft.tensors(lora).get(name).data().set(0, 1);
            Path file = folder.resolve("saved/adapter_model.safetensors");
            byte[] bytes = Files.readAllBytes(file);
            int at = bytes.length;
            try (SafeTensors opened = SafeTensors.open(file)) {
                for (String n : opened.names().reversed()) {
                    at -= (int) opened.info(n).data().byteSize();
                    if (n.equals(name)) {
                        break;
                    }
                }
            }
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(at, bad);
            Files.write(file, bytes);
            String message = refusal(model(settings));
            assertTrue(message.startsWith(file + ": tensor " + name + " holds " + bad + " at [0"), message);
        }
    }

    @Test void doraStartsAtTheBase() {
        Transformer model = Tiny.llama();
        double[] base = Tiny.logits(model);
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(2, 4, 0, "all-linear").withDora(), 1, DType.F64);
        assertTrue(Tiny.largestDifference(base, Tiny.logits(model)) < 1e-12);
        LoraLinear layer = lora.layers().values().iterator().next();
        Tensor w = layer.base().weight();
        double square = 0;
        for (int j = 0; j < w.dim(1); j++) {
            square += w.get(j) * w.get(j);
        }
        assertEquals(Math.sqrt(square), layer.magnitude().get(0), 1e-12);
    }

    /** What PEFT leaves in the settings and does not look at when it reads the adapter. */
    @ParameterizedTest
    @ValueSource(strings = {"'corda_config':{'corda_method':'ipm'}", "'lora_ga_config':{'scale':'stable'}",
        "'loftq_config':{'loftq_bits':4}", "'eva_config':{'rho':2}",
        "'init_lora_weights':'mica'", "'init_lora_weights':'MiCA'", "'ensure_weight_tying':true", "'layer_replication':null",
        "'target_parameters':[]", "'alora_invocation_tokens':null",
        "'use_qalora':false,'qalora_group_size':16", "'megatron_config':null,'megatron_core':'megatron.core'",
        "'runtime_config':{'ephemeral_gpu_offload':true}", "'rank_pattern':null",
        "'trainable_token_indices':null",
        "'arrow_config':null,'kasa_config':null,'velora_config':null,'monteclora_config':null,'use_bdlora':null"}) void settingsWithoutEffectAreRead(
                String change) throws IOException {
        Path config = folder.resolve("saved/adapter_config.json");
        ObjectNode json = (ObjectNode) JSON.readTree(config.toFile());
        json.setAll((ObjectNode) JSON.readTree(("{" + change + "}").replace('\'', '"')));
        Files.writeString(config, json.toString());
        Tiny.randomise(saved.parameters(), 2, 0.3);
        write(folder.resolve("saved/adapter_model.safetensors"), null, null, 0);
        Transformer model = Tiny.llama();
        Peft.load(model, folder.resolve("saved"), 1);
        assertArrayEquals(Tiny.logits(saved.model()), Tiny.logits(model), 1e-5);
    }

    /** The saved tensors under other names, and others of the base beside them. */
    private void rewrite(LoraModel lora, UnaryOperator<String> names, Map<String, Tensor> beside) {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        Map<String, Tensor> all = new LinkedHashMap<>();
        Peft.tensors(lora).forEach((name, t) -> all.put(names.apply(name), t));
        all.putAll(beside);
        all.forEach((name, t) -> writer.add(name, Peft.floats(t, false), Arrays.stream(t.shape()).asLongStream().toArray()));
        writer.write(folder.resolve("saved/adapter_model.safetensors"));
    }

    @Test void namesWithTheAdaptersNameInThemAreRead() {
        LoraModel dora = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj").withDora(), 1, DType.F32);
        Tiny.randomise(dora.parameters(), 2, 0.3);
        Peft.save(dora, folder.resolve("saved"), "base");
        rewrite(dora, name -> name.replaceAll("(lora_[AB])\\.weight$", "$1.default.weight").replaceAll("vector$", "vector.default.weight"),
                Map.of());
        Transformer model = Tiny.llama();
        Peft.load(model, folder.resolve("saved"), 1);
        assertArrayEquals(Tiny.logits(dora.model()), Tiny.logits(model), 1e-5);
        try (var tensors = Peft.openWeights(folder.resolve("saved"))) {
            assertEquals(2, AdapterStatistics.of(dora.config(), tensors).size());
        }
        rewrite(dora, name -> name.replaceAll("(lora_[AB])\\.weight$", "$1.other.weight"), Map.of());
        assertTrue(refusal(Tiny.llama()).contains("has no tensor"));
    }

    /** PEFT saves head and embedding beside an adapter when it cannot tell whether they changed, and puts them into the model. */
    @Test void weightsOfTheBaseBesideTheAdapter() {
        String head = "base_model.model.lm_head.weight";
        String embedding = "base_model.model.model.embed_tokens.weight";
        String layer = "base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight";
        for (Transformer base : List.of(Tiny.llama(), Tiny.untied())) {
            UnaryOperator<String> same = UnaryOperator.identity();
            rewrite(saved, same, Map.of(head, base.head(), embedding, base.parameters().get("model.embed_tokens.weight"), layer,
                    base.parameters().get("model.layers.0.self_attn.q_proj.weight")));
            LoraModel loaded = Peft.load(base, folder.resolve("saved"), 1);
            assertTrue(loaded.copies().isEmpty());
            assertEquals(List.of(), loaded.config().modulesToSave());
            loaded.detach();
        }
        Tensor other = Tensor.fill(DType.F64, i -> 0.1 * (i % 7), 19, 12);
        rewrite(saved, n -> n, Map.of(head, other));
        Transformer untied = Tiny.untied();
        Peft.load(untied, folder.resolve("saved"), 1);
        Transformer expected = Tiny.untied();
        LoraModel.attach(expected, config("{'r':2,'lora_alpha':4,'target_modules':['q_proj'],'modules_to_save':['lm_head']}"), 1, DType.F64)
                .copies().values()
                .forEach(t -> IntStream.range(0, t.size()).forEach(i -> t.data().set(i, other.get(i))));
        assertArrayEquals(Tiny.logits(expected), Tiny.logits(untied), 1e-6);
        assertTrue(refusal(Tiny.llama()).contains("embedding and head are tied"));
        rewrite(saved, n -> n, Map.of(head, Tensor.zeros(DType.F32, 21, 12)));
        assertTrue(refusal(Tiny.untied()).contains("a different vocabulary"));
        rewrite(saved, n -> n, Map.of(layer, Tensor.zeros(DType.F32, 12, 12)));
        assertTrue(refusal(Tiny.untied()).contains("a layer that it also adapts"));
    }

    /** bias = "all" beside a saved norm: PEFT writes the copy's bias under two names, and the base's. */
    @Test void biasesOfASavedModuleAreWrittenTwice() {
        LoraConfig config = config("{'r':2,'target_modules':['c_attn'],'bias':'all','modules_to_save':['ln_f']}");
        LoraModel lora = LoraModel.attach(Tiny.gpt2(), config, 1, DType.F32);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        Peft.save(lora, folder.resolve("saved"), "base");
        Map<String, Tensor> all = new LinkedHashMap<>(Peft.tensors(lora));
        SafeTensorsWriter writer = new SafeTensorsWriter();
        all.put("base_model.model.transformer.ln_f.modules_to_save.bias", all.get("base_model.model.transformer.ln_f.bias"));
        all.put("base_model.model.transformer.ln_f.original_module.bias", Tensor.zeros(DType.F32, 12));
        all.forEach((name, t) -> writer.add(name, Peft.floats(t, false), Arrays.stream(t.shape()).asLongStream().toArray()));
        writer.write(folder.resolve("saved/adapter_model.safetensors"));
        Transformer model = Tiny.gpt2();
        Peft.load(model, folder.resolve("saved"), 1);
        assertArrayEquals(Tiny.logits(lora.model()), Tiny.logits(model), 1e-5);
    }

    @Test void targetsThatMatchNothingAreRefusedOrNotWritten() throws IOException {
        AglException e = assertThrows(AglException.class,
                () -> LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj", "wqkv", "lm_head"), 1, DType.F32));
        assertTrue(e.getMessage().endsWith(
                "wqkv, lm_head match no layer that can be adapted; this model has down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj"),
                e.getMessage());
        e = assertThrows(AglException.class, () -> LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj", "wqkv"), 1, DType.F32));
        assertTrue(e.getMessage().contains("wqkv matches no layer"), e.getMessage());
        Path config = folder.resolve("saved/adapter_config.json");
        Files.writeString(config, Files.readString(config).replace("[ \"q_proj\" ]", "[ \"wqkv\", \"q_proj\" ]"));
        assertTrue(Files.readString(config).contains("wqkv"));
        Peft.save(Peft.load(Tiny.llama(), folder.resolve("saved"), 1), folder.resolve("again"), "base");
        assertEquals("[\"q_proj\"]", JSON.readTree(folder.resolve("again/adapter_config.json").toFile()).get("target_modules").toString());
    }
}
