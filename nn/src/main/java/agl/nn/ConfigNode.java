package agl.nn;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Type-checked access to a third-party JSON object: errors name the key with the wrong value. A null counts as missing. */
public record ConfigNode(JsonNode node, String where) {

    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** Whether the key is present with the value null, which some keys give a meaning. */
    public boolean isNull(String key) {
        return node.path(key).isNull();
    }

    /** A whole number of at least 1, or {@code fallback} if missing; a fallback of 0 makes the key required. */
    public int positive(String key, int fallback) {
        if (!has(key) && fallback > 0) {
            return fallback;
        }
        JsonNode value = node.get(key);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() <= 0) {
            throw wrong(key, "a positive whole number");
        }
        return value.asInt();
    }

    /** A finite number above 0, or {@code fallback} if missing. */
    public double positiveNumber(String key, double fallback) {
        if (!has(key)) {
            return fallback;
        }
        JsonNode value = node.get(key);
        if (!value.isNumber() || !(value.asDouble() > 0) || Double.isInfinite(value.asDouble())) {
            throw wrong(key, "a positive number");
        }
        return value.asDouble();
    }

    /** A finite number above 0; the key is required. */
    public double positiveNumber(String key) {
        if (!has(key)) {
            throw wrong(key, "a positive number");
        }
        return positiveNumber(key, 0);
    }

    public boolean flag(String key, boolean fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (!node.get(key).isBoolean()) {
            throw wrong(key, "true or false");
        }
        return node.get(key).asBoolean();
    }

    public String text(String key, String fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (!node.get(key).isTextual()) {
            throw wrong(key, "a text");
        }
        return node.get(key).asText();
    }

    /** A list of strings; a single string counts as a list of one. Empty if missing. */
    public List<String> texts(String key) {
        List<String> out = new ArrayList<>();
        JsonNode value = node.path(key);
        if (value.isTextual()) {
            out.add(value.asText());
        } else if (has(key)) {
            for (JsonNode element : list(value, key, "a list of texts")) {
                if (!element.isTextual()) {
                    throw wrong(key, "a list of texts");
                }
                out.add(element.asText());
            }
        }
        return out;
    }

    /** A list of non-negative integers; a single one counts as a list of one. Empty if missing. */
    public List<Integer> naturals(String key) {
        List<Integer> out = new ArrayList<>();
        JsonNode value = node.path(key);
        if (has(key)) {
            for (JsonNode element : value.isNumber() ? List.of(value) : list(value, key, "a list of whole numbers")) {
                if (!element.isIntegralNumber() || !element.canConvertToInt() || element.asInt() < 0) {
                    throw wrong(key, "a list of whole numbers");
                }
                out.add(element.asInt());
            }
        }
        return out;
    }

    private Iterable<JsonNode> list(JsonNode value, String key, String wanted) {
        if (!value.isArray()) {
            throw wrong(key, wanted);
        }
        return value;
    }

    /** Whether the key is present with a value that enables something: not null, false, or an empty string, list or object. */
    public boolean active(String key) {
        JsonNode value = node.path(key);
        return has(key) && !(value.isBoolean() && !value.asBoolean()) && !(value.isContainerNode() && value.isEmpty())
                && !(value.isTextual() && value.asText().isEmpty());
    }

    /** The object under this key, or an empty one. */
    public ConfigNode object(String key) {
        JsonNode value = node.path(key);
        if (has(key) && !value.isObject()) {
            throw wrong(key, "an object");
        }
        return new ConfigNode(value, where + ", " + key);
    }

    public AglException wrong(String key, String wanted) {
        JsonNode value = node.get(key);
        return new AglException(where + ": \"" + Json.quote(key) + "\" must be " + wanted + ", "
                + (value == null ? "it is missing" : "found " + Json.quote(value.toString())));
    }

    public AglException unsupported(String what, String supported) {
        return new AglException(where + ": " + Json.quote(what) + " is not supported (supported: " + supported + ")");
    }
}
