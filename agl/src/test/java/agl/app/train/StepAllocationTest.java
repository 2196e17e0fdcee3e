package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.autograd.kernels.Workers;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Once warm, a training step takes its arrays from the pool: what it still asks the JVM for are small objects, a few for each operation,
 * whose number does not depend on how long the sequences are.
 */
class StepAllocationTest {
    /** A step on this model goes through arrays of several MB together. */
    private static final long BYTES_PER_STEP = 200_000;
    /** Steps in a row that have to stay below. */
    private static final int QUIET_STEPS = 5;
    /** A busy machine compiles late, and until then every vector is an object. */
    private static final long LIMIT_NANOS = 240_000_000_000L;

    @TempDir Path temp;
    private final int threadsBefore = Workers.threads();

    @BeforeEach void twoThreads() {
        Workers.setThreads(2);
    }

    @AfterEach void restore() {
        Workers.setThreads(threadsBefore);
    }

    private static final class Quiet extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @ParameterizedTest @CsvSource({"lora, lora_dropout=0.1", "lora, recompute=true", "agl, agl.backend=exact", "agl, agl.backend=kfac"})
    void aStepAllocatesNextToNothing(String method, String setting) {
        Path model = TinyModel.write(temp.resolve("base"), 3, 64, 192, 256);
        Example example = new Example("tell me a story", "the cat sat on the mat and the dog sat on the cat ".repeat(12).strip());
        List<Example> same = Collections.nCopies(8, example);
        RunConfig config = RunConfig.of(null, List.of("steps=1000000", "batch_size=2", "learning_rate=1e-5", "max_length=256",
                "fisher_examples=2", "eval_every=0", setting));
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long deadline = System.nanoTime() + LIMIT_NANOS;
        long[] before = {0};
        long[] least = {Long.MAX_VALUE};
        int[] quiet = {0};
        FineTune.Observer observer = (step, total, lora) -> {
            // Of all threads: the workers' share counts as well.
            long now = threads.getTotalThreadAllocatedBytes();
            long bytes = now - before[0];
            if (step > 1) {
                least[0] = Math.min(least[0], bytes);
                quiet[0] = bytes <= BYTES_PER_STEP ? quiet[0] + 1 : 0;
            }
            if (quiet[0] == QUIET_STEPS || System.nanoTime() > deadline) {
                throw new Quiet();
            }
            before[0] = threads.getTotalThreadAllocatedBytes();
        };
        try {
            new FineTune(TinyModel.load(model), config).run(MethodChoice.of(method),
                    new TrainData(same, List.of(), Collections.nCopies(2, new Example("tell me a story", "the red fox"))), null, null,
                    observer);
        } catch (Quiet e) {
            // The observer has seen enough.
        }
        assertTrue(quiet[0] == QUIET_STEPS, method + " " + setting + ": at least " + least[0] + " bytes per step");
    }
}
