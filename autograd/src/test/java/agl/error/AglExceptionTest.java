package agl.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AglExceptionTest {
    /** Wherever a message is printed, text that it quotes breaks no line and moves no cursor. */
    @Test void messagesAreOneLine() {
        assertEquals("row 1: a b c d", new AglException("row 1: a\u2028b \r\n c\td\n").getMessage());
        assertEquals("a [31m", new AglException("a\u001b[31m", null).getMessage());
        assertNull(new AglException(null).getMessage());
    }

    @Test void longOnesAreCutInTheMiddle() {
        assertEquals("a".repeat(1200), new AglException("a".repeat(1200)).getMessage());
        String cut = new AglException("b".repeat(900) + "x" + "c".repeat(5000) + "y" + "d".repeat(300)).getMessage();
        assertEquals("b".repeat(900) + " ... " + "d".repeat(300), cut);
        assertTrue(cut.length() < 1300);
    }
}
