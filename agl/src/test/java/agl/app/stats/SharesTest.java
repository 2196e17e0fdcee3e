package agl.app.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.hipparchus.distribution.discrete.BinomialDistribution;
import org.junit.jupiter.api.Test;

/** Known answers are scipy's (binomtest(k, n).proportion_ci, t.ppf); coverage is exact for independent items and simulated for clusters. */
class SharesTest {
    private static double[] ones(int k, int n) {
        double[] x = new double[n];
        Arrays.fill(x, 0, k, 1);
        return x;
    }

    private static void assertInterval(double value, double low, double high, Interval i) {
        assertEquals(value, i.value(), 1e-12);
        assertEquals(low, i.low(), 1e-8, i.toString());
        assertEquals(high, i.high(), 1e-8, i.toString());
    }

    @Test void knownShares() {
        assertInterval(1, 0.7224672001371109, 1, Shares.of(ones(10, 10), Clusters.alone(10)));
        assertInterval(0, 0, 0.27753279986288926, Shares.of(ones(0, 10), Clusters.alone(10)));
        assertInterval(0.9, 0.5549838829718047, 0.9974714214555375, Shares.of(ones(9, 10), Clusters.alone(10)));
        assertInterval(0.8, 0.28358206388191054, 0.9949492366205319, Shares.of(ones(4, 5), Clusters.alone(5)));
        assertInterval(81 / 99.0, 0.7279557816211464, 0.8885345525904925, Shares.of(ones(81, 99), Clusters.alone(99)));
        assertInterval(0.9, 0.5958499732047615, 0.9821237869049271, Shares.wilson(9, 10));
        assertEquals(Interval.missing(), Shares.of(new double[0], Clusters.alone(0)));
    }

    /** Exactly, over all outcomes of n items: at least 92.5 % for every share from n = 5 on, 94 % from n = 9 on. */
    @Test void sharesAreHeldWhateverTheyAre() {
        for (int n : new int[] {5, 6, 9, 10, 15, 20, 50, 100, 200}) {
            Interval[] of = new Interval[n + 1];
            for (int k = 0; k <= n; k++) {
                of[k] = Shares.of(ones(k, n), Clusters.alone(n));
                assertTrue(of[k].high() - of[k].low() > 0.01);
            }
            for (double p = 0.01; p < 0.995; p += 0.01) {
                double held = 0;
                for (int k = 0; k <= n; k++) {
                    held += of[k].low() <= p && p <= of[k].high() ? new BinomialDistribution(n, p).probability(k) : 0;
                }
                assertTrue(held > (n < 9 ? 0.925 : 0.94), n + " items, share " + p + ": " + held);
            }
        }
    }

    /**
     * Two clusters of two, x = 1 1 0 0: the clusters' sums differ from their mean by 1 and −1, so var = 2/1 · (1 + 1)/16 = .25 = that of
     * one item.
     */
    @Test void effectiveNumberByHand() {
        Clusters two = Clusters.of(List.of("a", "a", "b", "b"));
        assertEquals(1, two.effective(new double[] {1, 1, 0, 0}, 0.25), 1e-12);
        assertEquals(4, two.effective(new double[] {1, 0, 1, 0}, 0.25), 1e-12, "no more than there are");
        assertEquals(2, two.effective(new double[] {1, 1, 1, 1}, 0), 1e-12, "all alike: each cluster once");
        assertEquals(4, Clusters.alone(4).effective(new double[] {1, 1, 0, 0}, 0.25), 1e-12);
        // Three clusters of two with sums 2, 1, 0 about a mean of 1: 3/2 · 2/36 = 1/12, and .25/(1/12) = 3.
        assertEquals(3, Clusters.of(List.of("a", "a", "b", "b", "c", "c")).effective(new double[] {1, 1, 1, 0, 0, 0}, 0.25), 1e-12);
    }

