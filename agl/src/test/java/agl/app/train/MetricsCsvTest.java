package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.regularizers.method.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsCsvTest {
    @TempDir Path temp;

    private static StepMetrics step(int step, Method.Source source, OptionalDouble held, String... terms) {
        SequencedMap<String, Double> values = new LinkedHashMap<>();
        for (String term : terms) {
            values.put(term, step + 0.5);
        }
        return new StepMetrics(step, source, 0.25 * step, values, 2, 0.001, 40, held);
    }

    /** A step has its own loss and terms; the others' cells are empty. */
    @Test void everyStepsColumnsStandInOneTable() throws IOException {
        MetricsCsv.writeInto(temp, MethodKind.LISA, 7, List.of(step(1, Method.Source.ALIGNMENT, OptionalDouble.empty()),
                step(2, Method.Source.TASK, OptionalDouble.of(1.25), "penalty"),
                step(3, Method.Source.TASK, OptionalDouble.empty(), "KL", "penalty")));
        assertEquals("""
                method,seed,step,alignment_loss,task_loss,penalty,KL,grad_norm,lr,tokens,eval_loss
                lisa,7,1,0.25,,,,2.0,0.001,40,
                lisa,7,2,,0.5,2.5,,2.0,0.001,40,1.25
                lisa,7,3,,0.75,3.5,3.5,2.0,0.001,40,
                """.replace("\n", "\r\n"), Files.readString(temp.resolve("metrics.csv")));
    }
}
