package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.lora.AdapterStatistics;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.Checkpoint;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.TensorInfo;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever happens to a file that somebody else made, reading and using it either works or ends in an {@link AglException} of one line:
 * never another error, an endless loop or a read outside the folder. Good files are damaged at random, by a fixed seed;
 * -Dagl.fuzz.rounds=100000 and -Dagl.fuzz.seed=2 go further
 * (and want -Djunit.jupiter.execution.timeout.mode=disabled).
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DamagedFilesTest {
    private static final int ROUNDS = Integer.getInteger("agl.fuzz.rounds", 400);
    private static final long SEED = Long.getLong("agl.fuzz.seed", 1);
    private static final int LONGEST = 1000;
    /** The reader warns of unknown settings; thousands of damaged files would say so thousands of times. */
    private static final Logger WARNINGS = Logger.getLogger("agl.lora");
    private static final Compute COMPUTE = Compute.all().findFirst().orElseThrow();
    @TempDir Path folder;
    private Mutator mutator;

    @BeforeEach void sameMutationsEveryTime() {
        mutator = new Mutator(SEED);
        WARNINGS.setLevel(Level.OFF);
    }

    @AfterEach void warnAgain() {
        WARNINGS.setLevel(null);
    }

    private interface Use {
        void run() throws IOException;
    }

    /**
     * Damages what {@code damage} damages and uses it, round after round. Some rounds must be refused and some must not: else nothing was
     * tested.
     */
    private void rounds(int share, Use damage, Use use) throws IOException {
        int refused = 0;
        int rounds = Math.max(50, ROUNDS / share);
        for (int round = 0; round < rounds; round++) {
            damage.run();
            try {
                use.run();
            } catch (AglException e) {
                refused++;
                String message = String.valueOf(e.getMessage());
                if (e.getMessage() == null || message.length() >= LONGEST
                        || message.chars().anyMatch(c -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029')) {
                    throw new AssertionError("round " + round + " of seed " + SEED + ": not one clear line: " + message + kept(), e);
                }
            } catch (Exception | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("round " + round + " of seed " + SEED + ": " + e + kept(), e);
            }
        }
        System.out.println(rounds + " damaged files, " + refused + " refused");
        assertTrue(refused > rounds / 10 && refused < rounds, refused + " of " + rounds + " refused");
    }

    /** The damaged files are kept for a look. */
    private String kept() {
        try {
            Path kept = Files.createTempDirectory("damaged");
            try (var files = Files.walk(folder)) {
                for (Path f : files.filter(Files::isRegularFile).toList()) {
                    Files.copy(f, kept.resolve(f.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            return "; files in " + kept;
        } catch (IOException e) {
            return "";
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        return Files.readAllBytes(file);
    }

    private static void readAll(TensorInfo info) {
        try {
            assertEquals(info.elements(), info.toFloats().length);
        } catch (AglException e) {
            assertTrue(e.getMessage().contains("has type"), e.getMessage()); // one of the types that are not computed with
        }
    }

    @Test void safetensors() throws IOException {
        byte[] good = bytes(Fixture.of("gpt2").adapter().resolve("adapter_model.safetensors"));
        Path file = folder.resolve("x.safetensors");
        rounds(1, () -> Files.write(file, mutator.safetensors(good)), () -> {
            try (SafeTensors opened = SafeTensors.open(file)) {
                opened.names().forEach(name -> readAll(opened.info(name)));
            }
        });
    }

    @Test void indexFiles() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        // What "../x" would reach.
        Files.write(folder.resolve("x"), bytes(Fixture.of("gpt2").adapter().resolve("adapter_model.safetensors")));
        byte[] good = Shards.split(Fixture.of("qwen3").folder().resolve("model.safetensors"), inner, 3);
        rounds(1, () -> Files.write(inner.resolve("model.safetensors.index.json"), mutator.json(good)), () -> {
            try (Checkpoint opened = Checkpoint.open(inner)) {
                opened.names().forEach(name -> {
                    assertEquals(inner, opened.info(name).file().toAbsolutePath().normalize().getParent(),
                            "a file outside the folder was read");
                    readAll(opened.info(name));
                });
            }
        });
    }

    @ParameterizedTest @ValueSource(strings = {"llama3", "mistral", "qwen2-window", "qwen3", "gpt2"})
    void modelConfigs(String name) throws IOException {
        Path model = Fixture.of(name).folder();
        Files.copy(model.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        byte[] good = bytes(model.resolve("config.json"));
        rounds(5, () -> Files.write(folder.resolve("config.json"), mutator.json(good)), () -> {
            Transformer loaded = Models.load(folder);
            assertEquals(3L * loaded.config().vocabulary(), COMPUTE.logits(loaded, Batch.of(1, 2, 3)).length);
        });
    }

    @ParameterizedTest @ValueSource(strings = {"patterns", "layers", "modules-to-save", "dora-gpt2", "bias-all", "regex"})
    void adapters(String name) throws IOException {
        Fixture fixture = Fixture.at("adapters/" + name);
        Transformer base = Models.load(Fixture.of(fixture.json().get("base").asText()).folder());
        byte[] settings = bytes(fixture.folder().resolve("adapter_config.json"));
        byte[] weights = bytes(fixture.folder().resolve("adapter_model.safetensors"));
        boolean[] which = new boolean[1];
        rounds(5, () -> {
            which[0] = !which[0];
            Files.write(folder.resolve("adapter_config.json"), which[0] ? mutator.json(settings) : settings);
            Files.write(folder.resolve("adapter_model.safetensors"), which[0] ? weights : mutator.safetensors(weights));
        }, () -> {
            LoraModel lora = Peft.load(base, folder, 1);
            try (SafeTensors opened = Peft.openWeights(folder)) {
                COMPUTE.logits(base, Batch.of(1, 2, 3));
                assertFalse(AdapterStatistics.of(lora.config(), opened).isEmpty());
            } finally {
                lora.detach();
            }
        });
    }

    /** What agl inspect reads of an adapter, which has no base to be compared with. */
    @ParameterizedTest @ValueSource(strings = {"patterns", "dora-gpt2"})
    void adapterStatistics(String name) throws IOException {
        Path adapter = Fixture.resource("adapters/" + name);
        byte[] settings = bytes(adapter.resolve("adapter_config.json"));
        byte[] weights = bytes(adapter.resolve("adapter_model.safetensors"));
        int[] round = new int[1];
        rounds(5, () -> {
            Files.write(folder.resolve("adapter_config.json"), round[0]++ % 4 == 0 ? mutator.json(settings) : settings);
            Files.write(folder.resolve("adapter_model.safetensors"), round[0] % 4 == 0 ? weights : mutator.safetensors(weights));
        }, () -> {
            try (SafeTensors opened = Peft.openWeights(folder)) {
                AdapterStatistics.of(Peft.readConfig(folder), opened);
            }
        });
    }

    @ParameterizedTest @ValueSource(strings = {"llama3", "gemma", "metaspace-first", "added-tokens", "word-ends", "prefixes", "roberta"})
    void tokenizers(String name) throws IOException {
        byte[] good = bytes(Fixture.resource("agl/nn/tokenizer/" + name + ".tokenizer.json"));
        String token = new JsonMapper().readTree(good).at("/added_tokens/0/content").asText();
        byte[] neighbour = ("{\"bos_token\":{\"content\":\"" + token + "\"},\"eos_token\":null,\"add_bos_token\":true}")
                .getBytes(StandardCharsets.UTF_8);
        int[] round = new int[1];
        rounds(7, () -> {
            boolean other = round[0]++ % 4 == 0;
            Files.write(folder.resolve("tokenizer.json"), other ? good : mutator.json(good));
            Files.write(folder.resolve("special_tokens_map.json"), other ? mutator.json(neighbour) : neighbour);
        }, () -> {
            HfTokenizer tokenizer = HfTokenizer.load(folder);
            tokenizer.decode(tokenizer.encode("The keeper's <s>harbour</s>  漢字 e\u0301 😀 42\n", true), true);
        });
    }

    @Test void chatTemplates() throws IOException {
        JsonMapper json = new JsonMapper();
        JsonNode all = json.readTree(Fixture.resource("agl/nn/tokenizer/chat.json").toFile());
        List<byte[]> good = new ArrayList<>();
        for (JsonNode own : all.get("own")) {
            String template = own.path("template").asText();
            if (!template.isEmpty()) {
                good.add(json.writeValueAsBytes(json.createObjectNode().put("bos_token", "<s>").put("chat_template", template)));
            }
        }
        assertTrue(good.size() > 2);
        int[] round = new int[1];
        rounds(1, () -> Files.write(folder.resolve("tokenizer_config.json"), mutator.json(good.get(round[0]++ % good.size()))), () -> {
            ChatTemplate template = ChatTemplate.load(folder);
            if (template != null) {
                template.apply(List.of(new ChatTemplate.Message("system", "Be brief."), new ChatTemplate.Message("user", "Hello {{ 1 }}")),
                        true);
            }
        });
    }
}
