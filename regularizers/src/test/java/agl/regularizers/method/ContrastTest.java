package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.regularizers.AglSettings;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LinearMargins;
import agl.regularizers.LoraFactors;
import agl.regularizers.TinyModel;
import agl.regularizers.TokenFactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contrast of margins, directly and linearised. */
class ContrastTest {
    private static final double WEIGHT = 0.7;
    /** A prompt to refuse and a harmless one, each with a refusal and another answer; one has token 0 in it, one ends at once. */
    private static final List<FisherEstimator.Example> PAIRS = List.of(
            new FisherEstimator.Example(sequence(3, 7, 11, 2), sequence(3, 7, 5)),
            new FisherEstimator.Example(sequence(9, 1, 4), sequence(9, 1, 6, 0, 10)),
            new FisherEstimator.Example(sequence(2, 2, 3), new Batch(new int[] {2, 2}, new int[] {0, 2}, new int[] {-1, -1})));
    private static final boolean[] REFUSE = {true, false, true};

    private LoraModel lora;
    private List<LoraFactors> factors;

    /** Targets on all tokens after the first two. */
    private static Batch sequence(int... tokens) {
        int[] targets = new int[tokens.length];
        for (int t = 0; t < tokens.length; t++) {
            targets[t] = t + 1 < tokens.length && t > 0 ? tokens[t + 1] : -1;
        }
        return new Batch(tokens, new int[] {0, tokens.length}, targets);
    }

    @BeforeEach void adapter() throws Exception {
        lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        SplittableRandom r = new SplittableRandom(2);
        factors = lora.layers().entrySet().stream()
                .map(e -> new LoraFactors(e.getKey(), e.getValue().a(), e.getValue().b(), e.getValue().scale())).toList();
        factors.forEach(f -> move(f.b(), r, 0.3));
    }

    private static void move(Tensor t, SplittableRandom r, double by) {
        for (int i = 0; i < t.size(); i++) {
            t.data().set(i, t.get(i) + by * r.nextGaussian());
        }
    }

    private Method direct() {
        return direct(List.of(sequences(PAIRS)));
    }

    private Method direct(List<Batch> passes) {
        return new Contrast(WEIGHT, lora, List.of(new Contrast.Pairs(passes, REFUSE)), 1);
    }

    private static Batch sequences(List<FisherEstimator.Example> pairs) {
        return Batch.concat(pairs.stream().flatMap(p -> Stream.of(p.answer(), p.contrast())).toList());
    }

    private FisherEstimator.Gradients gradients() {
        return lora.whileMerged(() -> new FisherEstimator(Kernels.plain(), lora.model(), AglSettings.DEFAULT, DType.F64)
                .gradients(lora.layers().keySet(), PAIRS, (done, total, what) -> { }));
    }

    private Method linear() {
        return new LinearContrast(WEIGHT, REFUSE, 20, this::gradients);
    }

    private record Step(double value, double penalty, List<double[]> gradients) { }

    private Step step(Method method, int step) {
        try (Tape tape = Tape.plain()) {
            Map<String, Double> log = method.addGradients(tape, factors, step);
            List<double[]> gradients = new ArrayList<>();
            for (LoraFactors f : factors) {
                gradients.add(Tensor.of(tape.grad(f.a()), f.a().size()).toArray());
                gradients.add(Tensor.of(tape.grad(f.b()), f.b().size()).toArray());
                tape.grad(f.a()).fill(0, f.a().size(), 0);
                tape.grad(f.b()).fill(0, f.b().size(), 0);
            }
            return new Step(log.get("contrast"), log.get("penalty"), gradients);
        }
    }

    /** m_i by the model's own losses, one sequence at a time. */
    private double[] margins() {
        return PAIRS.stream().mapToDouble(p -> loss(p.contrast()) - loss(p.answer())).toArray();
    }