    @Test void clustersOfItemsThatGoTogetherCountOnce() {
        List<String> names = new ArrayList<>();
        double[] x = new double[60];
        for (int i = 0; i < 60; i++) {
            names.add("c" + i / 3);
            x[i] = i / 3 < 14 ? 1 : 0;
        }
        Interval clustered = Shares.of(x, Clusters.of(names));
        Interval twenty = Shares.of(ones(14, 20), Clusters.alone(20));
        assertEquals(twenty.value(), clustered.value(), 1e-12);
        assertEquals(twenty.low(), clustered.low(), 0.02);
        assertEquals(twenty.high(), clustered.high(), 0.02);
        assertInterval(1, 20 / (20 + 1.959963984540054 * 1.959963984540054), 1, Shares.of(ones(60, 60), Clusters.of(names)));
        assertFalse(Shares.of(new double[] {1, 0}, Clusters.of(List.of("a", "a"))).hasEnds(), "one cluster alone");
        assertFalse(Shares.of(new double[] {1, 1}, Clusters.of(List.of("a", "a"))).hasEnds(), "also where all are alike");
        assertFalse(Shares.of(new double[] {0}, Clusters.alone(1)).hasEnds());
    }

    /**
     * By hand: of ten clusters of two, three are all ones. Their sums lie 1.4 or −.6 from the mean, so the variance between clusters is
     * 10/9 · 8.4/400, and .21 over that is 9 items. With scipy, for the share: beta.ppf at 9 (t₁₉/t₉)² items; for the difference: t₉.
     */
    @Test void knownClusteredAnswers() {
        Clusters ten = Clusters.of(java.util.stream.IntStream.range(0, 20).mapToObj(i -> "c" + i / 2).toList());
        assertEquals(9, ten.effective(ones(6, 20), 0.21), 1e-12);
        assertInterval(0.3, 0.048126402049987624, 0.7020712066225869, Shares.of(ones(6, 20), ten));
        assertInterval(0.3, -0.1677586036241756, 0.6586676945332665, Shares.difference(ones(6, 20), ten));
        Clusters two = Clusters.of(List.of("a", "a", "b", "b"));
        assertTrue(Shares.of(new double[] {1, 0, 1, 1}, two).hasEnds(), "two clusters are enough");
        assertTrue(Shares.difference(new double[] {1, 0, 1, 1}, two).hasEnds());
        assertFalse(Shares.difference(new double[] {1, 0}, Clusters.of(List.of("a", "a"))).hasEnds());
    }

    /** Ends that are 0 or 1 are so exactly. */
    @Test void theEndsOfNoneAndOfAll() {
        for (int n = 1; n < 60; n++) {
            assertEquals(0.0, Shares.wilson(0, n).low());
            assertEquals(1.0, Shares.wilson(n, n).high());
        }
        assertInterval(0, 0, 0.30849710781876083, Shares.exact(0, 10));
        assertInterval(1, 1 - 0.30849710781876083, 1, Shares.exact(10, 10));
        assertEquals(0.0, Shares.exact(0, 10).low());
        assertEquals(1.0, Shares.exact(10, 10).high());
    }

    /**
     * Clusters of 2 to 7 prompts whose shares scatter (beta with this correlation inside a cluster). The bootstrap held 70 to 88 % with
     * five clusters.
     */
    @Test void clusteredSharesAreHeld() {
        for (int count : new int[] {5, 10, 20}) {
            for (double correlation : new double[] {0.3, 0.8}) {
                for (double p : new double[] {0.5, 0.8, 0.95}) {
                    int held = 0;
                    int runs = 300;
                    for (int r = 0; r < runs; r++) {
                        Drawn d = Drawn.of(count, correlation, p, 0, r);
                        Interval i = Shares.of(d.x, d.clusters);
                        held += i.low() <= p && p <= i.high() ? 1 : 0;
                    }
                    assertTrue(held >= 0.925 * runs,
                            count + " clusters, correlation " + correlation + ", share " + p + ": " + held / (double) runs);
                }
            }
        }
    }

    /** b of n items lost, c gained, others as they were. */
    private static double[] changes(int b, int c, int n) {
        double[] d = new double[n];
        Arrays.fill(d, 0, b, 1);
        Arrays.fill(d, b, b + c, -1);
        return d;
    }

