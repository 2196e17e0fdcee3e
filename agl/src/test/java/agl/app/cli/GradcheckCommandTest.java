package agl.app.cli;

import agl.app.explain.CaseCheck;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.Operation;
import agl.autograd.Tensor;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class GradcheckCommandTest {
    private static String run(int expectedCode, String... args) {
        StringWriter out = new StringWriter();
        CommandLine command = new CommandLine(new GradcheckCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
        assertEquals(expectedCode, command.execute(args), out.toString());
        return out.toString();
    }

    @Test
    void everyOperationAndTermHasALineAndAgrees() throws IOException {
        JsonNode answer = new ObjectMapper().readTree(run(0, "--json", "--seeds", "5"));
        assertTrue(answer.get("passed").asBoolean());
        assertEquals(GradientCase.all().stream().map(GradientCase::name).toList(), answer.get("operations").findValuesAsText("operation"));
        for (JsonNode row : answer.get("operations")) {
            assertTrue(row.get("error").asDouble() < 1e-4, row.toString());
            assertTrue(row.get("compared").asLong() > 0, row.toString());
            assertFalse(row.get("shapes").isEmpty(), row.toString());
        }
    }

    @Test
    void oneOperationByName() {
        String out = run(0, "--op", "softmax", "--op", "Matmul");
        assertEquals(4, out.lines().count(), out);
        assertTrue(out.contains("Softmax ") && out.contains("Matmul ") && out.contains("all agree"), out);
        long cases = GradientCase.all().stream().filter(c -> CaseCheck.className(c).equals("FisherAlignment")).count();
        assertTrue(cases > 1);
        assertEquals(cases + 2, run(0, "--op", "FisherAlignment", "--seeds", "1").lines().count());
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        String out = run(1, "--op", "Softmacks"); // picocli's own code; Main makes it 2
        assertTrue(out.contains("Softmacks") && out.contains("Softmax"), out);
        assertEquals(2, Main.execute("gradcheck", "--op", "Softmacks"));
        assertEquals(2, Main.execute("gradcheck", "--seeds", "0"));
        assertEquals(2, Main.execute("gradcheck", "--all", "--op", "Exp"));
    }

    /** y = x² with the derivative of x³/3 at one seed in three: the row must show the failure, not the larger harmless error. */
    @Test
    void aWrongDerivativeIsTheRowsWorst() {
        GradientCase wrong = new GradientCase("Wrong", random -> {
            boolean bad = random.nextInt(3) == 0;
            Tensor x = Tensor.of(new double[] {2 + random.nextDouble()}, 1).requireGrad();
            return new GradientCase.Problem((tape, in) -> {
                Tensor y = tape.alloc(1);
                double v = in[0].get(0);
                y.data().set(0, v * v);
                Operation square = (t, out) -> t.grad(in[0]).add(0, out.grad().get(0) * (bad ? v * v : 2 * v));
                return tape.record(y, square, in[0]);
            }, x);
        });
        CaseCheck row = CaseCheck.of(wrong, 20);
        assertFalse(row.passed());
        assertTrue(row.error() > 0.01, row.toString());
        assertFalse(new GradientCase("x", wrong.problem()).check(row.seed()).passed());
        GradCheck.Result result = wrong.check(row.seed());
        assertEquals(row.analytic(), result.analytic());
    }
}
