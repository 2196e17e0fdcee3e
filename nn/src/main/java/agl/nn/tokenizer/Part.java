package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** An object inside tokenizer.json with its location, which every error message names. */
record Part(JsonNode node, String where) {
    /** The object at {@code node}; an error if it is not an object. */
    static Part of(JsonNode node, String where) {
        if (!node.isObject()) {
            throw new AglException(where + ": expected an object");
        }
        return new Part(node, where);
    }

    String type() {
        return text("type");
    }

    /** The error for an unsupported type. */
    AglException unknown() {
        return new AglException(where + ": type " + Json.quote(type()) + " is not supported");
    }

    AglException wrong(String what) {
        return new AglException(where + ": " + what);
    }

    boolean has(String name) {
        return node.hasNonNull(name);
    }

    String text(String name) {
        JsonNode value = node.path(name);
        if (!value.isTextual()) {
            throw wrong("field " + name + " is missing or not a string");
        }
        return value.textValue();
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode value = node.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw wrong("field " + name + " is not true or false");
        }
        return value.booleanValue();
    }

    int natural(String name) {
        JsonNode value = node.path(name);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
            throw wrong("field " + name + " is missing or not a natural number");
        }
        return value.intValue();
    }

    /** A field with a single character. */
    int codePoint(String name) {
        String text = text(name);
        if (text.isEmpty() || text.codePointCount(0, text.length()) != 1) {
            throw wrong("field " + name + " is not one character");
        }
        return text.codePointAt(0);
    }

    Part child(String name) {
        return of(node.path(name), where + "." + Json.quote(name)); // special tokens are keys as well
    }

    List<Part> children(String name) {
        JsonNode array = node.path(name);
        if (!array.isArray()) {
            throw wrong("field " + name + " is missing or not an array");
        }
        List<Part> out = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            out.add(of(array.get(i), where + "." + name + "[" + i + "]"));
        }
        return out;
    }
}
