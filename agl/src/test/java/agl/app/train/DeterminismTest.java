package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same seed gives the same losses, terms and weights, to the bit: with any number of threads, from run to run, from one JVM to the
 * next.
 */
class DeterminismTest {
    private static final List<String> VECTOR = List.of("--add-modules", "jdk.incubator.vector", "-Xmx1g");

    @TempDir static Path temp;
    private static Path model;

    @BeforeAll static void model() {
        model = SmallRun.model(temp.resolve("base"));
    }

    @ParameterizedTest @ValueSource(strings = {
        "lora lora_dropout=0.1",
        "lora lora_dropout=0.1 target_modules=all-linear micro_batch_size=3",
        "lora lora_dropout=0.1 neftune_noise_alpha=5",
        "agl lora_dropout=0.1",
        "agl lora_dropout=0.1 agl.backend=kfac agl.metric=diag_fisher agl.H=ema_grad_sq",
        "agl lora_dropout=0.1 agl.backend=diagonal agl.alignment_rank=2 agl.lambda_NC=10"})
    void threadsDoNotChangeABit(String run) {
        String[] words = run.split(" ");
        String[] sets = java.util.Arrays.copyOfRange(words, 1, words.length);
        // The first run is the coldest: what the compiler makes of the kernels meanwhile may not change a bit either.
        List<String> one = SmallRun.lines(model, 1, words[0], sets);
        for (int threads : new int[] {2, 1, 3}) {
            assertEquals(one, SmallRun.lines(model, threads, words[0], sets), threads + " threads");
        }
    }

    @Test void theSeedAndDropoutDoChangeThem() {
        List<String> one = SmallRun.lines(model, 2, "lora", "lora_dropout=0.1");
        assertNotEquals(one, SmallRun.lines(model, 2, "lora", "lora_dropout=0.1", "seed=2"));
        assertNotEquals(one, SmallRun.lines(model, 2, "lora", "lora_dropout=0"));
    }

    @ParameterizedTest @ValueSource(strings = {"lora", "agl"}) void recomputingDoesNotChangeABit(String method) {
        List<String> kept = SmallRun.lines(model, 2, method, "lora_dropout=0.1");
        assertEquals(kept, SmallRun.lines(model, 2, method, "lora_dropout=0.1", "recompute=true"));
    }

    /** Hash tables are salted anew in every JVM, addresses differ, and so does what is compiled when. */
    @Test void anotherJvmGivesTheSameBits() throws Exception {
        List<String> here = SmallRun.lines(model, 2, "agl", "lora_dropout=0.1");
        assertEquals(here, SmallRun.inAnotherJvm(VECTOR, model, 1, "agl", "lora_dropout=0.1"));
        List<String> serial = new ArrayList<>(VECTOR);
        serial.add("-XX:+UseSerialGC");
        assertEquals(here, SmallRun.inAnotherJvm(serial, model, 2, "agl", "lora_dropout=0.1"));
    }

    /** Without the Vector API the plain loops do everything, and come to the same but for rounding. */
    @Test void thePlainLoopsTrainTheSameAdapter() throws Exception {
        String[] sets = {"lora_dropout=0.1", "steps=4", "eval_every=2"};
        List<String> vector = SmallRun.lines(model, 2, "agl", sets);
        List<String> plain = SmallRun.inAnotherJvm(List.of("-Xmx1g"), model, 2, "agl", sets);
        assertEquals(vector.size(), plain.size());
        int compared = 0;
        for (int i = 0; i < vector.size(); i++) {
            if (!vector.get(i).startsWith("step=")) {
                continue;
            }
            String[] a = vector.get(i).split(" ");
            String[] b = plain.get(i).split(" ");
            assertEquals(a.length, b.length);
            for (int j = 0; j < a.length; j++) {
                String name = a[j].substring(0, a[j].indexOf('='));
                assertTrue(b[j].startsWith(name + "="), b[j]);
                double x = Double.parseDouble(a[j].substring(name.length() + 1));
                double y = Double.parseDouble(b[j].substring(name.length() + 1));
                assertEquals(x, y, 2e-3 * Math.abs(x) + 1e-9, "step " + (i + 1) + ", " + name);
                compared++;
            }
        }
        assertTrue(compared > 20, "compared " + compared);
        assertNotEquals(vector, plain, "both ran the same kernels");
    }
}
