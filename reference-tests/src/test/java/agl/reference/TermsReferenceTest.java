package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** {@code agl terms} against an independent computation (make_terms.py), and its refusals. */
class TermsReferenceTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private record Outcome(int code, String out, String err) { }

    private Outcome terms(String input, String... more) throws Exception {
        Path file = folder.resolve("input.json");
        Files.writeString(file, input);
        PrintStream oldOut = System.out;
        PrintStream oldErr = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int code = Main.execute(Stream.concat(Stream.of("terms", "--input", file.toString()), Stream.of(more)).toArray(String[]::new));
            return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(oldOut);
            System.setErr(oldErr);
        }
    }

    private static JsonNode cases() throws Exception {
        try (InputStream in = TermsReferenceTest.class.getResourceAsStream("/terms.json")) {
            return JSON.readTree(in);
        }
    }

    @TestFactory Stream<DynamicTest> everyCase() throws Exception {
        JsonNode cases = cases();
        return IntStream.range(0, cases.size())
                .mapToObj(i -> DynamicTest.dynamicTest(i + " " + cases.get(i).path("input").path("options"), () -> {
                    JsonNode got = JSON.readTree(terms(cases.get(i).get("input").toString(), "--json").out);
                    for (Map.Entry<String, JsonNode> field : cases.get(i).get("expected").properties()) {
                        compare(field.getKey(), field.getValue(), got.path(field.getKey()));
                    }
                    assertTrue(got.get("fused_largest_difference").doubleValue() < 1e-10 * (1 + Math.abs(got.get("total").doubleValue())));
                }));
    }

    private static void compare(String where, JsonNode expected, JsonNode got) {
        if (expected.isArray()) {
            assertEquals(expected.size(), got.size(), where);
            for (int i = 0; i < expected.size(); i++) {
                compare(where + "[" + i + "]", expected.get(i), got.get(i));
            }
        } else {
            assertTrue(got.isNumber(), where + " is missing");
            double e = expected.doubleValue();
            assertEquals(e, got.doubleValue(), 1e-8 * Math.max(1, Math.abs(e)), where);
        }
    }

    @Test void theTextHasEveryIntermediate() throws Exception {
        Outcome outcome = terms(cases().get(0).get("input").toString());
        assertEquals(0, outcome.code, outcome.err);
        for (String name : new String[] {"eigenvalues", "eigenvectors[1]", "delta_A (", "eta (", "L_A ", "E_geo", "total", "grad_B (",
            "warning: E_geo"}) {
            assertTrue(outcome.out.contains(name), name + " is not in\n" + outcome.out);
        }
    }

    @Test void refusals() throws Exception {
        refused("B", "\"a\"", "B: a matrix is wanted");
        refused("B", "[[1,2,3]]", "both are the rank r");
        refused("A", "[[1,2,3,4],[1,2]]", "A, row 1: a list of 4 numbers");
        refused("A", "[[1,2,3,\"x\"],[1,2,3,4]]", "row 0, column 3");
        refused("gradients", "[]", "one per example");
        refused("gradients", "[[[1]]]", "gradients[0] is (1, 1)");
        refused("scale", "\"s\"", "scale: a finite number");
        refused("m", "-1", "m = -1");
        refused("options", "{\"lamda_A\":1}", "unknown setting \"lamda_A\"");
        refused("options", "{\"backend\":\"svd\"}", "backend");
        refused("options", "{\"alpha\":2}", "alpha");
        refused("options", "{\"reduction\":1}", "setting reduction does not take 1; expected one of mean, sum");
        refused("options", "{\"overlap\":\"Signed\"}",
                "setting overlap does not take \"Signed\"; expected one of absolute, signed, squared");
        refused("options", "{\"beta\":null}", "setting beta does not take null; expected a number");
        refused("m", "2.5", "setting m does not take 2.5; expected a whole number");
        refused("scale", "1e200", "too large");
        refused("options", "{\"alignment_rank\":2}", "leaves nothing of rank 2");
        refused("options", "{\"H\":\"ema_grad_sq\"}", "training run");
        refused("options", "[]", "a JSON object");
        refused("extra", "1", "there is no field \"extra\"");
        assertEquals(2, terms("{").code);
        assertEquals(2, Main.execute("terms", "--input", folder.resolve("none.json").toString()));
    }

    private void refused(String field, String value, String message) throws Exception {
        ObjectNode input = (ObjectNode) cases().get(0).get("input").deepCopy();
        input.set(field, JSON.readTree(value));
        Outcome outcome = terms(input.toString(), "--json");
        assertEquals(2, outcome.code, field + " = " + value);
        assertTrue(outcome.err.contains(message), outcome.err);
        assertEquals(1, outcome.err.strip().lines().count(), outcome.err);
    }
}