    private double loss(Batch b) {
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            return b.targetCount() == 0 ? 0 : lora.model().loss(tape, b).item();
        }
    }

    private double expected() {
        double[] m = margins();
        return (Math.log(1 + Math.exp(-m[0])) + Math.log(1 + Math.exp(-m[2]))) / 2 + Math.log(1 + Math.exp(m[1]));
    }

    @Test void theLossIsThatOfTheMargins() {
        Step s = step(direct(), 0);
        assertEquals(expected(), s.value, 1e-12);
        assertEquals(WEIGHT * expected(), s.penalty, 1e-12);
    }

    /** The central difference along single entries of A and B, through the whole model. */
    @Test void theGradientIsThatOfTheLoss() {
        Step s = step(direct(), 0);
        for (int j : new int[] {0, factors.size() - 1}) {
            Tensor[] both = {factors.get(j).a(), factors.get(j).b()};
            for (int k = 0; k < 2; k++) {
                double x = both[k].get(1);
                both[k].data().set(1, x + 1e-5);
                double up = expected();
                both[k].data().set(1, x - 1e-5);
                double down = expected();
                both[k].data().set(1, x);
                assertEquals(WEIGHT * (up - down) / 2e-5, s.gradients.get(2 * j + k)[1], 1e-8);
            }
        }
    }

    /** A step in two passes, of two pairs and of one, is the step in one. */
    @Test void passesChangeNothing() {
        Step expected = step(direct(), 0);
        Step found = step(direct(List.of(sequences(PAIRS.subList(0, 2)), sequences(PAIRS.subList(2, 3)))), 0);
        assertEquals(expected.value, found.value, 1e-12);
        for (int i = 0; i < expected.gradients.size(); i++) {
            assertArrayEquals(expected.gradients.get(i), found.gradients.get(i), 1e-12);
        }
    }

    /** Steps 0, 1, 2 take the first, the second, the first mini-batch. */
    @Test void miniBatchesAreTakenInTurn() {
        boolean[] harmless = {false};
        boolean[] toRefuse = {true};
        Contrast.Pairs[] pairs = {new Contrast.Pairs(List.of(sequences(PAIRS.subList(0, 1))), toRefuse),
            new Contrast.Pairs(List.of(sequences(PAIRS.subList(1, 2))), harmless)};
        Method both = new Contrast(WEIGHT, lora, List.of(pairs), 1);
        double[] m = margins();
        for (int step = 0; step < 4; step++) {
            assertEquals(Math.log(1 + Math.exp(step % 2 == 0 ? -m[0] : m[1])), step(both, step).value, 1e-12, "step " + step);
        }
    }

    @Test void whatAreNoPairsIsRefused() {
        List<Batch> two = List.of(sequences(PAIRS.subList(0, 2)));
        new Contrast.Pairs(two, new boolean[2]);
        for (int pairs : new int[] {1, 3}) {
            String said = assertThrows(AglException.class, () -> new Contrast.Pairs(two, new boolean[pairs])).getMessage();
            assertEquals("4 sequences in 1 passes are not " + pairs + " pairs", said);
        }
        Batch one = PAIRS.get(0).answer();
        List<Batch> torn = List.of(one, Batch.concat(List.of(one, one, one)));
        assertThrows(AglException.class, () -> new Contrast.Pairs(torn, new boolean[2]), "a pair in two passes");
    }

    /** At the weights of a linearisation, moved already, value and gradient are those of the true margins. */
    @Test void theLinearisationIsExactWhereItWasTaken() {
        Step expected = step(direct(), 0);
        Step found = step(linear(), 0);
        assertEquals(expected.value, found.value, 1e-12);
        assertEquals(expected.penalty, found.penalty, 1e-12);
        for (int i = 0; i < expected.gradients.size(); i++) {
            assertArrayEquals(expected.gradients.get(i), found.gradients.get(i), 1e-12);
        }
        assertTrue(expected.gradients.stream().allMatch(g -> java.util.Arrays.stream(g).anyMatch(x -> Math.abs(x) > 1e-6)));
    }

    /** Half the way, a quarter of the error: what is left is of second order. */
    @Test void awayFromItTheErrorIsOfSecondOrder() {
        double[] error = new double[2];
        for (int half = 0; half < 2; half++) {
            try (Tape tape = Tape.plain()) {
                LinearMargins margins = new LinearMargins(tape, gradients(), factors);
                List<double[]> before = factors.stream().map(f -> f.b().toArray()).toList();
                SplittableRandom r = new SplittableRandom(3);
                for (LoraFactors f : factors) {
                    move(f.b(), r, half == 0 ? 0.02 : 0.01);
                }
                error[half] = Math.abs(margins.predict(tape, factors)[0] - margins()[0]);
                for (int j = 0; j < before.size(); j++) {
                    for (int i = 0; i < before.get(j).length; i++) {
                        factors.get(j).b().data().set(i, before.get(j)[i]);
                    }
                }
            }
        }
        assertEquals(4, error[0] / error[1], 0.5, error[0] + " " + error[1]);
    }

    /** Until it is refreshed a linearisation stays, with its own offset; then the margins are true again. */
    @Test void itIsTakenAnewWhenItIsRefreshed() {
        Method linear = linear();
        step(linear, 0);
        SplittableRandom r = new SplittableRandom(4);
        factors.forEach(f -> move(f.a(), r, 0.3));
        assertEquals(20, linear.refreshEvery());
        double old = step(linear, 19).value;
        try (Tape tape = Tape.plain()) {
            linear.refresh(tape, factors);
        }
        assertEquals(expected(), step(linear, 20).value, 1e-12);
        assertTrue(Math.abs(old - expected()) > 1e-4, old + " " + expected());
    }

    @Test void farMarginsNeitherOverflowNorPull() {
        double[] slope = new double[4];
        double loss = new MarginLoss(2, new boolean[] {true, true, false, false}).of(0, new double[] {1000, -1000, 1000, -1000}, slope);
        assertEquals(1000, loss, 1e-9, "half of 1000 on each side");
        assertArrayEquals(new double[] {0, -1, 1, 0}, slope, 1e-12);
    }

    @Test void aMatrixWithoutGradientsIsNamed() {
        TokenFactors none = TokenFactors.ofDense(1, 1, List.of(new double[] {1}));
        try (Tape tape = Tape.plain()) {
            FisherEstimator.Gradients other = new FisherEstimator.Gradients(new double[] {0}, Map.of("other", none));
            String said = assertThrows(AglException.class,
                    () -> new LinearMargins(tape, other, factors)).getMessage();
            assertTrue(said.contains("no gradients for the adapted matrix " + factors.getFirst().name()) && said.contains("[other]"), said);
        }
    }
}
