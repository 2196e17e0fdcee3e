package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.compare.PlainText;
import agl.app.compare.StoredRun;
import agl.app.data.DataFiles;
import agl.app.data.PromptTemplate;
import agl.app.data.Reading;
import agl.app.data.Request;
import agl.app.drift.ClosedSet;
import agl.app.inspect.Inspection;
import agl.app.MutationRounds.Damage;
import agl.app.MutationRounds.Reader;
import agl.app.MutationRounds.Use;
import agl.app.io.MetricsLog;
import agl.app.io.Provenance;
import agl.app.model.ModelBundle;
import agl.app.model.TrainedBase;
import agl.app.model.TrainedTemplate;
import agl.app.train.FisherArtefact;
import agl.app.train.RunConfig;
import agl.app.train.SavedRun;
import agl.app.train.TrainTrace;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Batch;
import agl.nn.Transformer;
import agl.nn.checkpoint.Checkpoint;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.TensorInfo;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.HfTokenizer;
import agl.regularizers.AglSettings;
import agl.regularizers.FisherCache;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every file that this program reads, damaged at random: it is read, or refused in one line by an {@link AglException}; never another
 * exception, an endless loop, or more memory than {@link MutationRounds} allows. What carries a checksum is refused whatever
 * was changed. -Dagl.mutations=1000000 and -Dagl.mutations.seed=2 go further; -Dagl.mutations.only=adapter takes one reader.
 */
class MutatedInputsTest {
    private static final int INPUTS = Integer.getInteger("agl.mutations", 20_000);
    private static final long SEED = Long.getLong("agl.mutations.seed", 1);
    private static final String ONLY = System.getProperty("agl.mutations.only", "");
    private static final String TEXT = "the cat <|end|> sat \u00e9 \uD83D\uDE00\n42";

    @TempDir Path temp;
    private final List<Reader> readers = new ArrayList<>();
    private final List<Logger> quiet = List.of(Logger.getLogger("agl"), Logger.getLogger("agl.lora"));
    private final PrintStream err = System.err;

    @BeforeEach void nothingIsSaid() {
        quiet.forEach(log -> log.setLevel(Level.OFF));
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    }

    @AfterEach void asBefore() {
        quiet.forEach(log -> log.setLevel(null));
        System.setErr(err);
    }

    private void reader(String name, int share, Map<Path, Damage> damages, Use use) {
        readers.add(new Reader(name, share, false, damages, use));
    }

    /** A file with a checksum: damaged, and then changed with a checksum that fits. */
    private void sealed(String name, int share, Path file, boolean weights, Use use) {
        readers.add(new Reader(name + ", damaged", share, true,
                Map.of(file, weights ? Mutations::safetensors : Mutations::json), use));
        readers.add(new Reader(name + ", resealed", share, false, Map.of(file, (m, good) -> m.resealed(good, weights)), use));
    }

