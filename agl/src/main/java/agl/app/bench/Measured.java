package agl.app.bench;

import agl.app.io.TextTable;
import agl.autograd.kernels.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measurements of one kind, one per row, and the machine's peak rates they are compared with.
 *
 * @param name  in JSON
 * @param title above the table
 */
public record Measured(String name, String title, List<Map<String, Object>> rows) {

    /**
     * The machine's peak rates.
     *
     * @param coreGflops  multiply-adds of one thread, each counted as two operations
     * @param gflops      of all threads
     * @param coreMemory  GB/s between memory and one thread
     * @param memory      and all threads
     * @param coreCache   GB/s between the last cache and one thread
     * @param cache       and all threads
     * @param threads     the number of threads in "all"
     */
    public record Yardsticks(double coreGflops, double gflops, double coreMemory, double memory, double coreCache, double cache,
            int threads) {
        public static Yardsticks measure(int threads) {
            Workers.setThreads(1);
            double gflops = Ceiling.gflops();
            double memory = Ceiling.memory();
            double cache = Ceiling.cache();
            if (threads == 1) {
                return new Yardsticks(gflops, gflops, memory, memory, cache, cache, 1);
            }
            Workers.setThreads(threads);
            return new Yardsticks(gflops, Ceiling.gflopsOfAll(), memory, Ceiling.memory(), cache, Ceiling.cache(), threads);
        }

        /** Whether the Vector API is available; without it large products would take minutes. */
        boolean fast() {
            return !Double.isNaN(coreGflops);
        }

        /** One thread, and all threads if there are more. */
        int[] threadCounts() {
            return threads == 1 ? new int[] {1} : new int[] {1, threads};
        }

        /** Peak GFLOP/s of {@code n} threads. */
        double gflops(int n) {
            return n == 1 ? coreGflops : gflops;
        }

        double memory(int n) {
            return n == 1 ? coreMemory : memory;
        }

        double cache(int n) {
            return n == 1 ? coreCache : cache;
        }
    }

    public Measured(String name, String title) {
        this(name, title, new ArrayList<>());
    }

    /** Adds a row: alternating names and values. */
    void row(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String) namesAndValues[i],
                    namesAndValues[i + 1] instanceof Double d && !Double.isFinite(d) ? null : namesAndValues[i + 1]);
        }
        rows.add(row);
    }

    /** A table with the rows' names as its header. */
    public String table() {
        if (rows.isEmpty()) {
            return "";
        }
        List<String> names = List.copyOf(rows.getFirst().keySet());
        TextTable table = new TextTable(1, names);
        for (int c = 0; c < names.size(); c++) {
            String name = names.get(c);
            if (rows.stream().noneMatch(row -> row.get(name) instanceof String)) {
                table.right(c);
            }
        }
        rows.forEach(row -> table.row(names.stream().map(n -> text(row.get(n))).toList()));
        return title + System.lineSeparator() + table.text();
    }

    private static String text(Object value) {
        if (!(value instanceof Double d)) {
            return value == null ? "-" : value.toString();
        }
        double size = Math.abs(d);
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.01 ? "%.3f" : "%.2e", d);
    }
}
