package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.DeviceKernels.Traffic;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Providers;
import agl.autograd.storage.DType;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import agl.regularizers.TermValues;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** AGL's Fisher, subspaces and terms with every term on, estimated and computed on each device and in double. */
final class AglOnDeviceTest {
    private static final Samples.Shape SHAPE = new Samples.Shape(300, 200, 4, 6, 4, 11);

    @AfterEach void backToTheProcessor() {
        Providers.use("cpu");
    }

    private record Terms(TermValues values, double[] gradA, double[] gradB, Traffic moved) { }

    private static Terms terms(Kernels kernels, DType dtype, AglSettings s) {
        SplittableRandom random = SHAPE.random();
        Fisher fisher = Fisher.of(kernels, "w", Samples.gradients(random, dtype, SHAPE), s);
        LoraFactors f = Samples.factors(random, dtype, SHAPE, 0.1);
        f.a().resideWith(kernels);
        f.b().resideWith(kernels);
        AglRegularizer regularizer = AglRegularizer.of(s, Fisher.normalise(Map.of("w", fisher), s.fisherNorm()));
        try (Tape tape = Tape.training(kernels, new Pool(dtype))) {
            regularizer.addGradients(tape, List.of(f), true);
            Traffic before = kernels.traffic();
            TermValues values = regularizer.addGradients(tape, List.of(f), true);
            Traffic moved = kernels.traffic().since(before);
            return new Terms(values, f.a().gradArray(), f.b().gradArray(), moved);
        }
    }

    @ParameterizedTest @ValueSource(strings = {"'exact_storage':'dense'", "'exact_storage':'factored'", "'backend':'kfac'",
        "'backend':'diagonal'", "'alignment_rank':2"})
    void termsAreThoseInDouble(String json) {
        AglSettings s = Samples.settings(
                "{'lambda_A':0.8,'lambda_T':0.7,'lambda_NC':1.7,'kappa':2,'m':3,'H':'diag_fisher','metric':'diag_fisher','reduction':'sum',"
                        + json + "}");
        for (int device = 0; device < OnDevices.all().size(); device++) {
            Terms expected = terms(Kernels.plain(), DType.F64, s);
            Providers.use("gpu:" + device);
            Terms actual = terms(Kernels.best(), DType.F32, s);
            // A mask has no overlap: its E_RM and E_geo are zero but for rounding.
            close(expected.values.lA(), actual.values.lA());
            close(expected.values.lT(), actual.values.lT());
            close(expected.values.eRM(), actual.values.eRM());
            close(expected.values.eGeo(), actual.values.eGeo());
            close(expected.gradA, actual.gradA);
            close(expected.gradB, actual.gradB);
            // A vector of the subspace, a diagonal or a part of ΔW would need a box of 4 MB; only a mask's tiles go to the host.
            if (s.backend() != AglSettings.Backend.DIAGONAL) {
                assertTrue(actual.moved.bytesIn() < 4 << 20, "to the device: " + actual.moved);
                assertTrue(actual.moved.bytesOut() < 4 << 20, "from the device: " + actual.moved);
            }
        }
    }

    private static void close(double expected, double actual) {
        assertEquals(expected, actual, 2e-5 * Math.abs(expected) + 1e-15);
    }

    private static void close(double[] expected, double[] actual) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertArrayEquals(expected, actual, 2e-5 * largest);
    }
}
