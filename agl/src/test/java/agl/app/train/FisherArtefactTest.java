package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Models;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.TokenFactors;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The file with Fisher information, of estimates known by hand: three gradients a_i e_i e_iᵀ, so that λ_i = a_i²/3. What the commands make
 * of it is FisherCommandTest's.
 */
class FisherArtefactTest {
    private static final String FIRST = "model.layers.0.self_attn.v_proj";
    private static final String SECOND = "model.layers.1.self_attn.v_proj";
    private static final Map<String, String> PLAIN = Map.of("template", "plain");
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir Path temp;
    private Path base;
    private Path file;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
        file = temp.resolve("aligned.fisher");
    }

    private static AglSettings settings(String... sets) {
        return RunConfig.of(null, Arrays.stream(sets).map(s -> "agl." + s).toList()).agl();
    }

    /** λ = 9, 4 and 1 times {@code by}. */
    private static Fisher fisher(String name, int out, int in, double by, AglSettings s) {
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Storage d = Storage.allocate(DType.F64, out);
            d.set(i, (3 - i) * Math.sqrt(3 * by));
            delta.add(d);
            Storage unit = Storage.allocate(DType.F64, in);
            unit.set(i, 1);
            x.add(unit);
        }
        return Fisher.of(Kernels.plain(), name, new TokenFactors(out, in, delta, x), s);
    }

    private static ObjectNode provenance(int maxLength, int seed) {
        ObjectNode provenance = JsonNodeFactory.instance.objectNode();
        provenance.putObject("settings").putObject("config").put("max_length", maxLength).put("seed", seed);
        return provenance;
    }

    private FisherArtefact.About about(AglSettings s, ObjectNode provenance) {
        return about(s, 3, provenance);
    }

    private FisherArtefact.About about(AglSettings s, int examples, ObjectNode provenance) {
        return new FisherArtefact.About(FisherArtefact.identity(base), s.toJson().retain(AglSettings.names(AglSettings.Estimate.class)),
                examples, PLAIN, DType.F32, provenance);
    }

    /** Of both layers' v_proj, (8, 16), the second one first. */
    private FisherArtefact made(AglSettings s) {
        Map<String, Fisher> matrices = new LinkedHashMap<>();
        matrices.put(SECOND, fisher(SECOND, 8, 16, 0.5, s));
        matrices.put(FIRST, fisher(FIRST, 8, 16, 1, s));
        FisherArtefact.write(file, about(s, provenance(48, 9)), matrices, new double[] {0.5, -1});
        return FisherArtefact.read(file);
    }

    private LoraModel adapter(String targets) {
        return LoraModel.attach(Models.load(base), LoraConfig.of(2, 4, 0, targets), 5, DType.F32);
    }

    private static String message(Executable work) {
        return assertThrows(AglException.class, work).getMessage();
    }

    @Test void whatIsWrittenIsRead() throws Exception {
        AglSettings s = settings("m=2", "H=diag_fisher", "fisher_tokens=1");
        FisherArtefact read = made(s);
        assertEquals(file, read.file());
        assertEquals(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))), read.sha256());
        assertEquals(about(s, provenance(48, 9)), read.about());
        assertEquals(3, read.examples());
        assertEquals(Set.of(FIRST, SECOND), read.matrices().keySet());
        Fisher f = read.matrices().get(FIRST);
        assertArrayEquals(new double[] {9, 4}, f.eigenvalues(), 1e-9);
        assertArrayEquals(new double[] {9, 4, 1}, f.spectrum(), 1e-9);
        assertEquals(14, f.trace(), 1e-9);
        assertEquals(4, f.diagonal().get(17), 1e-9);
        assertArrayEquals(new double[] {0.5, -1}, read.margins());
        read.margins()[0] = 7;
        assertEquals(0.5, read.margins()[0]);
        assertEquals(AglSettings.names(AglSettings.Estimate.class).size(), read.estimate().size());
        assertEquals(1, read.estimate().get("fisher_tokens").asInt());
        assertEquals(9.0 / 14, FisherArtefact.share(f, 1), 1e-9);
        assertEquals(13.0 / 14, FisherArtefact.share(f, 2), 1e-9);
        assertEquals(0, FisherArtefact.share(fisher("w", 3, 3, 0, s), 1));
    }

    /** Adapted layers alone, in the adapter's order, the leading directions, divided by the mean trace of 14 and 7. */
    @Test void aRunTakesWhatItAdapts() {
        FisherArtefact read = made(settings("m=2", "H=diag_fisher"));
        LoraModel lora = adapter("v_proj");
        Map<String, Fisher> of = read.of(lora, settings("m=2"));
        assertEquals(List.of(FIRST, SECOND), List.copyOf(of.keySet()));
        assertArrayEquals(new double[] {9 / 10.5, 4 / 10.5}, of.get(FIRST).eigenvalues(), 1e-9);
        assertNull(of.get(FIRST).diagonal());
        of = read.of(lora, settings("m=1", "H=diag_fisher", "fisher_norm=none"));
        assertArrayEquals(new double[] {4.5}, of.get(SECOND).eigenvalues(), 1e-9);
        assertEquals(9, of.get(FIRST).diagonal().get(0), 1e-9);
        TrainData data = new TrainData(List.of(new Example("a", "b")), List.of(), List.of()).withFisher(read);
        ModelBundle bundle = TinyModel.load(base);
        Map<String, Fisher> source = new FisherSource(bundle).estimate(lora, RunConfig.DEFAULT, settings("m=1"), data);
        assertArrayEquals(new double[] {9 / 10.5}, source.get(FIRST).eigenvalues(), 1e-9);
    }

    @Test void withEnergyAllDirectionsOfTheFileAreTaken() {
        AglSettings s = settings("energy=0.9");
        assertArrayEquals(new double[] {9 / 10.5, 4 / 10.5}, made(s).of(adapter("v_proj"), s).get(FIRST).eigenvalues(), 1e-9);
    }

    @Test void otherLayersAreRefused() {
        FisherArtefact read = made(settings());
        assertDoesNotThrow(() -> read.requireLayers(adapter("v_proj")));
        assertEquals(file + ": has no Fisher information of 4 of the 6 layers to be adapted, model.layers.0.self_attn.q_proj among them; "
                + "make it with the same --target-modules", message(() -> read.of(adapter("q_proj,k_proj,v_proj"), settings())));
    }

    @ParameterizedTest @CsvSource({"7,16", "8,15"}) void otherShapesAreRefused(int out, int in) {
        AglSettings s = settings();
        Map<String, Fisher> matrices = Map.of(FIRST, fisher(FIRST, out, in, 1, s), SECOND, fisher(SECOND, out, in, 1, s));
        FisherArtefact.write(file, about(s, provenance(48, 9)), matrices, new double[0]);
        FisherArtefact read = FisherArtefact.read(file);
        assertEquals(0, read.margins().length);
        assertEquals(file + ": " + FIRST + " is " + out + " x " + in + " there and 8 x 16 in the base",
                message(() -> read.requireLayers(adapter("v_proj"))));
    }

    /** A base is its config.json and its weights, wherever they are. */
    @Test void anotherBaseIsRefused() throws IOException {
        FisherArtefact read = made(settings());
        Path copy = Files.createDirectory(temp.resolve("copy"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(base.resolve(name), copy.resolve(name));
        }
        Files.writeString(copy.resolve("README.md"), "mine");
        read.requireBase(copy);
        assertEquals(2, FisherArtefact.identity(base).size());
        Files.writeString(copy.resolve("config.json"), Files.readString(copy.resolve("config.json")) + " ");
        String said = message(() -> read.requireBase(copy));
        assertTrue(said.startsWith(file + ": was made from another base than " + copy), said);
        Path other = TinyModel.write(temp.resolve("other"), 4);
        assertThrows(AglException.class, () -> read.requireBase(other), "other weights");
        assertNotEquals(FisherArtefact.identity(base), FisherArtefact.identity(other));
    }

    /** The file's settings, the method, the run's settings, and what is said; nothing where it fits. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "m=2 | agl | m=2 |", "m=2 | agl | m=1 |",
        "m=2 | agl | m=3 | setting agl.m = 3 is more than the 2 directions of",
        "m=2 | safeanchor | m=0 | setting agl.m = 3 is more than the 2 directions of",
        "m=0 | agl | m=3 |",
        "m=2,H=diag_fisher | ewc | m=3 |",
        "m=2,H=diag_fisher | ewc | m=2,energy=0.5 |",
        "m=2 | agl | m=2,energy=0.5 | setting agl.energy = 0.5 contradicts",
        "m=2,energy=0.9 | agl | m=1 | setting agl.energy = 0.0, with m = 1, contradicts",
        "m=2,energy=0.9 | agl | m=9,energy=0.9 |",
        "m=2 | agl | m=2,refresh_every=1 | setting agl.refresh_every = 1 estimates the Fisher information again",
        "m=2 | projection | m=2,refresh_every=1 |",
        "m=2 | ewc | m=2 | was made without the diagonal, which ewc needs; make it without --no-diagonal",
        "m=2 | agl | m=2,H=diag_fisher | was made without the diagonal, which agl needs with these settings; make it without",
        "m=2 | safeanchor | m=2,H=diag_fisher |",
        "m=2,H=diag_fisher | agl | m=2,H=diag_fisher |"})
    void whatARunNeedsOfTheFile(String made, String method, String run, String said) {
        FisherArtefact read = made(settings(made.split(",")));
        AglSettings s = settings(run.split(","));
        if (said == null) {
            assertDoesNotThrow(() -> read.require(MethodKind.of(method), s));
        } else {
            String message = message(() -> read.require(MethodKind.of(method), s));
            assertTrue(message.contains(said) && message.contains(said.startsWith("setting agl.refresh") ? "--fisher" : file.toString()),
                    message);
        }
    }

    @ParameterizedTest @CsvSource({"fisher_tokens=5,agl.fisher_tokens,true", "fisher_tokens=5,agl.fisher_data,false",
        "fisher_tokens=1,agl.fisher_tokens,false", "m=7,agl.m,false", "fisher_tokens=5,fisher_tokens,false"})
    void whatWasAskedForOtherwiseIsRefused(String set, String given, boolean refused) {
        FisherArtefact read = made(settings("m=2", "fisher_tokens=1"));
        if (refused) {
            assertEquals("setting agl.fisher_tokens = 5 contradicts " + file + ", which was made with 1: leave it out",
                    message(() -> read.requireNoContradiction(settings(set), Set.of(given))));
        } else {
            assertDoesNotThrow(() -> read.requireNoContradiction(settings(set), Set.of(given)));
        }
    }

    private static List<String> notes(FisherArtefact read, Set<String> given, List<Long> seeds, String... sets) {
        return read.notes(RunConfig.of(null, List.of(sets)), given, seeds, PLAIN);
    }

    @Test void whatTheFileDecidesIsSaid() {
        FisherArtefact read = made(settings("m=2", "fisher_tokens=1"));
        String[] same = {"max_length=48", "agl.m=2", "agl.fisher_tokens=1"};
        String[] other = {"max_length=64", "agl.m=1"};
        String start = "the Fisher information is as " + file + " was made: ";
        assertEquals(List.of(), notes(read, Set.of(), List.of(9L), same));
        assertEquals(List.of(start + "agl.m is 2, not 1; agl.fisher_tokens is 1, not 2; max_length is 48, not 64; seed is 9, not 2, 3"),
                notes(read, Set.of(), List.of(2L, 9L, 3L), other));
        assertEquals(List.of(start + "agl.fisher_tokens is 1, not 2; max_length is 48, not 64"),
                notes(read, Set.of("agl.m"), List.of(9L), other), "m is the run's own");
        AglSettings s = settings();
        FisherArtefact.write(file, about(s, JsonNodeFactory.instance.objectNode()), Map.of(FIRST, fisher(FIRST, 8, 16, 1, s)),
                new double[0]);
        assertEquals(List.of(), notes(FisherArtefact.read(file), Set.of(), List.of(2L)), "what is not known is not said");
    }

    @Test void anotherTemplateIsSaid() {
        FisherArtefact read = made(settings());
        RunConfig config = RunConfig.of(null, List.of("max_length=48"));
        assertEquals(List.of("warning: " + file + " was made with template plain, this run has chat"),
                read.notes(config, Set.of(), List.of(9L), Map.of("template", "chat")));
        assertEquals(List.of("warning: " + file + " was made with template plain, this run has another chat template"),
                read.notes(config, Set.of(), List.of(9L), Map.of("template", "plain", "sha256", "1")));
    }

    /** The same tensors with other metadata and a checksum that fits. */
    private void rewrite(String name, UnaryOperator<String> change) throws IOException {
        Path made = temp.resolve("made.fisher");
        try (SafeTensors in = SafeTensors.open(file)) {
            SafeTensorsWriter out = new SafeTensorsWriter();
            Map<String, String> metadata = new TreeMap<>(in.metadata());
            metadata.compute(name, (key, value) -> change.apply(value));
            metadata.forEach(out::metadata);
            in.names().forEach(n -> out.add(in.info(n)));
            out.writeSealed(made);
        }
        Files.write(file, Files.readAllBytes(made));
    }

    private String refusal() {
        return message(() -> FisherArtefact.read(file));
    }

    @ParameterizedTest @ValueSource(strings = {"base", "estimate", "template", "stored", "provenance", "examples"})
    void aFileThatDoesNotSayWhatItIsOfIsRefused(String field) throws IOException {
        made(settings());
        rewrite("about", text -> {
            try {
                return JSON.readTree(text).<ObjectNode>deepCopy().without(field).toString();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertEquals(file + ": does not say what it was made from", refusal());
    }

    @Test void oneExampleIsTheLeast() {
        AglSettings s = settings();
        Map<String, Fisher> matrices = Map.of(FIRST, fisher(FIRST, 8, 16, 1, s));
        FisherArtefact.write(file, about(s, 1, provenance(48, 9)), matrices, new double[0]);
        assertEquals(1, FisherArtefact.read(file).examples());
        FisherArtefact.write(file, about(s, 0, provenance(48, 9)), matrices, new double[0]);
        assertEquals(file + ": does not say what it was made from", refusal());
    }

    @Test void filesOfAnotherKindAreRefused() throws IOException {
        assertEquals(file + ": no such file", refusal());
        Files.createDirectory(file);
        assertEquals(file + ": is a folder, not a Fisher artefact", refusal());
        Files.delete(file);
        Files.writeString(file, "notes");
        assertTrue(refusal().startsWith(file + ": is not a Fisher artefact"));
        Files.delete(file);
        made(settings());
        rewrite("about", text -> null);
        assertEquals(file + ": does not say what it was made from", refusal());
        Files.delete(file);
        made(settings());
        rewrite("about", text -> text.replace("\"m\":0", "\"m\":-1"));
        assertTrue(refusal().startsWith(file + ": setting m = -1"), refusal());
        Files.delete(file);
        made(settings());
        rewrite("layout", text -> "agl-fisher-artefact-2");
        assertTrue(refusal().startsWith(file + ": is a Fisher artefact of format 2, this program reads format 1;"), refusal());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertTrue(refusal().contains("damaged"), refusal());
    }

    /** A damaged one is known by how its header begins or by its layout, as long as the header begins like one. */
    @Test void aDamagedOneIsStillOne() throws IOException {
        assertFalse(FisherArtefact.isOne(file));
        assertFalse(FisherArtefact.isOne(temp), "a folder");
        assertFalse(FisherArtefact.isOne(base.resolve("model.safetensors")));
        made(settings());
        assertTrue(FisherArtefact.isOne(file));
        byte[] whole = Files.readAllBytes(file);
        String start = "\"__metadata__\":{\"about\":\"{\\\"base\\\":[";
        assertEquals(start, new String(whole, 9, start.length(), StandardCharsets.UTF_8));
        assertTrue(isOne(Arrays.copyOf(whole, 9 + start.length())), "cut behind its beginning");
        assertFalse(isOne(Arrays.copyOf(whole, 8 + start.length())), "cut before");
        byte[] cut = Arrays.copyOf(whole, whole.length - 1);
        cut[9 + start.length() - 1] ^= 1;
        assertTrue(isOne(cut), "its layout is there");
        byte[] renamed = new String(cut, StandardCharsets.ISO_8859_1).replace("agl-fisher-artefact-", "agl-fisher-artefacts")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(isOne(renamed), "neither");
        cut[10] ^= 1;
        assertFalse(isOne(cut), "a layout in something else");
    }

    private boolean isOne(byte[] content) throws IOException {
        Files.write(file, content);
        return FisherArtefact.isOne(file);
    }
}