    @Test void knownDifferences() {
        assertInterval(0, -0.027510848270824614, 0.027510848270824614, Shares.difference(changes(0, 0, 100), Clusters.alone(100)));
        assertInterval(0.4, 0.18888933127439964, 0.5730154306303622, Shares.difference(changes(18, 2, 40), Clusters.alone(40)));
        assertInterval(1, 0.8572158951044374, 1, Shares.difference(changes(40, 0, 40), Clusters.alone(40)));
        assertInterval(-1, -1, -0.8572158951044374, Shares.difference(changes(0, 40, 40), Clusters.alone(40)));
        assertInterval(0, -0.5609266175650163, 0.5609266175650163, Shares.difference(changes(0, 0, 5), Clusters.alone(5)));
        assertEquals(Interval.missing(), Shares.difference(new double[0], Clusters.alone(0)));
        assertFalse(Shares.difference(new double[] {1}, Clusters.alone(1)).hasEnds());
    }

    /** Exactly, over all outcomes of n pairs of which a share was lost and another gained: at least 93 %. */
    @Test void differencesAreHeldWhateverTheyAre() {
        for (int n : new int[] {5, 10, 20, 40}) {
            for (double lost : new double[] {0, 0.01, 0.05, 0.1, 0.2, 0.5, 0.7, 0.95}) {
                for (double gained : new double[] {0, 0.01, 0.05, 0.2, 0.3}) {
                    double held = 0;
                    for (int b = 0; b <= n && lost + gained <= 1; b++) {
                        double pb = new BinomialDistribution(n, lost).probability(b);
                        for (int c = 0; c <= n - b && pb > 1e-12; c++) {
                            double pc = lost == 1 ? 1 : new BinomialDistribution(n - b, Math.min(1, gained / (1 - lost))).probability(c);
                            Interval i = pb * pc < 1e-12 ? null : Shares.difference(changes(b, c, n), Clusters.alone(n));
                            held += i != null && i.low() <= lost - gained + 1e-12 && lost - gained - 1e-12 <= i.high() ? pb * pc : 0;
                        }
                    }
                    assertTrue(lost + gained > 1 || held > 0.93, n + " pairs, lost " + lost + ", gained " + gained + ": " + held);
                }
            }
        }
    }

    @Test void clusteredDifferencesAreHeld() {
        for (int count : new int[] {5, 10, 20}) {
            for (double correlation : new double[] {0.3, 0.8}) {
                for (double[] p : new double[][] {{0.02, 0}, {0.1, 0.02}, {0.6, 0.02}, {0.9, 0.02}}) {
                    int held = 0;
                    int runs = 300;
                    for (int r = 0; r < runs; r++) {
                        Drawn d = Drawn.of(count, correlation, p[0], p[1], r);
                        Interval i = Shares.difference(d.x, d.clusters);
                        held += i.low() <= p[0] - p[1] && p[0] - p[1] <= i.high() ? 1 : 0;
                    }
                    assertTrue(held >= 0.925 * runs, String.format(Locale.ROOT, "%d clusters, correlation %.1f, %s: %.3f", count,
                            correlation, Arrays.toString(p), held / (double) runs));
                }
            }
        }
    }

    /** Items that are 1 with one share, −1 with another, in clusters whose own shares scatter about these. */
    private record Drawn(double[] x, Clusters clusters) {
        static Drawn of(int count, double correlation, double plus, double minus, long seed) {
            SplittableRandom random = new SplittableRandom(1000 + seed);
            List<Double> x = new ArrayList<>();
            List<String> names = new ArrayList<>();
            double scale = 1 / correlation - 1;
            for (int k = 0; k < count; k++) {
                double a = gamma(random, plus * scale);
                double b = gamma(random, minus * scale);
                double sum = a + b + gamma(random, (1 - plus - minus) * scale);
                int size = random.nextInt(2, 8);
                for (int i = 0; i < size; i++) {
                    double u = random.nextDouble() * sum;
                    x.add(u < a ? 1.0 : u < a + b ? -1 : 0);
                    names.add("c" + k);
                }
            }
            return new Drawn(x.stream().mapToDouble(v -> v).toArray(), Clusters.of(names));
        }

        private static double gamma(SplittableRandom random, double shape) {
            return shape <= 0 ? 0 : new org.hipparchus.distribution.continuous.GammaDistribution(shape, 1)
                    .inverseCumulativeProbability(random.nextDouble());
        }
    }
}
