package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.compare.ForgettingLaw.Constant;
import agl.app.compare.ForgettingLaw.Fit;
import agl.app.compare.ForgettingLaw.Observation;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Data made with known constants. */
class ForgettingLawTest {
    private static final double ALPHA = 0.4;
    private static final double BETA = 0.6;
    private static final double[] AMOUNTS = {1e3, 3e3, 1e4, 3e4, 1e5};

    /** How a run's error is made. */
    enum Errors {
        /** Of equal size, independent. */
        EQUAL,
        /** In proportion to what is forgotten, independent. */
        PROPORTIONAL,
        /**
         * In proportion, and what one amount's order of data does stays in the larger amounts that hold it: a walk along the amounts, the
         * same for all methods.
         */
        NESTED
    }

    private static double truth(String method, double tokens, double parameters) {
        return (method.equals("lora") ? 0.3 : 0.1) * Math.pow(tokens, BETA) / Math.pow(parameters, ALPHA)
                + (method.equals("lora") ? 0.02 : 0.005);
    }

    private static List<Observation> data(Errors errors, double noise, int seeds, SplittableRandom random, double... parameters) {
        List<Observation> list = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            for (double n : parameters) {
                double walk = 0;
                for (double d : AMOUNTS) {
                    walk += noise * random.nextGaussian();
                    for (String method : List.of("lora", "agl")) {
                        double y = truth(method, d, n);
                        double own = noise * random.nextGaussian();
                        list.add(new Observation(method, seed, d, n, switch (errors) {
                            case EQUAL -> y + 0.2 * own;
                            case PROPORTIONAL -> y * (1 + own);
                            case NESTED -> y * (1 + walk + 0.5 * own);
                        }));
                    }
                }
            }
        }
        return list;
    }

    private static List<Observation> exact(int seeds, double... parameters) {
        return data(Errors.EQUAL, 0, seeds, new SplittableRandom(1), parameters);
    }

    @Test void withoutNoiseTheConstantsComeBack() {
        Fit f = ForgettingLaw.fit(exact(3, 1e6, 1e7, 1e8));
        assertEquals(BETA, f.beta().value(), 1e-6);
        assertEquals(ALPHA, f.alpha().value(), 1e-6);
        assertEquals(0.3, f.methods().get("lora").a().value(), 1e-5);
        assertEquals(0.1, f.methods().get("agl").a().value(), 1e-5);
        assertEquals(0.02, f.methods().get("lora").e().value(), 1e-7);
        assertEquals(0.005, f.methods().get("agl").e().value(), 1e-7);
        assertEquals(truth("lora", 5e4, 2e7), f.predict("lora", 5e4, 2e7), 1e-7);
        // Geometric means of what was run.
        assertEquals(Math.pow(1e3 * 3e3 * 1e4 * 3e4 * 1e5, 0.2), f.d0(), 1e-6 * f.d0());
        assertEquals(1e7, f.n0(), 1);
        assertEquals(truth("agl", f.d0(), f.n0()) - 0.005, f.methods().get("agl").middle().value(), 1e-7);
        assertEquals(0, f.rms(), 1e-9);
        assertEquals(90, f.observations());
        assertEquals(3, f.seeds());
        assertEquals(f.beta().value(), f.beta().low(), 1e-6);
        assertNull(f.beta().note());
    }

    /** ±1 on every second run leaves a residual of 1 around a curve that is otherwise exact. */
    @Test void theResidualIsItsRootMeanSquare() {
        List<Observation> data = new ArrayList<>();
        for (Observation o : exact(2, 1e6, 1e7)) {
            data.add(new Observation(o.method(), o.seed(), o.tokens(), o.parameters(), o.increase() + (o.seed() == 1 ? 0.01 : -0.01)));
        }
        assertEquals(0.01, ForgettingLaw.fit(data).rms(), 1e-6);
    }

    /** The Jacobian that the fit and the question of what is open rest on, against central differences. */
    @Test void theJacobianIsTheDerivativeOfTheLaw() {
        for (double[] sizes : new double[][] {{1e7}, {1e6, 1e7}}) {
            ForgettingLaw law = ForgettingLaw.of(exact(1, sizes));
            double[] p = sizes.length == 1 ? new double[] {0.5, 0.3, 0.1, 0.2, -0.1} : new double[] {0.5, 0.25, 0.3, 0.1, 0.2, -0.1};
            RealMatrix jacobian = law.model(new ArrayRealVector(p)).getSecond();
            for (int c = 0; c < p.length; c++) {
                double[] up = p.clone();
                double[] down = p.clone();
                up[c] += 1e-6;
                down[c] -= 1e-6;
                RealVector quotient = law.model(new ArrayRealVector(up)).getFirst()
                        .subtract(law.model(new ArrayRealVector(down)).getFirst()).mapDivide(2e-6);
                for (int i = 0; i < quotient.getDimension(); i++) {
                    assertEquals(quotient.getEntry(i), jacobian.getEntry(i, c), 1e-8, "run " + i + ", constant " + c);
                }
                assertTrue(quotient.getNorm() > 0.1, "constant " + c);
            }
        }
    }

    @Test void modelsOfOneSizeLeaveAlphaOutOfIt() {
        Fit f = ForgettingLaw.fit(exact(3, 1e7));
        assertFalse(f.alpha().determined());
        assertEquals("all models have one size", f.alpha().note());
        assertEquals(BETA, f.beta().value(), 1e-6);
        assertEquals(0.3 / Math.pow(1e7, ALPHA), f.methods().get("lora").a().value(), 1e-6);
        assertEquals(truth("lora", 5e4, 1e7), f.predict("lora", 5e4, 1e7), 1e-7);
    }

    /** Over many noisy data sets, a 95 % interval holds the true constant in at least 90 of 100, whatever the errors are like. */
    @ParameterizedTest @EnumSource(Errors.class) void intervalsHoldTheTruthAsOftenAsTheySay(Errors errors) {
        for (int seeds : new int[] {3, 6}) {
            int runs = 200;
            int[] held = new int[7];
            double[] widths = new double[7];
            for (int i = 0; i < runs; i++) {
                Fit f = ForgettingLaw.fit(data(errors, 0.05, seeds, new SplittableRandom(1000L * seeds + i), 1e6, 1e7));
                Constant[] all = {f.beta(), f.alpha(), f.methods().get("lora").e(), f.methods().get("agl").e(),
                    f.methods().get("lora").middle(),
                    f.methods().get("agl").middle(), f.methods().get("lora").a()};
                double[] truth = {BETA, ALPHA, 0.02, 0.005, truth("lora", f.d0(), f.n0()) - 0.02, truth("agl", f.d0(), f.n0()) - 0.005,
                    0.3};
                for (int c = 0; c < held.length; c++) {
                    assertTrue(all[c].low() <= all[c].value() && all[c].value() <= all[c].high());
                    held[c] += all[c].low() <= truth[c] && truth[c] <= all[c].high() ? 1 : 0;
                    widths[c] += (all[c].high() - all[c].low()) / runs;
                }
            }
            String found = errors + ", " + seeds + " seeds: " + Arrays.toString(held) + " of " + runs + ", mean widths "
                    + Arrays.toString(widths);
            for (int h : held) {
                assertTrue(h >= 0.9 * runs, found);
            }
            // Wide enough is easy: with six seeds they also say something.
            assertTrue(seeds < 6 || widths[0] < 0.5 * BETA && widths[1] < 0.5 * ALPHA, found);
        }
    }

    /** t(2) = 4.3027 for three seeds: the interval of a mean is that of the mean over seeds. */
    @Test void theIntervalIsTheJackknifeOverSeeds() {
        List<Observation> data = new ArrayList<>();
        double[] shift = {0.01, 0.02, 0.06};
        for (Observation o : exact(3, 1e6, 1e7)) {
            data.add(new Observation(o.method(), o.seed(), o.tokens(), o.parameters(), o.increase() + shift[(int) o.seed() - 1]));
        }
        // A shift of a whole seed goes into E alone, of which each fit then has the mean over its seeds.
        Fit f = ForgettingLaw.fit(data);
        double deviation = Math.sqrt((4e-4 + 1e-4 + 9e-4) / 2);
        double half = 4.302653 * deviation / Math.sqrt(3);
        assertEquals(0.05, f.methods().get("lora").e().value(), 1e-6);
        assertEquals(0.05 - half, f.methods().get("lora").e().low(), 1e-5);
        assertEquals(0.05 + half, f.methods().get("lora").e().high(), 1e-5);
        assertEquals(0.035 - half, f.methods().get("agl").e().low(), 1e-5);
        assertEquals(0, f.beta().high() - f.beta().low(), 1e-5);
    }

    /** A is above 0 where all its fits are, and so is its interval. */
    @Test void anAmplitudesIntervalStaysAboveZero() {
        Fit f = ForgettingLaw.fit(data(Errors.NESTED, 0.2, 3, new SplittableRandom(5), 1e6, 1e7));
        Constant a = f.methods().get("lora").a();
        assertTrue(0 < a.low() && a.low() < a.value() && a.value() < a.high(), a.toString());
        assertEquals(a.value() / a.low(), a.high() / a.value(), 1e-6 * a.high() / a.value(), "a factor either way");
    }

    @Test void oneSeedGivesNoInterval() {
        Fit f = ForgettingLaw.fit(exact(1, 1e6, 1e7));
        assertEquals(BETA, f.beta().value(), 1e-6);
        assertTrue(Double.isNaN(f.beta().low()) && Double.isNaN(f.methods().get("lora").a().low()));
        assertEquals("one seed", f.beta().note());
    }

    @Test void aSeedWithoutWhichTooLittleIsLeftGivesNoInterval() {
        List<Observation> data = new ArrayList<>(exact(1, 1e6, 1e7));
        data.add(new Observation("lora", 2, 1e4, 1e6, truth("lora", 1e4, 1e6)));
        Fit f = ForgettingLaw.fit(data);
        assertEquals("too few runs without one of the seeds", f.beta().note());
        assertEquals(BETA, f.beta().value(), 1e-6);
    }

    /** Amounts so near to one another that D^β is a straight line: any β with fitting A and E goes through it. */
    @Test void constantsThatGoTogetherAreNamedAndNotPrinted() {
        List<Observation> data = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            for (double d : new double[] {1000, 1010, 1020}) {
                data.add(new Observation("lora", seed, d, 1e7, truth("lora", d, 1e7)));
            }
        }
        Fit f = ForgettingLaw.fit(data);
        for (Constant c : List.of(f.beta(), f.methods().get("lora").a(), f.methods().get("lora").e(), f.methods().get("lora").middle())) {
            assertFalse(c.determined(), c.toString());
            assertEquals("the runs leave beta, A of lora, E of lora open together", c.note());
        }
        assertEquals(truth("lora", 1015, 1e7), f.predict("lora", 1015, 1e7), 1e-6, "the curve itself is known where the data are");
    }

    /** What grows with log D has no power: the fit runs into the smallest β, where D^β is a constant and only A' + E is known. */
    @Test void aCurveWithoutAPowerLeavesAAndEOpen() {
        List<Observation> data = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            for (double d : AMOUNTS) {
                data.add(new Observation("lora", seed, d, 1e7, 0.1 * Math.log(d)));
            }
        }
        Fit f = ForgettingLaw.fit(data);
        for (Constant c : List.of(f.beta(), f.methods().get("lora").a(), f.methods().get("lora").e())) {
            assertFalse(c.determined(), f.toString());
        }
    }

    /** Pure noise: the fit of all runs, or of those without one of the seeds, goes on and on along a valley. */
    @Test void aFitThatDoesNotEndIsSaid() {
        assertTrue(assertThrows(AglException.class, () -> ForgettingLaw.fit(noise(14))).getMessage().contains("could not be fitted"));
        Constant beta = ForgettingLaw.fit(noise(2)).beta();
        assertTrue(beta.determined() && Double.isNaN(beta.low()), beta.toString());
        assertEquals("no fit without seed 1", beta.note());
    }

    private static List<Observation> noise(long draw) {
        SplittableRandom random = new SplittableRandom(draw);
        List<Observation> noise = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            for (double d : new double[] {100, 1000, 10000}) {
                noise.add(new Observation("lora", seed, d + random.nextInt(20), 1e6, 0.01 * random.nextGaussian()));
            }
        }
        return noise;
    }

    @Test void tooLittleDataAreRefused() {
        assertThrows(AglException.class, () -> ForgettingLaw.fit(exact(1, 1e6).subList(0, 5)));
        assertThrows(AglException.class, () -> ForgettingLaw.fit(exact(9, 1e6).stream().filter(o -> o.tokens() < 5e3).toList()),
                "two amounts");
        for (Observation bad : List.of(new Observation("lora", 1, 1, 1, Double.NaN), new Observation("lora", 1, 0, 1, 1),
                new Observation("lora", 1, 1, 0, 1), new Observation("lora", 1, 1, -1, 1),
                new Observation("lora", 1, Double.NaN, 1, 1))) {
            List<Observation> data = new ArrayList<>(exact(3, 1e6));
            data.add(bad);
            assertEquals("the forgetting law needs finite losses and sizes above 0",
                    assertThrows(AglException.class, () -> ForgettingLaw.fit(data)).getMessage());
        }
    }

    /** A·(D/D₀)^β·(N₀/N)^α + E for both methods, at these constants. */
    private static List<Observation> scaled(double beta, double alpha, double[] amounts, double[] parameters, double... constants) {
        double d0 = Math.exp(Arrays.stream(amounts).map(Math::log).average().orElseThrow());
        double n0 = Math.exp(Arrays.stream(parameters).map(Math::log).average().orElseThrow());
        List<Observation> data = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            for (double n : parameters) {
                for (double d : amounts) {
                    double power = Math.pow(d / d0, beta) * Math.pow(n0 / n, alpha);
                    data.add(new Observation("lora", seed, d, n, constants[0] * power + constants[1]));
                    data.add(new Observation("agl", seed, d, n, constants[2] * power + constants[3]));
                }
            }
        }
        return data;
    }

    /** Where the truth lies on the grid, the fit begins there. */
    @Test void theStartIsTheBestOfTheGrid() {
        for (double beta : new double[] {0.05, 0.35, 1.5}) {
            assertArrayEquals(new double[] {beta, 0.25, 0.3, 0.02, 0.1, 0.5}, ForgettingLaw.of(scaled(beta, 0.25, AMOUNTS,
                    new double[] {1e6, 1e7, 1e8}, 0.3, 0.02, 0.1, 0.5)).start(), 1e-8);
            assertArrayEquals(new double[] {beta, 0.3, 0.02, 0.1, 0.5}, ForgettingLaw.of(scaled(beta, 0, AMOUNTS, new double[] {1e6}, 0.3,
                    0.02, 0.1, 0.5)).start(), 1e-8);
        }
        double[] one = ForgettingLaw.of(List.of(new Observation("lora", 1, 1e4, 1e6, 0.7))).start();
        assertArrayEquals(new double[] {0, 0.7}, new double[] {one[1], one[2]}, "one run has no slope");
    }

    private static void assertOpen(String names, Constant... constants) {
        for (Constant c : constants) {
            assertFalse(c.determined(), c.toString());
            assertEquals("the runs leave " + names + " open together", c.note());
        }
    }

    /** Two sizes a thousandth apart do not tell α, so A's unit is open; how much is forgotten in the middle of the data is not. */
    @Test void sizesThatAreAllButOneLeaveAlphaOpen() {
        Fit f = ForgettingLaw.fit(scaled(0.5, 0.4, AMOUNTS, new double[] {1e6, 1.001e6}, 0.3, 0.02, 0.1, 0.5));
        assertOpen("alpha", f.alpha(), f.methods().get("lora").a(), f.methods().get("agl").a());
        assertEquals(0.5, f.beta().value(), 1e-6);
        assertEquals(0.3, f.methods().get("lora").middle().value(), 1e-6);
        assertEquals(0.5, f.methods().get("agl").e().value(), 1e-6);
        assertTrue(f.methods().get("lora").determined());
    }

    /** One amount of data tells A' + E of a method, and neither by itself; the other method's runs tell β and its own. */
    @Test void aMethodWithOneAmountLeavesItsOwnConstantsOpen() {
        for (String poor : List.of("agl", "lora")) {
            List<Observation> data = scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 0.3, 0.02, 0.1, 0.5).stream()
                    .filter(o -> !o.method().equals(poor) || o.tokens() == 1e5).toList();
            Fit f = ForgettingLaw.fit(data);
            assertOpen("A of " + poor + ", E of " + poor, f.methods().get(poor).a(), f.methods().get(poor).e(),
                    f.methods().get(poor).middle());
            ForgettingLaw.OfMethod rich = f.methods().get(poor.equals("agl") ? "lora" : "agl");
            assertTrue(f.beta().determined() && rich.a().determined() && rich.e().determined() && rich.middle().determined(), f.toString());
            assertEquals(0.5, f.beta().value(), 1e-6);
        }
    }

    /** Where nothing was forgotten by anybody there is no power to tell: β and A are open, and what is forgotten is 0. */
    @Test void withoutForgettingBetaIsOpen() {
        Fit f = ForgettingLaw.fit(scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 0, 0, 0, 0));
        assertOpen("beta", f.beta(), f.methods().get("lora").a(), f.methods().get("agl").a());
        assertEquals(0, f.methods().get("lora").middle().value(), 1e-12);
        assertEquals(0, f.predict("agl", 1e4, 1e6), 1e-12);
        ForgettingLaw law = ForgettingLaw.of(scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 0, 0, 0, 0).stream()
                .filter(o -> o.method().equals("lora") || o.tokens() == 1e5).toList());
        assertArrayEquals(new boolean[] {true, false, false, true, true}, law.open(new double[] {0.5, 0, 0, 0, 0}),
                "and with one amount A and E");
        Constant none = ForgettingLaw.fit(scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 0.3, 0.02, 0, 0)).methods().get("agl").a();
        assertArrayEquals(new double[3], new double[] {none.value(), none.low(), none.high()}, 1e-9, "one method that forgets nothing");
    }

    /** The same runs in another unit of the loss leave the same constants open. */
    @Test void whatIsOpenDoesNotDependOnTheUnit() {
        double[] near = {1000, 1010, 1020};
        for (double unit : new double[] {1e-18, 1e-10, 1, 1e5}) {
            ForgettingLaw far = ForgettingLaw.of(scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 0.3 * unit, 0.02 * unit, 0.1 * unit,
                    0.5 * unit));
            assertArrayEquals(new boolean[5], far.open(new double[] {0.5, 0.3 * unit, 0.02 * unit, 0.1 * unit, 0.5 * unit}), "in units of "
                    + unit);
            ForgettingLaw close = ForgettingLaw.of(scaled(0.5, 0, near, new double[] {1e6}, 0.3 * unit, 0.02 * unit, 0.1 * unit,
                    0.5 * unit));
            assertArrayEquals(new boolean[] {true, true, true, true, true}, close.open(new double[] {0.5, 0.3 * unit, 0.02 * unit,
                    0.1 * unit, 0.5 * unit}), "in units of " + unit);
        }
    }

    /** Seeds with amplitudes 0.3, 0.2 and -0.4: their mean is above 0, that of the last two is not, so there are no logarithms. */
    @Test void anAmplitudeThatMayBeBelowZeroHasAnIntervalOnItsOwnScale() {
        double[] amplitude = {0.3, 0.2, -0.4};
        List<Observation> data = new ArrayList<>();
        for (Observation o : scaled(0.5, 0, AMOUNTS, new double[] {1e6}, 1, 0, 2, 0)) {
            data.add(o.method().equals("agl") ? o : new Observation("lora", o.seed(), o.tokens(), o.parameters(),
                    o.increase() * amplitude[(int) o.seed() - 1] + 0.02));
        }
        Constant a = ForgettingLaw.fit(data).methods().get("lora").a();
        double d0 = Math.pow(1e3 * 3e3 * 1e4 * 3e4 * 1e5, 0.2);
        double unit = Math.pow(d0, -0.5);
        double mean = 0.1 / 3;
        double squares = Math.pow(-0.1 - mean, 2) + Math.pow(-0.05 - mean, 2) + Math.pow(0.25 - mean, 2);
        double half = 4.302653 * Math.sqrt(squares * 2 / 3);
        assertEquals(mean * unit, a.value(), 1e-6 * unit);
        assertEquals((mean - half) * unit, a.low(), 1e-5 * unit);
        assertEquals((mean + half) * unit, a.high(), 1e-5 * unit);
        assertEquals("one seed", ForgettingLaw.fit(exact(1, 1e6, 1e7)).methods().get("lora").a().note());
    }
}
