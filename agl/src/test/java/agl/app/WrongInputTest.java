package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody gets wrong at a terminal: always one line that names it, exit code 2, and nothing left on the disk. */
class WrongInputTest {
    @TempDir Path temp;
    private Path base;
    private Path adapter;
    private Path task;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        adapter = temp.resolve("adapter");
        Peft.save(LoraModel.attach(Models.load(base), LoraConfig.of(2, 6, 0, "q_proj,down_proj"), 1, DType.F32), adapter, "base");
        task = Files.writeString(temp.resolve("task.csv"), "instruction,response\nsay cat,the cat\nsay dog,the dog\n");
    }

    private List<Path> everything() {
        try (Stream<Path> all = Files.walk(temp)) {
            return all.sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** {@code line} with the folders' names in it as $base and so on; {@code said} must be in the answer. */
    private void assertRefused(String said, String line) {
        String[] args = Arrays.stream(line.split(" ")).map(a -> a.equals("''") ? "" : a.replace("$", temp + "/")).toArray(String[]::new);
        List<Path> before = everything();
        CommandLineRun run = CommandLineRun.withInput("text\n".getBytes(StandardCharsets.UTF_8), args);
        assertEquals(2, run.code(), line + ": " + run);
        assertEquals(1, run.err().lines().count(), line + ": " + run.err());
        assertTrue(run.err().startsWith("agl: ") && run.err().contains(said), line + ": " + run.err());
        assertTrue(run.err().strip().chars().noneMatch(Character::isISOControl) && run.err().length() < 1500, run.err());
        assertEquals("", run.out(), line);
        assertEquals(before, everything(), line + ": left something behind");
    }

    private Path copyOfBase(String name) throws IOException {
        Path copy = Files.createDirectory(temp.resolve(name));
        try (Stream<Path> files = Files.list(base)) {
            for (Path f : files.toList()) {
                Files.copy(f, copy.resolve(f.getFileName()));
            }
        }
        return copy;
    }

    private static void cut(Path file, int bytes) throws IOException {
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
    }

    @Test void paths() throws IOException {
        Files.createDirectory(temp.resolve("empty"));
        Files.createSymbolicLink(temp.resolve("nowhere"), temp.resolve("gone"));
        for (String command : new String[] {"logits --tokens 1", "generate --prompt x", "merge --adapter $adapter --out $new/a/b",
            "align --data $task.csv --out $new/a/b",
            "train --method lora --task $task.csv --out $new/a/b", "tokenize", "drift --prompts $task.csv --out $new/a"}) {
            for (String wrong : new String[] {"$none", "$empty", "$task.csv", "$nowhere"}) {
                assertRefused(command.startsWith("drift") ? "task.csv" : wrong.substring(1), command + " --base " + wrong);
            }
        }
        for (String wrong : new String[] {"$none", "$empty", "$task.csv", "$base", "$nowhere"}) {
            assertRefused(wrong.substring(1), "logits --base $base --tokens 1 --adapter " + wrong);
            assertRefused(wrong.substring(1),
                    "train --base $base --task $task.csv --method lora --out $new/a --steps 1 --init-adapter " + wrong);
        }
        for (String wrong : new String[] {"$none.csv", "$empty", "$base"}) {
            assertRefused(wrong.substring(1), "train --base $base --method lora --out $new --task " + wrong);
            assertRefused(wrong.substring(1), "align --base $base --out $new --data " + wrong);
        }
        assertRefused("empty", "inspect $empty");
        assertRefused("nowhere", "train --base $base --task $task.csv --alignment $task.csv --method asft --unaligned $nowhere --out $out");
    }

    private void prompts() throws IOException {
        Files.writeString(temp.resolve("prompts.csv"), "prompt,label\nhello,safe\n");
    }

    @Test void damagedModels() throws IOException {
        cut(copyOfBase("cut").resolve("model.safetensors"), 3000);
        cut(copyOfBase("short").resolve("model.safetensors"), 5);
        cut(copyOfBase("zero").resolve("model.safetensors"), 0);
        cut(copyOfBase("config").resolve("config.json"), 40);
        for (String name : new String[] {"cut", "short", "zero", "config"}) {
            assertRefused("$/".substring(1) + name, "logits --tokens 1 --base $" + name);
        }
        Path folder = copyOfBase("folder").resolve("model.safetensors");
        Files.delete(folder);
        Files.createDirectory(folder);
        assertRefused("not a regular file", "logits --tokens 1 --base $folder");
        Path outside = copyOfBase("outside");
        Files.delete(outside.resolve("model.safetensors"));
        for (String shard : new String[] {"../base/model.safetensors", "/etc/passwd", "..", "x\\ny", "a".repeat(5000), "",
            "none.safetensors"}) {
            Files.writeString(outside.resolve("model.safetensors.index.json"),
                    "{\"weight_map\":{\"model.norm.weight\":\"" + shard + "\"}}");
            assertRefused(shard.equals("none.safetensors") ? "no such file" : "plain file name", "logits --tokens 1 --base $outside");
        }
    }

    @Test void tokenizersOfOtherFamilies() throws IOException {
        Path file = copyOfBase("other").resolve("tokenizer.json");
        Files.delete(file.resolveSibling("tokenizer_config.json"));
        for (String model : new String[] {"{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",-1.0]]}",
            "{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"vocab\":{\"[UNK]\":0}}"}) {
            Files.writeString(file, "{\"model\":" + model + "}");
            for (String command : new String[] {"tokenize", "generate --prompt x", "train --method lora --task $task.csv --out $new"}) {
                assertRefused("only BPE", command + " --base $other");
            }
        }
        StringBuilder vocab = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            vocab.append(i == 0 ? "" : ",").append("\"t").append(i).append("\":").append(i);
        }
        Files.writeString(file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{" + vocab + "},\"merges\":[]}}");
        assertRefused("do not belong together", "generate --base $other --prompt x");
        cut(file, 100);
        assertRefused("tokenizer.json", "tokenize --base $other");
    }

    /** NaN or infinity in any file that is read as weights: refused by every command that reads it, naming file and tensor. */
    @Test void weightsThatAreNotFinite() throws IOException {
        prompts();
        Files.writeString(temp.resolve("held.csv"), "instruction,response\nsay cow,the cow\n");
        Path broken = copyOfBase("broken");
        last(broken.resolve("model.safetensors"), Float.NaN);
        String trained = "train --method lora --task $task.csv --eval $held.csv --out $new --base ";
        for (String command : new String[] {"logits --tokens 1 --base $broken", "generate --prompt x --base $broken",
            "drift --prompts $prompts.csv --out $new --base $broken",
            "merge --adapter $adapter --out $new --base $broken", "align --data $task.csv --out $new --base $broken", trained + "$broken",
            "train --method safelora --unaligned $broken --task $task.csv --eval $held.csv --out $new --base $base"}) {
            assertRefused("broken/model.safetensors: tensor model.norm.weight holds NaN at [15]", command);
        }
        last(adapter.resolve("adapter_model.safetensors"), Float.POSITIVE_INFINITY);
        for (String command : new String[] {"logits --tokens 1 --base $base --adapter", "generate --prompt x --base $base --adapter",
            "drift --prompts $prompts.csv --out $new --base $base --adapter", "merge --out $new --base $base --adapter",
            trained + "$base --init-adapter"}) {
            assertRefused(
                    "adapter/adapter_model.safetensors: tensor base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight holds "
                    + "Infinity at",
                    command + " $adapter");
        }
    }

    /** The last float of the file. */
    private static void last(Path file, float value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, value);
        Files.write(file, bytes);
    }

    /** A tokenizer with a token more than its model: everything works until a text holds that token. */
    @Test void aTokenThatTheModelDoesNotKnow() throws IOException {
        Path larger = copyOfBase("larger");
        Path config = larger.resolve("tokenizer_config.json");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(config.toFile());
        json.putArray("extra_special_tokens").add("<|image|>");
        Files.writeString(config, json.toString());
        CommandLineRun run = CommandLineRun.of("generate", "--base", larger.toString(), "--prompt", "say", "--max-new-tokens", "2");
        assertEquals(0, run.code(), run.toString());
        assertRefused("contains token <|image|>", "generate --base $larger --prompt say<|image|>");
    }

    @Test void adaptersThatDoNotFit() throws IOException {
        Path wide = temp.resolve("wide");
        Models.save(Models.random(agl.nn.ModelConfig.llama(32, 2, 4, 2, 24, Models.load(base).config().vocabulary()).withPositions(96), 1,
                DType.F32), wide, base, DType.F32);
        prompts();
        for (String command : new String[] {"logits --tokens 1 --adapter", "generate --prompt x --adapter", "merge --out $new/m --adapter",
            "drift --prompts $prompts.csv --out $new --adapter",
            "train --method lora --task $task.csv --out $new/t --init-adapter"}) {
            assertRefused("does not fit this base (it was made for", command + " $adapter --base $wide");
        }
        Path config = adapter.resolve("adapter_config.json");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(config.toFile());
        json.putArray("target_modules").add("q\n\u001b[31m" + "x".repeat(5000));
        Files.writeString(config, json.toString());
        assertRefused("match no layer; this model has", "logits --tokens 1 --base $base --adapter $adapter");
        cut(adapter.resolve("adapter_model.safetensors"), 300);
        assertRefused("truncated", "inspect $adapter");
    }

    @Test void outputs() throws IOException {
        Files.writeString(Files.createDirectory(temp.resolve("full")).resolve("mine"), "x");
        Files.createSymbolicLink(temp.resolve("nowhere"), temp.resolve("gone"));
        prompts();
        String merge = "merge --base $base --adapter $adapter --out ";
        String align = "align --base $base --data $task.csv --steps 1 --out ";
        String train = "train --base $base --task $task.csv --method lora --steps 1 --out ";
        String drift = "drift --base $base --prompts $prompts.csv --out ";
        for (String out : new String[] {"$task.csv", "$task.csv/below", "$nowhere", "$nowhere/below"}) {
            for (String command : new String[] {merge, align, train, drift}) {
                assertRefused(out.substring(1, 5), command + out);
            }
        }
        for (String command : new String[] {merge, align, train, drift}) {
            assertRefused("path must not be empty", command + "''");
        }
        for (String out : new String[] {"$full", "$base"}) {
            assertRefused(out.substring(1), merge + out);
            assertRefused(out.substring(1), align + out);
        }
        assertRefused("adapter", train + "$adapter");
        assertRefused("base", train + "$base");
        for (String command : new String[] {merge, align, train, drift}) {
            assertRefused("lies in the folder that --base names", command + "$base/below/it");
        }
        // A dry run writes nothing: its --out may be anywhere.
        for (String out : new String[] {"$base/below", "$base", "$new/a/b"}) {
            List<Path> before = everything();
            CommandLineRun run = CommandLineRun.of((train + out + " --dry-run").replace("$", temp + "/").split(" "));
            assertEquals(0, run.code(), run.toString());
            assertEquals(before, everything(), out);
        }
        assertRefused("is what --base names", drift + "$base");
        assertRefused("is what --adapter names", drift + "$adapter --adapter $adapter");
        for (String command : new String[] {train, drift,
            "compare --base $base --task $task.csv --prompts $prompts.csv --methods lora --steps 1 --out "}) {
            assertRefused("adapter: holds adapter_config.json already", command + "$adapter");
        }
        // What is somebody's: shards, another program's weights, a comparison that was killed, a model where the demo would put its own, an
        // input beside its output.
        Files.writeString(Files.createDirectories(temp.resolve("shards")).resolve("model-00001-of-00002.safetensors"), "x");
        Files.writeString(Files.createDirectories(temp.resolve("theirs")).resolve("adapter_model.bin"), "x");
        Files.writeString(Files.createDirectories(temp.resolve("killed/runs")).resolve("run-0123456789ab.json"), "x");
        Files.writeString(Files.createDirectories(temp.resolve("home/base")).resolve("model.bin"), "x");
        Files.copy(temp.resolve("prompts.csv"), Files.createDirectories(temp.resolve("beside")).resolve("answers.csv"));
        for (String command : new String[] {train, drift}) {
            assertRefused("shards: holds model-00001-of-00002.safetensors already", command + "$shards");
            assertRefused("theirs: holds adapter_model.bin already", command + "$theirs");
            assertRefused("killed: holds the runs of a comparison", command + "$killed");
        }
        Files.writeString(Files.createDirectories(temp.resolve("mine")).resolve("settings.json"), "{}");
        assertRefused("mine: holds settings.json, which agl did not make", train + "$mine");
        assertRefused("mine: holds settings.json, which agl did not make", "explain --out $mine");
        Files.writeString(Files.createDirectories(temp.resolve("logs")).resolve("metrics.jsonl"), "{\"accuracy\": 1}\n");
        assertRefused("is not a log of training steps", train + "$logs");
        Files.writeString(Files.createDirectories(temp.resolve("labelled")).resolve("answers.csv"), "mine");
        for (String command : new String[] {train, drift}) {
            assertRefused("labelled: holds answers.csv, which agl did not make", command + "$labelled");
        }
        // What a link names is what is written over.
        Files.createSymbolicLink(temp.resolve("link"), Files.createDirectories(temp.resolve("linked-to")));
        Files.copy(temp.resolve("task.csv"), temp.resolve("link.metrics.jsonl"));
        assertRefused("could be written over", "align --base $base --steps 1 --data $link.metrics.jsonl --out $link");
        Files.createSymbolicLink(temp.resolve("away.metrics.jsonl"), temp.resolve("task.csv"));
        assertRefused("could be written over", align + "$away");
        assertRefused("is what --fisher-cache names",
                "compare --base $base --task $task.csv --prompts $prompts.csv --fisher-cache $cache --out $cache");
        String cached = "train --base $base --task $task.csv --alignment $task.csv --out $new --fisher-cache ";
        assertRefused("is no place for a Fisher cache", cached + "$base");
        assertRefused("cache: lies in the folder that --base names; name another --fisher-cache", cached + "$base/cache");
        // A link in the place of a log.
        Files.writeString(temp.resolve("theirs.jsonl"), "");
        Files.createSymbolicLink(Files.createDirectories(temp.resolve("logged")).resolve("metrics.jsonl"), temp.resolve("theirs.jsonl"));
        assertRefused("metrics.jsonl: is a link", train + "$logged");
        Files.createSymbolicLink(temp.resolve("loose.metrics.jsonl"), temp.resolve("nowhere.jsonl"));
        assertRefused("loose.metrics.jsonl: is a link", align + "$loose");
        // Somebody's own runs are no comparison, and a provenance.json of another program says nothing of ours.
        Files.createDirectories(temp.resolve("project/runs/run-2024"));
        Files.writeString(temp.resolve("project/report.html"), "mine");
        assertRefused("project: holds report.html, which agl did not make",
                "compare --base $base --task $task.csv --prompts $prompts.csv --methods lora --steps 1 --out $project");
        Files.writeString(temp.resolve("project/runs/run-0123456789ab.json"), "{}");
        assertRefused("project: holds report.html, which agl did not make",
                "compare --base $base --task $task.csv --prompts $prompts.csv --methods lora --steps 1 --out $project");
        Files.writeString(Files.createDirectories(temp.resolve("foreign")).resolve("provenance.json"), "{\"by\": \"another program\"}");
        assertRefused("foreign: holds provenance.json, which agl did not make", train + "$foreign");
        Files.writeString(Files.createDirectories(temp.resolve("site")).resolve("lora.html"), "mine");
        assertRefused("site: holds lora.html, which agl did not make", "explain --out $site");
        Files.writeString(Files.createDirectories(temp.resolve("home2/adapter-lora")).resolve("adapter_config.json"), "{}");
        assertRefused("adapter-lora: holds something that is not a demo's adapter", "demo --prepare --out $home2");
        Files.writeString(temp.resolve("logs/metrics.jsonl"), "{\"step\": 10, \"loss\": 1.25}\n");
        assertRefused("is not a log of training steps", train + "$logs");
        assertRefused("is named twice", "train --base $base --task $task.csv --eval $task.csv $./task.csv --method lora --out $new");
        assertRefused("is named twice", "train --base $base --task $task.csv --eval $task.csv $task.csv --method lora --out $new");
        Files.writeString(temp.resolve("fresh.metrics.jsonl"), "accuracy 1\n");
        assertRefused("is not a log of training steps", align + "$fresh");
        assertRefused("base: holds something that is not this demo's base", "demo --prepare --out $home");
        assertRefused("could be written over", "drift --base $base --prompts $beside/answers.csv --out $beside");
        for (String made : new String[] {"compare", "align --lora", "drift"}) {
            Files.writeString(Files.createDirectories(temp.resolve("made")).resolve("provenance.json"), "{\"command\": \"" + made + "\"}");
            assertRefused("made: holds what agl " + made.split(" ")[0] + " made", drift + "$made");
            assertRefused("made: holds what agl " + made.split(" ")[0] + " made", train + "$made");
        }
        Path locked = Files.createDirectory(temp.resolve("locked"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        Assumptions.assumeFalse(Files.isWritable(locked), "this user may write everywhere: a folder without permission cannot be had");
        for (String command : new String[] {merge, align, train, drift}) {
            assertRefused("permission denied", command + "$locked/new");
        }
    }

    @Test void settings() {
        String train = "train --base $base --task $task.csv --method lora --out $new ";
        for (String wrong : new String[] {"--steps -1", "--steps x", "--r 0", "--r 99999999999", "--lora-dropout 1", "--lr -1", "--lr NaN",
            "--batch-size 0", "--max-length 0",
            "--batch-size 2147483648", "--method ewc --strength 1e400", "--method projection --strength 1e12", "-s nosuch=1", "-s steps",
            "--preset nosuch", "--target-modules nope", "--target-modules (", "--config $none.json", "--template {x}", "--template ''"}) {
            assertRefused("", train + wrong);
        }
        for (String wrong : new String[] {"logits --base $base", "logits --base $base --tokens", "logits --base $base --tokens 1 more",
            "inspect", "inspect $base $base", "nosuch",
            "train", "merge --base", "generate --base $base --prompt x --max-new-tokens 0",
            "generate --base $base --prompt x --temperature NaN",
            "generate --base $base --prompt x --top-p 2", "train --base $base --task $task.csv --out $new",
            "train --base $base --task $task.csv --method nosuch --out $new"}) {
            assertRefused("", wrong);
        }
    }

    /** The hub's own cache is made of links to files elsewhere. */
    @Test void linkedFilesAreRead() throws IOException {
        Path linked = Files.createDirectory(temp.resolve("linked"));
        try (Stream<Path> files = Files.list(base)) {
            for (Path f : files.toList()) {
                Files.createSymbolicLink(linked.resolve(f.getFileName()), f);
            }
        }
        CommandLineRun expected = CommandLineRun.of("logits", "--tokens", "1,2", "--base", base.toString());
        assertEquals(0, expected.code(), expected.err());
        assertEquals(expected, CommandLineRun.of("logits", "--tokens", "1,2", "--base", linked.toString()));
    }
}
