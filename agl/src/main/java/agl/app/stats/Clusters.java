package agl.app.stats;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which items belong together: rewordings of one request succeed and fail together, and counting them as independent would make an interval
 * too narrow.
 *
 * @param members item indices of each cluster, clusters ordered by their first item
 * @param items   number of items
 */
public record Clusters(int[][] members, int items) {
    /** With fewer independent clusters than this, a bootstrap interval would be too narrow, and reports say so. */
    public static final int FEW = 10;

    /** @param names each item's cluster; "" for an independent item */
    public static Clusters of(List<String> names) {
        Map<Object, IntStream.Builder> byName = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            byName.computeIfAbsent(names.get(i).isEmpty() ? (Object) i : names.get(i), c -> IntStream.builder()).add(i);
        }
        return new Clusters(byName.values().stream().map(b -> b.build().toArray()).toArray(int[][]::new), names.size());
    }

    /** n independent items. */
    public static Clusters alone(int n) {
        return of(Collections.nCopies(n, ""));
    }

    public int count() {
        return members.length;
    }

    /** Whether all items are independent. */
    public boolean independent() {
        return count() == items;
    }

    public boolean few() {
        return count() < FEW;
    }

    /**
     * The number of independent items that would give an equally precise mean: the variance of one item over the between-cluster variance
     * of the mean, K/(K − 1) · Σ_k (Σ_{i in k} (x_i − x̄))² / n² (Kish's effective sample size).
     *
     * @param x        one value per item
     * @param variance of one item
     * @return at most the number of items; the number of clusters if all items are equal
     */
    double effective(double[] x, double variance) {
        if (independent()) {
            return items;
        }
        if (!(variance > 0)) {
            return count();
        }
        double mean = Arrays.stream(x).average().orElseThrow();
        double squares = 0;
        for (int[] cluster : members) {
            double sum = 0;
            for (int i : cluster) {
                sum += x[i] - mean;
            }
            squares += sum * sum;
        }
        double between = count() / (count() - 1.0) * squares / ((double) items * items);
        return Math.min(items, variance / between);
    }

    /** 97.5 % quantile for an interval from K clusters: Student's t with K − 1 degrees of freedom. */
    double quantile() {
        return StudentT.quantile(count() - 1);
    }
}
