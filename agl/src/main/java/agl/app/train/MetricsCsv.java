package agl.app.train;

import agl.app.io.Csv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.stream.Stream;

/**
 * {@code metrics.csv}: what {@code metrics.jsonl} has of each step, one row per step. Written when the run has ended, as only then all its
 * columns are known: a step has those of its own kind of examples and terms, and its other cells are empty.
 */
public final class MetricsCsv {
    /** Its name. */
    public static final String FILE = "metrics.csv";

    private MetricsCsv() { }

    /**
     * @param history of the whole run, also of the steps before a checkpoint that it went on from
     * @param seed    of the run
     */
    public static void writeInto(Path folder, MethodKind kind, long seed, List<StepMetrics> history) {
        SequencedSet<String> names = new LinkedHashSet<>();
        history.forEach(step -> names.addAll(step.line().keySet()));
        // Behind the terms that only later steps have.
        Stream.of("grad_norm", "lr", "tokens", "eval_loss").filter(names::contains).forEach(names::addLast);
        List<String> header = new ArrayList<>(List.of("method", "seed"));
        header.addAll(names);
        List<Object[]> rows = new ArrayList<>();
        for (StepMetrics step : history) {
            SequencedMap<String, Number> line = step.line();
            List<Object> row = new ArrayList<>(List.of(kind.title(), seed));
            names.forEach(name -> row.add(line.get(name)));
            rows.add(row.toArray());
        }
        Csv.write(folder.resolve(FILE), rows, header.toArray(String[]::new));
    }
}
