package agl.app.stats;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which items belong together: wordings of one wish succeed and fail together, and counting them one by one would make an interval too
 * narrow.
 *
 * @param members the indices of each cluster's items, in the order of their first ones
 * @param items   number of items
 */
public record Clusters(int[][] members, int items) {
    /** With fewer independent clusters than this, a bootstrap interval would be too narrow, and reports say that there are few. */
    public static final int FEW = 10;

    /** @param names of each item's cluster; "" for one that stands alone */
    public static Clusters of(List<String> names) {
        Map<Object, IntStream.Builder> byName = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            byName.computeIfAbsent(names.get(i).isEmpty() ? (Object) i : names.get(i), c -> IntStream.builder()).add(i);
        }
        return new Clusters(byName.values().stream().map(b -> b.build().toArray()).toArray(int[][]::new), names.size());
    }

    /** n items that each stand alone. */
    public static Clusters alone(int n) {
        return of(Collections.nCopies(n, ""));
    }

    public int count() {
        return members.length;
    }

    /** Whether every item stands alone. */
    public boolean independent() {
        return count() == items;
    }

    public boolean few() {
        return count() < FEW;
    }

    /**
     * How many independent items would give a mean as precise as these do: variance of one item over the variance of the mean between
     * clusters, which is K/(K − 1) · Σ_k (Σ_{i in k} (x_i − x̄))² / n² (Kish's effective sample size).
     *
     * @param x        of each item
     * @param variance of one item
     * @return at most the number of items; where no item differs from another, the number of clusters
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

    /** 97.5 % quantile for an interval from these clusters: Student's t with one degree of freedom fewer than there are clusters. */
    double quantile() {
        return StudentT.quantile(count() - 1);
    }
}
