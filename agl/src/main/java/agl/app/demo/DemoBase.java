package agl.app.demo;

import agl.app.data.EncodedExample;
import agl.app.data.PromptTemplate;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.TrainSettings;
import agl.app.train.Trainer;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.OutputFolder;
import agl.nn.tokenizer.BpeTrainer;
import agl.nn.tokenizer.HfTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The demo's aligned base model: where it lies in the jar, and how to make it from the demo's own text alone. */
public final class DemoBase {
    /** The seed of the shipped model. */
    public static final long SEED = 2508;
    private static final String RESOURCE = "/agl/demo-base/";
    private static final List<String> FILES = List.of("config.json", "model.safetensors", "provenance.json", "tokenizer.json",
            "tokenizer_config.json");
    private static final String END = "<|end|>";

    private DemoBase() { }

    /** Training of the base: the whole corpus several times, large batches, all weights. */
    public static final TrainSettings TRAINING = TrainSettings.DEFAULT.with(Map.of("batch_size", 32, "epochs", 3.0, "learning_rate", 3e-3,
            "warmup_ratio", 0.03, "lr_floor", 0.05, "weight_decay", 0.05, "max_length", 160, "seed", SEED));

    /**
     * Fails unless the folder is free or holds this demo's base and nothing else: the shipped one, byte for byte, or, if one is to be
     * made, any demo's.
     */
    public static void requireOwn(Path folder, boolean make) {
        OutputFolder.clear(folder);
        boolean own = AtomicFiles.names(folder).equals(FILES) && Provenance.command(folder).filter("demo"::equals).isPresent()
                && (make || FILES.stream().allMatch(name -> AtomicFiles.holds(folder.resolve(name), shipped(name))));
        if (!own && !OutputFolder.isFree(folder)) {
            throw new AglException(folder + ": holds something that is not this demo's base; name another --out");
        }
    }

    /** Writes the shipped model to a folder. */
    public static void extract(Path folder) {
        OutputFolder.write(folder, temporary -> {
            for (String name : FILES) {
                Files.write(temporary.resolve(name), shipped(name));
            }
        });
    }

    private static byte[] shipped(String name) {
        try (InputStream in = DemoBase.class.getResourceAsStream(RESOURCE + name)) {
            if (in == null) {
                throw new AglException("this build has no demo model (" + name + " is missing); make one with: agl demo --from-scratch");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the model: tokenizer, random weights, training. The same seed gives the same model. */
    public static void make(Path folder, long seed, TrainSettings training) {
        DemoCorpus corpus = DemoCorpus.generate(seed);
        OutputFolder.write(folder, temporary -> {
            writeTokenizer(temporary, corpus);
            ModelConfig config = ModelConfig.llama(160, 4, 5, 1, 448, HfTokenizer.load(temporary).vocabSize()).withPositions(256);
            config.json().put("eos_token_id", 0);
            Transformer model = Models.random(config, seed, DType.F32);
            ModelBundle bundle = new ModelBundle(temporary, model, HfTokenizer.load(temporary), PromptTemplate.INSTRUCTION);
            List<EncodedExample> examples = bundle.encode(corpus.alignmentTrain(), training.maxLength());
            List<EncodedExample> held = bundle.encode(corpus.alignmentVal(), training.maxLength());
            Trainer trainer = new Trainer(model, new ArrayList<>(model.parameters().values()), training);
            try (Progress progress = Progress.start("base", training.totalSteps(examples.size()))) {
                trainer.run(examples, held, (m, total) -> {
                    String eval = m.evalLoss().isPresent() ? String.format(Locale.ROOT, "  held out %.4f", m.evalLoss().getAsDouble()) : "";
                    progress.step(m.tokens(), String.format(Locale.ROOT, "loss %.4f", m.loss()) + eval);
                });
            }
            Models.save(model, temporary.resolve("weights"), null, DType.F16);
            for (String name : List.of("config.json", "model.safetensors")) {
                Files.move(temporary.resolve("weights").resolve(name), temporary.resolve(name));
            }
            Files.delete(temporary.resolve("weights"));
            UsedSettings settings = new UsedSettings();
            settings.with("command", "agl demo --from-scratch --seed " + seed);
            settings.with("corpus_sha256", corpus.sha256());
            settings.with("parameters", model.size());
            settings.with("training", training);
            Provenance.of("demo --from-scratch", seed, settings, Inputs.read(List.of())).writeInto(temporary);
        });
    }

    private static void writeTokenizer(Path folder, DemoCorpus corpus) {
        List<String> texts = new ArrayList<>();
        corpus.alignmentTrain().forEach(e -> texts.add(PromptTemplate.INSTRUCTION.render(e.request()) + e.response()));
        // The tokenizer also covers the task's prompts; the task's answers are left out, since the base has never seen them.
        corpus.taskTrain().forEach(e -> texts.add(e.instruction() + "\n" + e.input()));
        BpeTrainer.train(texts, 1024, List.of(END)).write(folder, null, END, null, null);
    }
}
