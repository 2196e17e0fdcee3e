package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.TinyModel;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.nn.Models;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.TokenFactors;
import agl.regularizers.method.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run leaves for reports, against values computed entry by entry, and which files are taken for one. */
class TrainTraceTest {
    private static final String LAYER = "model.layers.0.self_attn.q_proj";
    private static final String OTHER = "model.layers.1.self_attn.q_proj";
    private static final int SIZE = 16;

    @TempDir Path temp;
    private Path base;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
    }

    /** An adapter on q_proj (16, 16) of both layers, B not zero. */
    private LoraModel adapter(LoraConfig config) {
        LoraModel lora = LoraModel.attach(Models.load(base), config, 5, DType.F32);
        lora.layers().values().forEach(l -> IntStream.range(0, l.b().size()).forEach(i -> l.b().data().set(i, 0.1 + 0.01 * (i * 7 % 11))));
        return lora;
    }

    private LoraModel adapter() {
        return adapter(LoraConfig.of(2, 6, 0, "q_proj"));
    }

    /** F of one gradient: with the diagonal backend u_k is the unit matrix of the weight with the k-th largest entry. */
    private static Fisher fisher(String name, double[] gradient) {
        return Fisher.of(Kernels.plain(), name, TokenFactors.ofDense(SIZE, SIZE, List.of(gradient)),
                AglSettings.DEFAULT.with("{\"backend\":\"diagonal\",\"m\":12}"));
    }

    /** Direction k, counted from 0, is entry 20·k + 3. */
    private static double[] gradient(int directions) {
        double[] g = new double[SIZE * SIZE];
        IntStream.range(0, directions).forEach(k -> g[20 * k + 3] = 16 - k);
        return g;
    }

    private static double[] update(LoraLinear l) {
        double[] a = l.a().toArray();
        double[] b = l.b().toArray();
        int r = l.a().dim(0);
        double[] w = new double[SIZE * SIZE];
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                for (int k = 0; k < r; k++) {
                    w[i * SIZE + j] += l.scale() * b[i * r + k] * a[k * SIZE + j];
                }
            }
        }
        return w;
    }

    @Test void sharesOfTheUpdateByDirection() {
        LoraModel lora = adapter();
        Map<String, TrainTrace.Layer> layers = TrainTrace.of(List.of(), Map.of(LAYER, fisher(LAYER, gradient(12))), lora).layers();
        assertEquals(List.of(LAYER), List.copyOf(layers.keySet()), "a layer without an estimate has no place in it");
        double[] w = update(lora.layers().get(LAYER));
        double norm = DoubleStream.of(w).map(x -> x * x).sum();
        double[] each = IntStream.range(0, 12).mapToDouble(k -> w[20 * k + 3] * w[20 * k + 3] / norm).toArray();
        TrainTrace.Layer layer = layers.get(LAYER);
        double[] along = {each[0], each[1], each[2] + each[3], DoubleStream.of(each).skip(4).limit(4).sum(),
            DoubleStream.of(each).skip(8).sum()};
        assertArrayEquals(along, layer.along(), 1e-6);
        assertTrue(DoubleStream.of(along).allMatch(x -> x > 1e-5), "each group can be told from none: " + Arrays.toString(along));
        assertEquals(DoubleStream.of(each).sum(), layer.share(), 1e-6);
        assertEquals(12, layer.directions());
        double trace = IntStream.range(0, 12).mapToDouble(k -> (16.0 - k) * (16 - k)).sum();
        assertArrayEquals(IntStream.range(0, 12).mapToDouble(k -> (16.0 - k) * (16 - k) / trace).toArray(), layer.spectrum(), 1e-7);
    }

    /** No update has no share anywhere, and an F of zeros no direction. */
    @Test void nothingToDivideBy() {
        LoraModel lora = adapter();
        IntStream.range(0, lora.layers().get(LAYER).b().size()).forEach(i -> lora.layers().get(LAYER).b().data().set(i, 0));
        Fisher zero = fisher(OTHER, new double[SIZE * SIZE]);
        Map<String, Fisher> fisher = Map.of(LAYER, fisher(LAYER, gradient(2)), OTHER, zero);
        Map<String, TrainTrace.Layer> layers = TrainTrace.of(List.of(), fisher, lora).layers();
        assertArrayEquals(new double[2], layers.get(LAYER).along());
        assertEquals(0, layers.get(LAYER).share());
        assertEquals(0, layers.get(OTHER).along().length);
        assertEquals(0, layers.get(OTHER).directions());
        assertEquals(0, layers.get(OTHER).share());
    }

    /** Rounding leaves eigenvalues below zero, and only the first are drawn. */
    @Test void aSpectrumHasNoNegativeSharesAndAnEnd() {
        Fisher f = fisher(LAYER, gradient(2));
        double[] long200 = new double[200];
        Arrays.setAll(long200, i -> i == 0 ? 3 : i == 1 ? 1 : -0.5);
        double[] spectrum = spectrum(new Fisher(LAYER, f.subspace(), f.eigenvalues(), 1, 4, long200, null));
        assertEquals(128, spectrum.length);
        assertArrayEquals(new double[] {0.75, 0.25, 0}, Arrays.copyOf(spectrum, 3));
        double[] none = spectrum(new Fisher(LAYER, f.subspace(), f.eigenvalues(), 1, 0, new double[] {2, 1}, null));
        assertArrayEquals(new double[2], none, "a trace of zero has no shares");
    }

    private double[] spectrum(Fisher f) {
        return TrainTrace.of(List.of(), Map.of(LAYER, f), adapter()).layers().get(LAYER).spectrum();
    }

    /** With DoRA s·B·A is not the update; without an estimate there is no subspace. */
    @Test void layersOnlyWhereTheyMeanSomething() {
        Map<String, Fisher> fisher = Map.of(LAYER, fisher(LAYER, gradient(12)));
        assertEquals(Map.of(), TrainTrace.of(List.of(), fisher, adapter(LoraConfig.of(2, 6, 0, "q_proj").withDora())).layers());
        assertEquals(Map.of(), TrainTrace.of(List.of(), null, adapter()).layers());
    }

    private static StepMetrics step(int step, Map<String, Double> terms) {
        SequencedMap<String, Double> sorted = new LinkedHashMap<>(terms);
        OptionalDouble held = step == 3 ? OptionalDouble.of(5) : OptionalDouble.empty();
        return new StepMetrics(step, Method.Source.TASK, 1.0 / 3 + step, sorted, 2, 0.1, 8, held);
    }

    @Test void curvesOfAShortRun() {
        TrainTrace trace = TrainTrace.of(List.of(step(1, Map.of("L_A", 0.5)), step(2, Map.of()), step(3, Map.of())), null, adapter());
        assertEquals(List.of("step", "L_A", "eval_loss", "grad_norm", "task_loss"), List.copyOf(trace.curves().keySet()));
        assertArrayEquals(new double[] {1, 2, 3}, trace.curves().get("step"));
        // As many digits as float has.
        assertArrayEquals(new double[] {1.3333334, 2.3333333, 3.3333333}, trace.curves().get("task_loss"));
        assertArrayEquals(new double[] {0.5, Double.NaN, Double.NaN}, trace.curves().get("L_A"));
        assertEquals(0.5, trace.last("L_A"));
        assertEquals(3.3333333, trace.last("task_loss"));
        assertEquals(Double.NaN, trace.last("L_T"));
    }

    @Test void aLongRunKeepsItsLastStep() {
        TrainTrace trace = TrainTrace.of(IntStream.rangeClosed(1, 1000).mapToObj(i -> step(i, Map.of())).toList(), null, adapter());
        double[] steps = trace.curves().get("step");
        assertEquals(400, steps.length);
        assertArrayEquals(new double[] {2, 5, 7, 10}, Arrays.copyOf(steps, 4));
        assertEquals(1000, steps[399]);
        assertEquals(5, trace.last("eval_loss"), "what was measured at step 3 is not lost between the kept steps 2 and 5");
    }

    @Test void termsAreWhatTheMethodLogsUnweighted() {
        Map<String, double[]> curves = new LinkedHashMap<>();
        List.of("step", "L_A", "weighted_L_A", "penalty", "grad_norm", "eval_loss", "task_loss", "alignment_loss", "KL")
                .forEach(name -> curves.put(name, new double[] {1}));
        assertEquals(List.of("L_A", "KL"), new TrainTrace(curves, Map.of()).terms());
    }

    @ParameterizedTest @CsvSource({"1,0", "2,1", "3,2", "4,2", "5,3", "8,3", "9,4", "64,6", "65,7", "128,7"})
    void groupOfAnEigenvector(int k, int bin) {
        assertEquals(bin, TrainTrace.bin(k));
    }

    /** The last group is named by what is there. */
    @ParameterizedTest @CsvSource({"0,1,1", "0,96,1", "1,96,2", "2,96,3–4", "3,96,5–8", "6,96,33–64", "7,96,65–96", "7,128,65–128",
        "7,65,65", "2,3,3", "3,6,5–6"})
    void namesOfGroups(int bin, int directions, String name) {
        assertEquals(name, TrainTrace.binName(bin, directions));
    }

    private static TrainTrace sound() {
        return trace(new double[] {0.7, 0.3}, 0.5, new double[] {0.25, 0.25}, 2);
    }

    private static TrainTrace trace(double[] spectrum, double share, double[] along, int directions) {
        return new TrainTrace(Map.of("step", new double[] {1, 2}, "task_loss", new double[] {3, Double.NaN}),
                Map.of(LAYER, new TrainTrace.Layer(spectrum, share, along, directions)));
    }

    /** Eigenvectors are orthonormal up to rounding, so a share may be a little outside. */
    @ParameterizedTest @ValueSource(doubles = {0, 1, 0.5, -1e-3, 1 + 1e-2})
    void aShareInOrder(double x) {
        assertDoesNotThrow(() -> trace(new double[] {x}, x, new double[] {x}, 1).require());
    }

    @ParameterizedTest @ValueSource(doubles = {-2e-3, 1.02, Double.NaN, Double.POSITIVE_INFINITY})
    void aShareThatIsNoneIsRefused(double x) {
        refused(trace(new double[] {0.5, x}, 0.5, new double[] {0.5}, 1));
        refused(trace(new double[] {0.5}, x, new double[] {0.5}, 1));
        refused(trace(new double[] {0.5}, 0.5, new double[] {0.5, x}, 2));
    }

    private static void refused(TrainTrace trace) {
        String message = assertThrows(AglException.class, trace::require).getMessage();
        assertTrue(message.startsWith("trace.json: is not a run's trace"), message);
    }

    @Test void whatDoesNotFitTogetherIsRefused() {
        assertDoesNotThrow(sound()::require);
        TrainTrace.Layer layer = sound().layers().get(LAYER);
        refused(new TrainTrace(null, Map.of()));
        refused(new TrainTrace(sound().curves(), null));
        refused(new TrainTrace(Map.of("task_loss", new double[2]), Map.of()));
        refused(new TrainTrace(Map.of("step", new double[2], "task_loss", new double[3]), Map.of()));
        Map<String, double[]> missing = new HashMap<>(sound().curves());
        missing.put("L_A", null);
        refused(new TrainTrace(missing, Map.of()));
        Map<String, TrainTrace.Layer> none = new HashMap<>();
        none.put(LAYER, null);
        refused(new TrainTrace(sound().curves(), none));
        refused(trace(null, 0.5, layer.along(), 2));
        refused(trace(layer.spectrum(), 0.5, null, 2));
        // Two groups have two directions, no other number of them.
        refused(trace(layer.spectrum(), 0.5, layer.along(), 1));
        refused(trace(layer.spectrum(), 0.5, layer.along(), 3));
        refused(trace(layer.spectrum(), 0.5, new double[0], -1));
        assertDoesNotThrow(() -> trace(layer.spectrum(), 0.5, new double[0], 0).require());
        // One bad layer among sound ones, in whatever order.
        TrainTrace.Layer bad = new TrainTrace.Layer(new double[] {2}, 0.5, layer.along(), 2);
        for (List<TrainTrace.Layer> order : List.of(List.of(bad, layer), List.of(layer, bad))) {
            Map<String, TrainTrace.Layer> both = new LinkedHashMap<>();
            order.forEach(l -> both.put("layer " + both.size(), l));
            refused(new TrainTrace(sound().curves(), both));
        }
    }

    @Test void whatWasWrittenIsRead() {
        sound().writeInto(temp);
        TrainTrace read = TrainTrace.read(temp).orElseThrow();
        assertArrayEquals(new double[] {3, Double.NaN}, read.curves().get("task_loss"));
        assertArrayEquals(new double[] {0.25, 0.25}, read.layers().get(LAYER).along());
        assertEquals(2, read.layers().get(LAYER).directions());
    }

    @Test void aFileThatIsNoneIsSaidAndNotUsed() throws Exception {
        assertEquals("", readingSays());
        trace(new double[] {2}, 0.5, new double[] {0.5}, 1).writeInto(temp);
        String says = "agl: the report shows no training curves: ";
        assertEquals(says + "trace.json: is not a run's trace: curves or shares are missing or out of range", readingSays());
        Files.writeString(temp.resolve(TrainTrace.FILE), "{}");
        assertTrue(readingSays().startsWith(says));
    }

    /** What is said on standard error where nothing is read. */
    private String readingSays() {
        return StandardError.during(() -> assertTrue(TrainTrace.read(temp).isEmpty()));
    }
}
