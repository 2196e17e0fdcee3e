package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
    @ParameterizedTest @CsvSource({"1, 1", "-2.5e3, -2500", ".5, 0.5", "5., 5", "+1E-2, 0.01", "0e9, 0", "' 7 ', 7", "4.9e-324, 4.9e-324"})
    void ordinaryNumbers(String text, double value) {
        assertEquals(value, Numbers.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "-inf", "1e400", "-1e400", "1e-400", "1f", "1d", "0x1p3", "1,5", "", "1 2", "--1", "1e",
        "."}) void whatIsNoneIsRefused(String text) {
        assertThrows(AglException.class, () -> Numbers.parse(text));
    }

    @org.junit.jupiter.api.Test void minusZeroIsZero() {
        assertEquals(0, Double.compare(0.0, Numbers.parse("-0.0")));
    }
}
