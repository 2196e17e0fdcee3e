package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables in narrow and wide terminals. */
class TextTableTest {
    private static TextTable table() {
        return new TextTable(1, List.of("model", "unsafe", "safe", "drift")).right(3)
                .row(List.of("base", "93.4 [88.0, 97.0]", "100.0", "0"))
                .heading("adapters:")
                .row(List.of("agl", "91.0 [85.0, 95.5]", "98.5", "-12.5"));
    }

    private static String lines(String... lines) {
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    @Test void aWideTerminalHasItInOnePiece() {
        assertEquals(lines(
                "model  unsafe             safe   drift",
                "base   93.4 [88.0, 97.0]  100.0      0",
                "adapters:",
                "agl    91.0 [85.0, 95.5]  98.5   -12.5"), table().text(Terminal.UNLIMITED));
        assertEquals(table().text(Terminal.UNLIMITED), table().text(38), "exactly as wide");
    }

    @Test void whatDoesNotFitGoesIntoASecondBlock() {
        assertEquals(lines(
                "model  unsafe             safe",
                "base   93.4 [88.0, 97.0]  100.0",
                "adapters:",
                "agl    91.0 [85.0, 95.5]  98.5",
                "",
                "model  drift",
                "base       0",
                "adapters:",
                "agl    -12.5"), table().text(37));
    }

    @ParameterizedTest @ValueSource(ints = {1, 10, 24, 30, 31, 36, 37, 38, 80}) void noNumberIsCut(int width) {
        String text = table().text(width);
        for (String cell : List.of("93.4 [88.0, 97.0]", "91.0 [85.0, 95.5]", "100.0", "98.5", "-12.5")) {
            assertEquals(2, (" " + text + " ").split(Pattern.quote(cell), -1).length, cell);
        }
        assertTrue(text.lines().allMatch(line -> line.length() <= Math.max(width, 24)), text);
    }

    @Test void theWidthIsThatOfColumnsOrTheTerminal() {
        assertEquals(72, Terminal.width(Map.of("COLUMNS", "72"), true, () -> 100));
        assertEquals(72, Terminal.width(Map.of("COLUMNS", " 72 "), false, () -> 100));
        assertEquals(100, Terminal.width(Map.of("COLUMNS", "wide"), true, () -> 100));
        assertEquals(Terminal.UNLIMITED, Terminal.width(Map.of("COLUMNS", "0"), false, () -> 100));
        assertEquals(Terminal.UNLIMITED, Terminal.width(Map.of(), false, () -> 100));
        assertEquals(40, Terminal.width(Map.of("COLUMNS", "3"), false, () -> 100));
    }
}
