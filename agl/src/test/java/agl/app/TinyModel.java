package agl.app;

import agl.app.data.PromptTemplate;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.tokenizer.BpeTrainer;
import agl.nn.tokenizer.HfTokenizer;
import java.nio.file.Path;
import java.util.List;

/** A Hugging Face folder with a random model of a few thousand parameters and a byte-level tokenizer of its own. */
public final class TinyModel {
    private TinyModel() { }

    public static Path write(Path folder, long seed) {
        return write(folder, seed, 16, 24, 96);
    }

    /** With other sizes: large enough, for instance, for kernels to share their work among threads. */
    public static Path write(Path folder, long seed, int hidden, int intermediate, int positions) {
        Path parts = folder.resolveSibling(folder.getFileName() + "-tokenizer");
        BpeTrainer
                .train(List.of("the cat sat on the mat and the dog sat on the cat", "tell me a story about the red fox"), 300,
                        List.of("<|end|>"))
                .write(parts, null, "<|end|>", null, null);
        ModelConfig config = ModelConfig.llama(hidden, 2, 4, 2, intermediate, HfTokenizer.load(parts).vocabSize()).withPositions(positions);
        Models.save(Models.random(config, seed, DType.F32), folder, parts, DType.F32);
        return folder;
    }

    public static ModelBundle load(Path folder) {
        return ModelBundle.load(folder, PromptTemplate.PLAIN);
    }
}