    @Test @Timeout(value = 4, unit = TimeUnit.HOURS) void everyReader() throws Exception {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        weights();
        index();
        model(base);
        templates();
        adapter(base);
        data();
        settings();
        ours(base);
        List<String> faults = new ArrayList<>();
        List<Reader> chosen = readers.stream().filter(r -> r.name().contains(ONLY)).toList();
        int shares = chosen.stream().mapToInt(Reader::share).sum();
        int total = 0;
        for (Reader reader : chosen) {
            int rounds = Math.max(20, (int) ((long) INPUTS * reader.share() / shares));
            total += rounds;
            new MutationRounds(reader, rounds, SEED, faults).run();
        }
        assertTrue(faults.isEmpty(), faults.size() + " kinds of faults in " + total + " inputs:\n" + String.join("\n", faults));
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static void readAll(TensorInfo info) {
        try {
            assertEquals(info.elements(), info.toFloats().length);
        } catch (AglException e) {
            info.nonFinite();
        }
    }

    private void weights() {
        Path file = temp.resolve("any.safetensors");
        new SafeTensorsWriter().metadata("format", "pt").add("a", new float[6], 2, 3).add("b", new float[4], 4).add("c", new float[1])
                .write(file);
        reader("safetensors", 30, Map.of(file, Mutations::safetensors), round -> {
            try (SafeTensors opened = SafeTensors.open(file)) {
                opened.names().forEach(name -> readAll(opened.info(name)));
            }
            return round % 4 > 0 || !Inspection.of(file).toString().isEmpty();
        });
    }

    private void index() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("shards"));
        for (String name : List.of("one", "two")) {
            new SafeTensorsWriter().add(name, new float[6], 2, 3).write(folder.resolve(name + ".safetensors"));
        }
        Path index = write(folder.resolve("model.safetensors.index.json"),
                "{\"metadata\":{\"total_size\":48},\"weight_map\":{\"one\":\"one.safetensors\",\"two\":\"two.safetensors\"}}");
        Map<Path, Damage> files = new LinkedHashMap<>();
        files.put(index, Mutations::json);
        files.put(folder.resolve("two.safetensors"), Mutations::safetensors);
        reader("index", 20, files, round -> {
            try (Checkpoint opened = Checkpoint.open(folder)) {
                opened.names().forEach(name -> {
                    assertEquals(folder, opened.info(name).file().toAbsolutePath().normalize().getParent(), "read outside the folder");
                    readAll(opened.info(name));
                });
            }
            return true;
        });
    }

    /** A model folder as a whole, then its tokenizer by itself. */
    private void model(Path base) throws IOException {
        write(base.resolve("generation_config.json"), "{\"eos_token_id\":[2,3],\"bos_token_id\":1,\"do_sample\":true}");
        Map<Path, Damage> small = new LinkedHashMap<>();
        small.put(base.resolve("config.json"), Mutations::json);
        small.put(base.resolve("generation_config.json"), Mutations::json);
        Use load = round -> {
            // Frozen weights stay mapped as long as the program runs: not too often.
            ModelBundle bundle = round % 64 == 0 ? TinyModel.load(base) : ModelBundle.loadTrainable(base, PromptTemplate.INSTRUCTION);
            loss(bundle.model());
            bundle.prompts(List.of(new Request("the cat", "sat")), 4, 8);
            return bundle.isStop(3) || round % 8 > 0 || !Inspection.of(base).isEmpty();
        };
        reader("config", 14, small, load);
        reader("model weights", 6, Map.of(base.resolve("model.safetensors"), Mutations::safetensors), load);

        Path own = Files.createDirectory(temp.resolve("own-tokenizer"));
        Map<Path, Damage> files = new LinkedHashMap<>();
        files.put(Files.copy(base.resolve("tokenizer.json"), own.resolve("tokenizer.json")), Mutations::json);
        files.put(write(own.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"bos_token\":null,"
                + "\"eos_token\":{\"content\":\"<|end|>\",\"lstrip\":false,\"special\":true},\"extra_special_tokens\":[\"<x>\"]}"),
                Mutations::json);
        files.put(write(own.resolve("special_tokens_map.json"), "{\"eos_token\":\"<|end|>\",\"pad_token\":{\"content\":\"<|end|>\"},"
                + "\"additional_special_tokens\":[\"<y>\"]}"), Mutations::json);
        files.put(write(own.resolve("added_tokens.json"), "{\"<x>\":300,\"<y>\":301}"), Mutations::json);
        reader("tokenizer", 25, files, round -> use(HfTokenizer.load(own)));
        Path closed = Files.createDirectory(temp.resolve("closed"));
        Files.copy(base.resolve("tokenizer.json"), closed.resolve("tokenizer.json"));
        reader("added_tokens_decoder", 8, Map.of(write(closed.resolve("tokenizer_config.json"), "{\"eos_token\":\"<|end|>\","
                + "\"added_tokens_decoder\":{\"0\":{\"content\":\"<|end|>\",\"special\":true},\"300\":{\"content\":\"<x>\","
                + "\"normalized\":false,\"lstrip\":true,\"rstrip\":false,\"single_word\":false}}}"), Mutations::json),
                round -> use(HfTokenizer.load(closed)));
    }

    private static boolean use(HfTokenizer tokenizer) {
        tokenizer.decode(tokenizer.forVocabulary(1000).encode(TEXT, true), true);
        return true;
    }

    private static void loss(Transformer model) {
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            model.tokenLosses(tape, Batch.of(1, 2, 3));
        }
    }

    private void templates() throws IOException {
        String chat = "{%- set ns = namespace(n=0) -%}{% for m in messages %}{% if m['role'] == 'user' and loop.index0 < 9 %}"
                + "{{ '<|im_start|>' + m.role + '\\n' + m['content'] | trim + '<|im_end|>\\n' }}{% elif m.role is defined %}"
                + "{{ bos_token ~ m.content.split('</think>')[-1].lstrip('\\n') }}{{ m | tojson(indent=2) }}{% else %}"
                + "{{ raise_exception('no ' + m.role) }}{% endif %}{% set ns.n = ns.n + 1 %}{% endfor %}"
                + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{{ range(3) | join('-') }}{% endif %}";
        String macros = "{% macro say(x, n=2) %}[{{ x | replace('a', 'b') | upper }}{{ '%05.1f' % n }}]{% endmacro %}"
                + "{{ bos_token }}{% for m in messages[:4] %}{{ say(m.content) }}{{ loop.last }}{{ m.content[::-1] }}"
                + "{{ strftime_now('%d %b %Y') }}{% endfor %}{{ messages | map(attribute='role') | list | length * 2 ** 3 }}";
        Path jinja = Files.createDirectory(temp.resolve("jinja"));
        Path json = Files.createDirectory(temp.resolve("json"));
        Path both = write(json.resolve("tokenizer_config.json"), "{\"bos_token\":\"<s>\",\"chat_template\":[{\"name\":\"default\","
                + "\"template\":" + quoted(macros) + "},{\"name\":\"rag\",\"template\":\"x\"}]}");
        reader("chat_template.jinja", 20, Map.of(write(jinja.resolve("chat_template.jinja"), chat), Mutations::text),
                round -> rendered(ChatTemplate.load(jinja)));
        reader("chat_template", 15, Map.of(both, Mutations::json), round -> rendered(ChatTemplate.load(json)));
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static boolean rendered(ChatTemplate template) {
        if (template != null) {
            PromptTemplate prompt = PromptTemplate.chat(template);
            prompt.turn(new Request("tell me {{ 1 }}", "a"), "b");
            prompt.opening(new Request("tell me"), "Sure");
        }
        return true;
    }

    private void adapter(Path base) throws IOException {
        Path adapter = temp.resolve("adapter");
        Transformer model = TinyModel.load(base).model();
        LoraModel made = LoraModel.attach(model, LoraConfig.of(2, 6, 0, "q_proj,down_proj"), 1, DType.F32);
        Peft.save(made, adapter, base.toString());
        made.detach();
        Map<Path, Damage> files = new LinkedHashMap<>();
        files.put(adapter.resolve("adapter_config.json"), Mutations::json);
        files.put(adapter.resolve("adapter_model.safetensors"), Mutations::safetensors);
        Files.writeString(adapter.resolve("provenance.json"), provenance(base));
        reader("adapter", 30, files, round -> {
            if (round % 8 < 2) {
                Inspection.of(adapter);
                TrainedBase.check(base, List.of(adapter), false);
            }
            LoraModel lora = Peft.load(model, adapter, 1);
            try {
                loss(model);
            } finally {
                lora.detach();
            }
            return true;
        });
        Map<Path, Damage> beside = new LinkedHashMap<>();
        beside.put(adapter.resolve("adapter_config.json"), Mutations::json);
        beside.put(adapter.resolve("provenance.json"), Mutations::json);
        beside.put(write(adapter.resolve(ClosedSet.FILE), "{\"closed_set\":[\"negative\",\"positive\"]}"), Mutations::json);
        reader("provenance and task answers", 20, beside, round -> {
            TrainedTemplate.read(adapter).ifPresent(template -> template.fits(PromptTemplate.PLAIN));
            TrainedBase.check(base, List.of(adapter), false);
            return ClosedSet.read(adapter).matches("Positive.") && Provenance.command(adapter).isPresent();
        });
    }

    private static String provenance(Path base) {
        return "{\"command\":\"train\",\"seed\":1,\"settings\":{\"template\":\"plain\",\"template_sha256\":\"\",\"config\":{\"r\":2}},"
                + "\"inputs_sha256\":{" + quoted(base.resolve("config.json").toString()) + ":\"" + "a".repeat(64) + "\","
                + quoted(base.resolve("model.safetensors").toString()) + ":\"" + "b".repeat(64) + "\"},\"notes\":[\"a note\"]}";
    }

    private void data() throws IOException {
        List<String> rows = IntStream.range(0, 8).mapToObj(i -> i + ",say " + i + ",\"the, \"\"cat\"\"\",,yes " + i + ".5").toList();
        String csv = "id,instruction,input,other,response\n" + String.join("\n", rows) + "\n";
        String tsv = "instruction\tresponse\n" + "say it\tthe \"cat\" 1\n".repeat(8);
        String object = "{\"instruction\":\"say\",\"input\":null,\"output\":\"\\u00e9 1\",\"n\":1.50,\"list\":[],\"more\":{\"a\":[1]}}";
        String jsonl = (object + "\n").repeat(5);
        String json = "[" + String.join(",", List.of(object, object, object)) + "]";
        Path data = Files.createDirectory(temp.resolve("data"));
        Map<String, String> plain = new TreeMap<>(Map.of("x.csv", csv, "x.tsv", tsv, "x.jsonl", jsonl, "x.json", json));
        for (Map.Entry<String, String> file : plain.entrySet()) {
            Path path = write(data.resolve(file.getKey()), file.getValue());
            Damage damage = file.getKey().endsWith("json") ? Mutations::json : Mutations::text;
            reader("data " + file.getKey().substring(2), 35, Map.of(path, damage), round -> examples(path, round));
            Path packed = Files.write(data.resolve(file.getKey() + ".gz"),
                    Mutations.compressed(file.getValue().getBytes(StandardCharsets.UTF_8)));
            byte[] unpacked = file.getValue().getBytes(StandardCharsets.UTF_8);
            reader("data " + file.getKey().substring(2) + ".gz", 12, Map.of(packed, (m, good) -> m.gzip(unpacked)),
                    round -> examples(packed, round));
        }
        conversations(data);
        Map<Path, Damage> prompts = new LinkedHashMap<>();
        prompts.put(write(data.resolve("prompts.csv"), "prompt,label,category,cluster\n" + IntStream.range(0, 8)
                .mapToObj(i -> "how " + i + "," + (i % 2 == 0 ? "safe" : "UNSAFE") + ",kind " + i + "," + i / 2 + "\n")
                .collect(Collectors.joining())), Mutations::text);
        prompts.put(write(data.resolve("prompts.json"), "[{\"prompt\":\"a\",\"label\":\"safe\"},{\"prompt\":\"b\",\"label\":\"unsafe\"}]"),
                Mutations::json);
        reader("prompts", 60, prompts, round -> !DataFiles.prompts(List.copyOf(prompts.keySet()), Reading.plain()).isEmpty());
        Path text = write(data.resolve("plain.txt"), "the cat sat \u00e9 \uD83D\uDE00. ".repeat(20));
        reader("plain text", 10, Map.of(text, Mutations::bytes), round -> !PlainText.read(text, 100, 8).text().isEmpty());
    }

    private void conversations(Path data) throws IOException {
        String turns = "[{\"role\":\"system\",\"content\":\"be brief\"},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"the cat\"}]},"
                + "{\"role\":\"assistant\",\"content\":\"\\u00e9 1\",\"tool_calls\":[],\"id\":7},{\"role\":\"tool\",\"content\":\"sat\"},"
                + "{\"role\":\"assistant\",\"content\":\"yes\"}]";
        String shared = "[{\"from\":\"human\",\"value\":\"the cat\"},{\"from\":\"gpt\",\"value\":\"sat\"}]";
        String cells = quoted(turns).replace("\\\"", "\"\"") + "," + quoted(shared).replace("\\\"", "\"\"") + "\n";
        Map<String, String> files = new TreeMap<>(Map.of("turns.jsonl", ("{\"messages\":" + turns + ",\"n\":1}\n").repeat(3),
                "turns.json", "[{\"conversations\":" + shared + "},{\"prompt\":" + turns + ",\"completion\":\"so\"}]",
                "turns.csv", "messages,chat\n" + cells.repeat(3)));
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = write(data.resolve(file.getKey()), file.getValue());
            Damage damage = file.getKey().endsWith("json") ? Mutations::json : Mutations::text;
            reader("conversations " + file.getKey().substring(6), 35, Map.of(path, damage), round -> {
                Reading reading = new Reading(round % 3 == 0 && file.getKey().endsWith("csv") ? List.of("messages=chat") : List.of(),
                        round % 2 == 0 ? "all" : "last");
                boolean some = !DataFiles.rows(List.of(path), reading).isEmpty();
                reading.requireApplied();
                return some;
            });
        }
    }

    private static boolean examples(Path file, int round) {
        return !DataFiles.examples(List.of(file)).isEmpty() && (round % 4 > 0 || !DataFiles.column(file, "instruction").isEmpty());
    }

    private void settings() throws IOException {
        String all = RunConfig.DEFAULT.toJson().put("method", "agl").toString();
        Path file = write(temp.resolve("settings.json"), all);
        reader("settings", 60, Map.of(file, Mutations::json), round -> {
            RunConfig config = RunConfig.of(file, List.of("r=4"));
            config.warnings();
            RunConfig.names(file, List.of());
            return !config.resolved(config.choice() == null ? agl.app.train.MethodChoice.of("agl") : config.choice()).toJson().isEmpty();
        });
        Path terms = write(temp.resolve("terms.json"), "{\"A\":[[1,0,0.5]],\"B\":[[0.2],[-0.1]],\"scale\":2,\"gradients\":"
                + "[[[3,0,0],[0,0,0]],[[0,0,0],[0,1,0]]],\"options\":" + RunConfig.DEFAULT.toJson().get("agl") + "}");
        reader("terms", 1, Map.of(terms, Mutations::json), round -> {
            CommandLineRun run = CommandLineRun.of("terms", "--input", terms.toString());
            if (run.code() == 2 && run.err().lines().count() == 1) {
                throw new AglException(run.err().strip());
            }
            assertEquals(0, run.code(), run.err());
            return true;
        });
        Path log = write(temp.resolve("metrics.jsonl"), "{\"method\":\"lora\",\"step\":1,\"grad_norm\":0.5,\"tokens\":12}\n");
        reader("metrics", 10, Map.of(log, Mutations::json), round -> MetricsLog.isOne(log));
    }

    /** What this program writes and reads again, with a checksum. */
    private void ours(Path base) throws IOException {
        Path artefact = temp.resolve("x.fisher");
        Path alignment = write(temp.resolve("alignment.csv"), "instruction,response\nabout the dog,the cat\nabout the fox,the mat\n");
        CommandLineRun made = CommandLineRun.of("fisher", "--base", base.toString(), "--alignment", alignment.toString(), "--template",
                "plain", "--max-length", "32", "--target-modules", "q_proj", "--out", artefact.toString());
        assertEquals(0, made.code(), made.err());
        FisherArtefact good = FisherArtefact.read(artefact);
        sealed("artefact", 10, artefact, true, round -> {
            Inspection.of(artefact);
            FisherArtefact read = FisherArtefact.read(artefact);
            read.requireNoContradiction(AglSettings.DEFAULT, java.util.Set.of());
            read.notes(RunConfig.DEFAULT, java.util.Set.of(), List.of(1L), Map.of("template", "plain"));
            return true;
        });
        Path caches = temp.resolve("caches");
        FisherCache cache = new FisherCache(caches);
        cache.get("key", AglSettings.DEFAULT, good::matrices);
        sealed("Fisher cache", 10, caches.resolve("fisher-key.safetensors"), true, round -> {
            cache.get("key", AglSettings.DEFAULT, () -> {
                throw new AglException("computed again");
            });
            return true;
        });
        Path compared = temp.resolve("compared");
        StoredRun run = new StoredRun(compared);
        sealed("run record", 20, only(compared.resolve("runs")), false, round -> run.found());
        Path traced = Files.createDirectory(temp.resolve("traced"));
        new TrainTrace(Map.of("step", new double[] {1, 2}, "task_loss", new double[] {2, Double.NaN}),
                Map.of("q", new TrainTrace.Layer(new double[] {0.7, 0.2}, 0.5, new double[] {0.1, 0.2}, 2))).writeInto(traced);
        sealed("trace", 15, traced.resolve(TrainTrace.FILE), false, round -> TrainTrace.read(traced).isPresent());
        Path checkpoints = temp.resolve("checkpoints");
        SavedRun saved = new SavedRun(TinyModel.load(base), checkpoints);
        saved.begin();
        sealed("checkpoint", 8, only(checkpoints), true, round -> saved.found() > 0);
    }

    private static Path only(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.reduce((a, b) -> {
                throw new AssertionError(a + " and " + b);
            }).orElseThrow();
        }
    }
}
