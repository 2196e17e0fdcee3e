package agl.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ConfigNodeTest {
    private final ConfigNode node = node(
            """
                    {"n": 3, "zero": 0, "minus": -1, "half": 0.5, "huge": 99999999999, "tiny": 1e-300, "beyond": 1e999,
                     "yes": true, "no": false, "word": "a",
                     "empty": "", "words": ["a", "b"], "mixed": ["a", 1], "numbers": [0, 2], "signed": [1, -1], "fractions": [1.5], "nothing": [],
                     "object": {"k": 1}, "void": {}, "gone": null}""");

    private static ConfigNode node(String json) {
        try {
            return new ConfigNode(new ObjectMapper().readTree(json), "config.json");
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void refused(String key, String wanted, Supplier<?> read) {
        String message = assertThrows(AglException.class, read::get).getMessage();
        assertTrue(message.startsWith("config.json: ") && message.contains(key) && message.contains(wanted), message);
    }

    @Test void wholeNumbers() {
        assertEquals(3, node.positive("n", 7));
        assertEquals(3, node.positive("n", 0));
        assertEquals(7, node.positive("missing", 7));
        assertEquals(1, node.positive("gone", 1));
        for (String key : List.of("zero", "minus", "half", "huge", "word", "yes", "gone", "missing")) {
            refused(key, "a positive whole number", () -> node.positive(key, 0));
        }
        refused("zero", "found", () -> node.positive("zero", 7));
        refused("missing", "it is missing", () -> node.positive("missing", 0));
    }

    @Test void numbers() {
        assertEquals(0.5, node.positiveNumber("half", 7));
        assertEquals(0.5, node.positiveNumber("half"));
        assertEquals(1e-300, node.positiveNumber("tiny"));
        assertEquals(7.5, node.positiveNumber("missing", 7.5));
        for (String key : List.of("zero", "minus", "beyond", "word", "yes")) {
            refused(key, "a positive number", () -> node.positiveNumber(key, 1));
        }
        refused("missing", "a positive number", () -> node.positiveNumber("missing"));
        refused("gone", "a positive number", () -> node.positiveNumber("gone"));
    }

    @Test void flagsAndTexts() {
        assertTrue(node.flag("yes", false));
        assertFalse(node.flag("no", true));
        assertTrue(node.flag("missing", true));
        assertFalse(node.flag("gone", false));
        refused("word", "true or false", () -> node.flag("word", true));
        assertEquals("a", node.text("word", "b"));
        assertEquals("b", node.text("missing", "b"));
        refused("n", "a text", () -> node.text("n", "b"));
    }

    @Test void lists() {
        assertEquals(List.of("a", "b"), node.texts("words"));
        assertEquals(List.of("a"), node.texts("word"));
        assertEquals(List.of(), node.texts("missing"));
        refused("mixed", "a list of texts", () -> node.texts("mixed"));
        refused("n", "a list of texts", () -> node.texts("n"));
        assertEquals(List.of(0, 2), node.naturals("numbers"));
        assertEquals(List.of(3), node.naturals("n"));
        assertEquals(List.of(0), node.naturals("zero"));
        assertEquals(List.of(), node.naturals("gone"));
        for (String key : List.of("signed", "fractions", "words", "word", "minus", "huge", "object")) {
            refused(key, "a list of whole numbers", () -> node.naturals(key));
        }
    }

    @Test void whatSwitchesSomethingOn() {
        for (String key : List.of("n", "zero", "yes", "word", "words", "object")) {
            assertTrue(node.active(key), key);
        }
        for (String key : List.of("no", "empty", "nothing", "void", "gone", "missing")) {
            assertFalse(node.active(key), key);
        }
    }

    @Test void objectsUnderThisOne() {
        assertEquals(1, node.object("object").positive("k", 0));
        assertEquals(5, node.object("missing").positive("k", 5));
        refused("word", "an object", () -> node.object("word"));
        String message = assertThrows(AglException.class, () -> node.object("object").positive("j", 0)).getMessage();
        assertTrue(message.startsWith("config.json, object: "), message);
        assertEquals("config.json: x \"y\" is not supported (supported: z)", node.unsupported("x \"y\"", "z").getMessage());
    }
}
