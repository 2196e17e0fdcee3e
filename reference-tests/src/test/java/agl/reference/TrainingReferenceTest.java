package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.nn.Schedule;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Learning rates and updates of transformers and peft, as {@code make_training.py} wrote them. */
class TrainingReferenceTest {
    private static JsonNode expected;

    @BeforeAll static void read() throws IOException {
        try (InputStream in = TrainingReferenceTest.class.getResourceAsStream("/training.json")) {
            expected = new JsonMapper().readTree(in);
        }
    }

    /** After the warm-up transformers' rates; during it those of its next step, as its first one is 0. */
    @Test void theRatesAreTransformers() {
        Set<Schedule.Type> seen = new HashSet<>();
        for (JsonNode c : expected.get("schedules")) {
            Schedule.Type type = Schedule.Type.valueOf(c.get("type").asText().toUpperCase(Locale.ROOT));
            int warmup = c.get("warmup").asInt();
            Schedule ours = new Schedule(type, c.get("peak").asDouble(), warmup, c.get("total").asInt(), c.get("floor").asDouble());
            for (int i = 0; i < c.get("steps").size(); i++) {
                int step = c.get("steps").get(i).asInt();
                double theirs = c.get("rates").get(i).asDouble();
                if (type.warmsUp() && step == 0 && warmup > 0) {
                    assertEquals(0, theirs, "what the first step of transformers learns");
                    continue;
                }
                int same = type.warmsUp() && step <= warmup ? step - 1 : step;
                assertEquals(theirs, ours.at(Math.max(0, same)), 1e-15, c.get("transformers") + ", warm-up " + warmup + ", step " + step);
                if (step == warmup) {
                    assertEquals(theirs, ours.at(step), 1e-15, "both have the peak there");
                }
            }
            seen.add(type);
        }
        assertTrue(seen.containsAll(Set.of(Schedule.Type.values())), "every type: " + seen);
    }
}
