package agl.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.LoraPlus;
import agl.nn.AdamW;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Schedule;
import agl.nn.Transformer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleConsumer;
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

    private static void fill(JsonNode values, DoubleConsumer element) {
        if (values.isArray()) {
            values.forEach(v -> fill(v, element));
        } else {
            element.accept(values.asDouble());
        }
    }

    private static double[] flat(JsonNode values) {
        List<Double> all = new ArrayList<>();
        fill(values, all::add);
        return all.stream().mapToDouble(x -> x).toArray();
    }

    /** A, B and magnitudes after each of three steps of AdamW with given gradients, in double. */
    @Test void theUpdateIsPeftsLoraPlus() {
        JsonNode c = expected.get("loraplus");
        Transformer model = Models.random(ModelConfig.llama(4, 1, 2, 1, 5, 7).withPositions(8), 1, DType.F64);
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(2, 4, 0, "q_proj,v_proj", false).withDora(), 1, DType.F64);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        lora.layers().forEach((name, layer) -> {
            String last = name.substring(name.lastIndexOf('.') + 1);
            tensors.put(last + ".A", layer.a());
            tensors.put(last + ".B", layer.b());
            tensors.put(last + ".magnitude", layer.magnitude());
        });
        tensors.forEach((name, t) -> set(t.data()::set, flat(c.get("start").get(name))));
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), lora.parameters(),
                LoraPlus.rates(model, c.get("ratio").asDouble()));
        assertEquals(6, tensors.size());
        for (JsonNode step : c.get("steps")) {
            try (Tape tape = Tape.plain()) {
                tensors.forEach((name, t) -> set(tape.grad(t)::set, flat(step.get("gradients").get(name))));
            }
            adamW.step(c.get("lr").asDouble(), 1);
            tensors.forEach((name, t) -> assertArrayEquals(flat(step.get("after").get(name)), t.toArray(), 1e-13, name));
        }
    }

    private interface Setter {
        void set(int i, double value);
    }

    private static void set(Setter to, double[] values) {
        for (int i = 0; i < values.length; i++) {
            to.set(i, values[i]);
        }
    }
}
