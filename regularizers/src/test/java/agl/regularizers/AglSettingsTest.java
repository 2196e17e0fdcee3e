package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which values a setting takes, and what is said of others. */
class AglSettingsTest {

    private static AglSettings with(String json) {
        return AglSettings.DEFAULT.with(json.replace('\'', '"'));
    }

    private static String refusal(String json) {
        return assertThrows(AglException.class, () -> with(json)).getMessage();
    }

    /** The ends of the range are taken; what lies beyond them is refused with the range. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "lambda_A      | 0, 1e9   | -1e-9          | at least 0",
        "lambda_T      | 0, 1e9   | -1e-9          | at least 0",
        "lambda_NC     | 0, 1e9   | -1e-9          | at least 0",
        "alpha         | 0, 1     | -1e-9, 1.00001 | between 0 and 1",
        "beta          | 0, 50    | -1e-9          | at least 0",
        "kappa         | 0, 1000  | -1e-9          | at least 0",
        "tau           | 0, 3     | -1e-9          | at least 0",
        "epsilon       | 1e-300   | 0, -1          | above 0: without it E_geo is 0/0 at the start, where the update is 0",
        "ema_decay     | 0, 0.999 | -1e-9, 1       | at least 0 and below 1",
        "m             | 0, 7     | -1             | at least 0 (0 means min(128, N))",
        "energy        | 0, 1     | -1e-9, 1.00001 | between 0 and 1",
        "fisher_tokens | 0, 7     | -1             | at least 0 (0 means all of the answer)",
        "refresh_every | 0, 7     | -1             | at least 0",
        "alignment_rank| 0, 7     | -1             | at least 0"})
    void theRangeOfANumber(String name, String taken, String refused, String range) {
        for (String value : taken.split(", ")) {
            assertEquals(Double.parseDouble(value), with("{'" + name + "':" + value + "}").toJson().get(name).asDouble());
        }
        for (String value : refused.split(", ")) {
            assertEquals("setting " + name + " = " + Double.parseDouble(value) + ": must be " + range,
                    refusal("{'" + name + "':" + value + "}"));
        }
    }

    /** 1e999 is a number in JSON and infinite in double. */
    @Test void infinityIsNoSetting() {
        assertEquals("setting lambda_A = Infinity: must be at least 0", refusal("{'lambda_A':1e999}"));
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "{'lambda_A':null}        | setting lambda_A does not take null; expected a number",
        "{'lambda_A':'1'}         | setting lambda_A does not take \"1\"; expected a number",
        "{'m':1.5}                | setting m does not take 1.5; expected a whole number",
        "{'overlap':'cubed'}      | setting overlap does not take \"cubed\"; expected one of absolute, signed, squared",
        "{'overlap':null}         | setting overlap does not take null; expected one of absolute, signed, squared",
        "{'H':1}                  | setting H does not take 1; expected one of identity, diag_fisher, ema_grad_sq",
        "[1]                      | settings must be a JSON object, not array"})
    void aValueOfAnotherType(String json, String message) {
        assertEquals(message.replace('\'', '"'), refusal(json));
    }

    @Test void unknownNamesAreRefusedWithTheKnownOnes() {
        String message = refusal("{'lambda_B':1}");
        assertTrue(message.startsWith("unknown setting \"lambda_B\"; known are H, alignment_rank, "), message);
        assertTrue(refusal("{'lambda_B':null}").startsWith("unknown setting \"lambda_B\""));
        assertTrue(refusal("{'lambda_A':").startsWith("settings are not JSON: "));
    }

    @Test void presetsHaveNames() {
        assertSame(AglSettings.DEFAULT, AglSettings.preset("default"));
        assertSame(AglSettings.AS_READ, AglSettings.preset("as-read"));
        assertEquals("unknown preset \"paper\"; choose default or as-read",
                assertThrows(AglException.class, () -> AglSettings.preset("paper")).getMessage());
    }

    @Test void namesAreThoseOfTheJson() {
        List<String> fields = new java.util.ArrayList<>();
        AglSettings.DEFAULT.toJson().fieldNames().forEachRemaining(fields::add);
        assertEquals(fields, AglSettings.names());
        assertEquals(25, fields.size());
    }

    /** diag F is made where the metric or H is it, and by no other setting. */
    @Test void whatNeedsTheDiagonal() {
        assertEquals(List.of(false, true, true, true, false),
                List.of(AglSettings.DEFAULT.needsDiagonal(), with("{'metric':'diag_fisher'}").needsDiagonal(),
                        with("{'H':'diag_fisher'}").needsDiagonal(), with("{'metric':'diag_fisher','H':'diag_fisher'}").needsDiagonal(),
                        with("{'H':'ema_grad_sq','backend':'diagonal'}").needsDiagonal()));
    }

    @Test void twoBranchesBeginWithARankOfOne() {
        assertEquals(List.of(false, true), List.of(with("{'alignment_rank':0}").twoBranch(), with("{'alignment_rank':1}").twoBranch()));
    }
}
