package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {
    private static String cell(Object value) throws Exception {
        String text = Csv.text(List.<Object[]>of(new Object[] {value}), "x");
        return CSVFormat.DEFAULT.parse(new StringReader(text)).getRecords().get(1).get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\r=1", "\n=1", "=HYPERLINK(\"http://x\",\"y\")",
        " =1+1", "\u3000=1", "\uff1d1+1",
        "-", "- a list", "-1 is the answer", "+", "--5", "-inf"}) void whatASpreadsheetWouldRunIsText(String text) throws Exception {
        assertEquals("'" + text, cell(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a=b", "-1", "+2.5", "-3e-5", "-.5", "'quoted'", "I can't.", "1,234", "\"x\"", "line\nline", "mail@x",
        "é"}) void everythingElseStaysAsItIs(String text) throws Exception {
        assertEquals(text, cell(text));
    }

    @Test
    void numbersAndLineEndsDoNotDependOnTheSystem() {
        List<Object[]> rows = new ArrayList<>();
        rows.add(new Object[] {-1.5, Double.NEGATIVE_INFINITY, true, null});
        assertEquals("a,b,c,=d\r\n-1.5,-Infinity,true,\r\n", Csv.text(rows, "a", "b", "c", "=d"));
    }
}
