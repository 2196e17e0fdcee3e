package agl.app.compare;

import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Plain text as in pre-training: every token counts, in consecutive windows.
 *
 * @param maxTokens maximum number of tokens read
 * @param window    context length of a prediction, at least 2 and at most the model's positions
 */
public record PlainText(String text, int maxTokens, int window) {
    private static final int FEWEST = 100;
    private static final int FEW = 1000;

    public static PlainText read(Path file, int maxTokens, int window) {
        try {
            String text = Files.readString(file);
            if (text.isBlank()) {
                throw new AglException(file + ": holds no text");
            }
            return new PlainText(text, maxTokens, window);
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read as UTF-8 text: " + e.getClass().getSimpleName(), e);
        }
    }

    /** The tokens that are read. */
    private int[] ids(ModelBundle bundle) {
        int[] all = bundle.tokenizer().encode(text, false);
        return Arrays.copyOf(all, Math.min(all.length, maxTokens));
    }

    /** Refuses a text too short to be informative; returns a note for a short one. */
    public Optional<String> few(ModelBundle bundle) {
        int tokens = ids(bundle).length;
        String says = "the plain text has " + tokens + " tokens (of at most " + maxTokens + ", --pretrain-tokens)";
        if (tokens < FEWEST) {
            throw new AglException(says + ": the loss of fewer than " + FEWEST + " says nothing about pre-training; name a longer one");
        }
        return tokens < FEW ? Optional.of(says + ": the loss of fewer than " + FEW + " says little about other text") : Optional.empty();
    }

    /** Mean loss per predicted token, in nats. */
    double loss(ModelBundle bundle) {
        int[] ids = ids(bundle);
        int size = Math.min(window, bundle.model().config().maxPositions());
        double sum = 0;
        int count = 0;
        Pool pool = new Pool(DType.F32);
        for (int from = 0; from + 1 < ids.length; from += size) {
            int[] tokens = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + size));
            int[] targets = Arrays.copyOf(Arrays.copyOfRange(tokens, 1, tokens.length), tokens.length);
            targets[tokens.length - 1] = Batch.NO_TARGET;
            try (Tape tape = Tape.inference(Kernels.best(), pool)) {
                for (double loss : bundle.model().tokenLosses(tape, new Batch(tokens, new int[] {0, tokens.length}, targets))) {
                    sum += loss;
                }
            }
            count += tokens.length - 1;
        }
        if (count == 0) {
            throw new AglException("the plain text has fewer than two tokens");
        }
        return sum / count;
    }
}
