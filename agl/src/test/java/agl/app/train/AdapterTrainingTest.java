package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kinds of adapters that {@code agl train} makes, goes on from and {@code agl merge} folds in, as a user calls them. */
class AdapterTrainingTest {
    /** What compares the tuned model with the base through one head refuses an adapter that trains a head of its own. */
    private static final Set<MethodKind> KL_TO_BASE = EnumSet.of(MethodKind.KL, MethodKind.KL_SPARSE, MethodKind.KL_FIRST,
            MethodKind.KL_OWN, MethodKind.DER, MethodKind.FIRST_TOKENS);

    private static final ObjectMapper JSON = new ObjectMapper();
    @TempDir Path temp;
    private Path base;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        Files.writeString(temp.resolve("task.csv"), "instruction,response\n" + "tell me a story,the red fox sat on the mat\n".repeat(20));
    }

    private CommandLineRun train(String out, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--base", base.toString(), "--task", temp.resolve("task.csv").toString(),
                "--out", temp.resolve(out).toString(),
                "-s", "batch_size=4", "-s", "max_length=64", "-s", "lora_dropout=0"));
        args.addAll(List.of(more));
        for (String usual : List.of("steps=6", "learning_rate=0.02", "r=2")) {
            if (args.stream().noneMatch(a -> a.startsWith(usual.substring(0, usual.indexOf('=') + 1)))) {
                args.addAll(List.of("-s", usual));
            }
        }
        if (!args.contains("--method")) {
            args.addAll(List.of("--method", "lora"));
        }
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private void trained(String out, String... more) {
        CommandLineRun run = train(out, more);
        assertEquals(0, run.code(), run.err());
    }

    private JsonNode settings(String adapter) throws IOException {
        return JSON.readTree(temp.resolve(adapter).resolve("adapter_config.json").toFile());
    }

    @ParameterizedTest @ValueSource(strings = {"use_rslora=true", "use_dora=true", "target_modules=all-linear"})
    void isTrainedContinuedAndMerged(String setting) throws IOException {
        trained("a", "-s", setting);
        String name = setting.substring(0, setting.indexOf('='));
        assertEquals(setting.substring(name.length() + 1), settings("a").get(name).asText());
        trained("b", "--init-adapter", temp.resolve("a").toString());
        assertEquals(settings("a").get(name), settings("b").get(name));
        assertEquals(lastLoss("a"), firstLoss("b"), 0.2 * firstLoss("a"));
        assertTrue(lastLoss("b") < lastLoss("a"), lastLoss("a") + " -> " + lastLoss("b"));
        CommandLineRun merged = CommandLineRun.of("merge", "--base", base.toString(), "--adapter", temp.resolve("b").toString(), "--out",
                temp.resolve("merged").toString());
        assertEquals(0, merged.code(), merged.err());
        assertTrue(merged.out().contains("F32") && merged.out().contains("largest logit difference merged against unmerged"), merged.out());
        Matcher said = Pattern.compile("random tokens: (\\S+) \\(largest logit: (\\S+)\\)").matcher(merged.out());
        assertTrue(said.find() && Double.parseDouble(said.group(1)) < 1e-4 && Double.parseDouble(said.group(2)) > 0.1, merged.out());
    }

    private List<JsonNode> metrics(String adapter) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(temp.resolve(adapter).resolve("metrics.jsonl"))) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    private double firstLoss(String adapter) throws IOException {
        return metrics(adapter).getFirst().get("task_loss").asDouble();
    }

    private double lastLoss(String adapter) throws IOException {
        return metrics(adapter).getLast().get("task_loss").asDouble();
    }

    /**
     * Without a step taken, the adapter that comes out is the one that went in, and the base of another type keeps its type in the merge.
     */
    @Test void goingOnStartsAtTheGivenAdapterAndKeepsItsSettings() throws IOException {
        Path given = temp.resolve("given");
        LoraModel lora = LoraModel.attach(Models.load(base), LoraConfig.of(3, 5, 0, "v_proj,up_proj").withDora(), 5,
                agl.autograd.storage.DType.F32);
        lora.parameters().forEach(t -> t.data().set(0, 0.25));
        Peft.save(lora, given, "somebody/else");
        trained("on", "--init-adapter", given.toString(), "-s", "r=3", "-s", "steps=1", "-s", "learning_rate=1e-12");
        LoraModel read = Peft.load(Models.load(base), temp.resolve("on"), 1);
        assertEquals(lora.layers().keySet(), read.layers().keySet());
        lora.layers().forEach((name, l) -> {
            LoraLinear r = read.layers().get(name);
            assertArrayEquals(l.a().toArray(), r.a().toArray(), 1e-6, name);
            assertArrayEquals(l.b().toArray(), r.b().toArray(), 1e-6, name);
            assertArrayEquals(l.magnitude().toArray(), r.magnitude().toArray(), 1e-6, name);
        });
        assertEquals(3, settings("on").get("r").asInt());
        CommandLineRun dry = train("dry", "--init-adapter", given.toString(), "-s", "r=3", "--dry-run");
        assertTrue(dry.out().contains(lora.layers().size() + " layers"), dry.out());
    }

    @ParameterizedTest @ValueSource(strings = {"BF16", "F16"}) void mergedCheckpointHasTheBasesType(String type) throws IOException {
        Path small = temp.resolve("small");
        Models.save(Models.load(base), small, base, agl.autograd.storage.DType.valueOf(type));
        base = small;
        trained("a");
        CommandLineRun merged = CommandLineRun.of("merge", "--base", base.toString(), "--adapter", temp.resolve("a").toString(), "--out",
                temp.resolve("merged").toString());
        assertEquals(0, merged.code(), merged.err());
        JsonNode found = JSON.readTree(CommandLineRun.of("inspect", temp.resolve("merged").toString(), "--json").out());
        found.get("tensors").forEach(t -> assertEquals(type, t.get("type").asText(), t.toString()));
        assertNotEquals(-1, Files.mismatch(small.resolve("model.safetensors"), temp.resolve("merged/model.safetensors")),
                "nothing was merged");
    }

    /**
     * With DoRA the update is W_eff - W_0, not s·B·A; a trained bias or head is in neither: a method that sees s·B·A alone would be moved
     * past.
     */
    @Test void methodsOnTheUpdateAreRefusedWhereItIsNotAllThatIsTrained() throws IOException {
        Path unaligned = TinyModel.write(temp.resolve("unaligned"), 4);
        LoraConfig plain = LoraConfig.of(2, 4, 0, "q_proj");
        Path head = temp.resolve("head");
        Peft.save(
                LoraModel.attach(Models.load(base),
                        new LoraConfig(2, 4, 0, plain.targets(), false, false, java.util.Map.of(), java.util.Map.of(), LoraConfig.Bias.NONE,
                                List.of("lm_head"), LoraConfig.Init.DEFAULT, plain.others()),
                        1, agl.autograd.storage.DType.F32),
                head, base.toString());
        Path alignment = Files.writeString(temp.resolve("alignment.csv"),
                "instruction,response\nthe cat,I cannot help with that\nthe dog,the fox sat\nthe mat,the red fox\n");
        for (MethodKind kind : MethodKind.values()) {
            List<String> needed = List.of("--method", kind.title(), "--unaligned", unaligned.toString(), "--alignment",
                    alignment.toString());
            for (List<String> beside : List.of(List.of("-s", "use_dora=true"), List.of("--init-adapter", head.toString()))) {
                List<String> all = new ArrayList<>(needed);
                all.addAll(beside);
                String out = kind.title() + beside.getFirst().substring(1, 2);
                CommandLineRun run = train(out, all.toArray(String[]::new));
                boolean kl = KL_TO_BASE.contains(kind) && beside.getFirst().equals("--init-adapter");
                boolean refused = kind.actsOnUpdate() || kl;
                assertEquals(refused ? 2 : 0, run.code(), kind + " with " + beside + ": " + run.err());
                assertEquals(!refused, Files.exists(temp.resolve(out).resolve("adapter_model.safetensors")), kind + " with " + beside);
                if (refused) {
                    assertTrue(run.err().contains("agl: " + (kl ? "" : "method ") + kind.title())
                            && (kl || run.err().contains("choose lora, kl, ")), run.err());
                }
            }
        }
    }

    @Test void compareRefusesThemBeforeItsFirstRun() throws IOException {
        Files.writeString(temp.resolve("prompts.csv"), "prompt,label\ntell me a story,safe\nabout the dog,unsafe\n");
        CommandLineRun run = CommandLineRun.of("compare", "--base", base.toString(), "--task", temp.resolve("task.csv").toString(),
                "--alignment", temp.resolve("task.csv").toString(),
                "--prompts", temp.resolve("prompts.csv").toString(), "--methods", "lora,ewc", "--seeds", "1", "--out",
                temp.resolve("c").toString(), "-s", "use_dora=true", "-s", "steps=2");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("method ewc sees the update"), run.err());
        assertFalse(Files.exists(temp.resolve("c/runs")));
    }
}
