package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.nn.Batch;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import com.fasterxml.jackson.databind.JsonNode;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/**
 * A folder that make_models.py or make_adapters.py wrote: a small random model, an adapter, and what transformers and peft compute with it.
 */
record Fixture(Path folder, JsonNode json) {

    /** One of the models. */
    static Fixture of(String name) {
        return at("models/" + name);
    }

    static Fixture at(String path) {
        Path folder = resource(path);
        return new Fixture(folder, Json.read(folder.resolve("expected.json")));
    }

    /** A folder of the test resources. */
    static Path resource(String name) {
        try {
            return Path.of(Fixture.class.getResource("/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    String name() {
        return folder.getFileName().toString();
    }

    Path adapter() {
        return folder.resolve("adapter");
    }

    double number(String key) {
        Assertions.assertTrue(json.path(key).isNumber(), "the fixture has no " + key);
        return json.get(key).asDouble();
    }

    double[] numbers(String key) {
        double[] x = new double[json.get(key).size()];
        for (int i = 0; i < x.length; i++) {
            x[i] = json.get(key).get(i).asDouble();
        }
        return x;
    }

    /** The sequences that the numbers belong to, one after the other, with their targets. */
    Batch batch() {
        return batch(json.get("sequences"), json.get("targets"));
    }

    static Batch batch(JsonNode sequences, JsonNode targets) {
        IntArrayList tokens = new IntArrayList();
        IntArrayList wanted = new IntArrayList();
        int[] starts = new int[sequences.size() + 1];
        for (int s = 0; s < sequences.size(); s++) {
            sequences.get(s).forEach(id -> tokens.add(id.asInt()));
            targets.get(s).forEach(id -> wanted.add(id.asInt()));
            starts[s + 1] = tokens.size();
        }
        return new Batch(tokens.toIntArray(), starts, wanted.toIntArray());
    }

    /** A tensor of expected.safetensors. */
    float[] tensor(String name) {
        return tensor(folder.resolve("expected.safetensors"), name);
    }

    List<String> tensorNames() {
        try (SafeTensors tensors = SafeTensors.open(folder.resolve("expected.safetensors"))) {
            return tensors.names();
        }
    }

    static float[] tensor(Path file, String name) {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            Assertions.assertTrue(tensors.has(name), () -> file + " has no " + name);
            return tensors.info(name).toFloats();
        }
    }

    /** Largest difference of two arrays, divided by {@code 1 + |expected|}. */
    static double difference(float[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, "number of elements");
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = Math.abs(expected[i] - actual[i]) / (1 + Math.abs(expected[i]));
            worst = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
        }
        return worst;
    }

    /** ‖actual − expected‖ / ‖expected‖. */
    static double relativeNorm(float[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, "number of elements");
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            size += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / size);
    }

    static void assertClose(float[] expected, double[] actual, double tolerance, String what) {
        double d = difference(expected, actual);
        Assertions.assertTrue(d <= tolerance, () -> what + ": largest difference " + d + ", allowed " + tolerance);
    }
}
