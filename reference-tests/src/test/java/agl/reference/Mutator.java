package agl.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Damages files in many ways, the same ways for the same seed: bytes, or the tree of a JSON text, or both. */
final class Mutator {
    /** What stands where something else was expected. */
    private static final String[] VALUES = {"null", "true", "false", "0", "-0", "1", "-1", "2", "3", "7", "0.5", "-0.0", "1e-400", "1e308",
        "1e999", "2147483647", "2147483648",
        "-2147483648", "4294967296", "4611686018427387904", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999999999999", "\"\"", "\"x\"", "\"../x\"", "\"/etc/passwd\"", "\"..\\\\x\"", "\"a\\u0000b\"", "\"\\ud800\"",
        "\"\\n\"", "\"(a+)+b\"", "\"(\"",
        "\"[\"", "\".*\"", "\"all-linear\"", "\"BF16\"", "\"I64\"", "\"F8_E4M3\"", "[]", "{}", "[[]]", "[0]", "[0,0]", "[1,2,3,4]",
        "[-1,2]", "[0,9223372036854775807]",
        "[null]", "[\"x\"]", "{\"x\":1}", "{\"\":{}}"};
    private static final String[] PIECES = {"\"", "{", "}", "[", "]", ",", ":", "\\", "\\u", "null", "-", "e99", ".", "\0", " ", "\n", "/",
        "..", "\uD83D\uDE00", "1e9999",
        "[".repeat(3000), "{\"a\":".repeat(3000), "9".repeat(2000), "a".repeat(5000), "\"a\":1,\"a\":1,"};

    private final SplittableRandom random;
    private final JsonMapper json = new JsonMapper();

    Mutator(long seed) {
        random = new SplittableRandom(seed);
    }

    /** A damaged copy of a JSON file. */
    byte[] json(byte[] good) throws IOException {
        byte[] out = good;
        if (random.nextInt(4) > 0) {
            JsonNode tree = json.readTree(good);
            for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
                change(tree);
            }
            out = json.writeValueAsBytes(tree);
        }
        return out == good || random.nextInt(4) == 0 ? bytes(out) : out;
    }

    /** A damaged copy of a safetensors file; the header's length fits its JSON more often than not, or nothing else would be looked at. */
    byte[] safetensors(byte[] good) throws IOException {
        if (random.nextInt(4) == 0) {
            return bytes(good);
        }
        int length = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        byte[] header = json(Arrays.copyOfRange(good, 8, 8 + length));
        long said = random.nextInt(20) > 0 ? header.length
                : random.nextInt(2) == 0 ? random.nextLong() : random.nextInt(header.length + 100);
        return ByteBuffer.allocate(good.length - length + header.length).order(ByteOrder.LITTLE_ENDIAN).putLong(said).put(header)
                .put(good, 8 + length, good.length - 8 - length).array();
    }

    /** One to three of: a flipped bit, another byte, a cut, a part left out, doubled or moved, something put in. */
    private byte[] bytes(byte[] good) {
        byte[] b = good.clone();
        for (int changes = random.nextInt(1, 4); changes > 0 && b.length > 1; changes--) {
            int at = random.nextInt(b.length);
            int to = at + random.nextInt(Math.min(200, b.length - at) + 1);
            switch (random.nextInt(7)) {
                case 0 -> b[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> b[at] = (byte) random.nextInt(256);
                case 2 -> b = Arrays.copyOf(b, at);
                case 3 -> b = joined(Arrays.copyOf(b, at), Arrays.copyOfRange(b, to, b.length));
                case 4 -> b = joined(Arrays.copyOf(b, to), Arrays.copyOfRange(b, at, b.length));
                case 5 -> b = joined(Arrays.copyOfRange(b, at, to), joined(Arrays.copyOf(b, at), Arrays.copyOfRange(b, to, b.length)));
                default -> b = joined(joined(Arrays.copyOf(b, at), PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8)),
                        Arrays.copyOfRange(b, at, b.length));
            }
        }
        return b;
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] out = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }

    /** Another value, or another part of the same tree, somewhere; or something left out or added. */
    private void change(JsonNode tree) throws IOException {
        List<Consumer<JsonNode>> places = new ArrayList<>();
        List<JsonNode> values = new ArrayList<>();
        collect(tree, places, values);
        if (!places.isEmpty()) {
            // Half of the time near the top: large lists would get all the attention.
            int limit = random.nextBoolean() ? Math.min(40, places.size()) : places.size();
            int at = random.nextInt(limit);
            JsonNode value = random.nextInt(5) == 0 ? values.get(random.nextInt(values.size())).deepCopy()
                    : json.readTree(VALUES[random.nextInt(VALUES.length)]);
            places.get(at).accept(random.nextInt(8) == 0 ? null : value);
        }
    }

    /** Setters of all places of the tree, breadth first; null leaves the place out. */
    private void collect(JsonNode root, List<Consumer<JsonNode>> places, List<JsonNode> values) {
        List<JsonNode> queue = new ArrayList<>(List.of(root));
        for (int i = 0; i < queue.size() && places.size() < 2000; i++) {
            JsonNode node = queue.get(i);
            if (node instanceof ObjectNode object) {
                for (String key : object.properties().stream().map(java.util.Map.Entry::getKey).toList()) {
                    places.add(value -> {
                        if (value == null) {
                            object.remove(key);
                        } else if (random.nextInt(10) == 0) {
                            object.set(key + "x", value);
                        } else {
                            object.set(key, value);
                        }
                    });
                    values.add(object.get(key));
                    queue.add(object.get(key));
                }
            } else if (node instanceof ArrayNode array) {
                for (int k = 0; k < array.size(); k++) {
                    int at = k;
                    places.add(value -> {
                        if (at < array.size()) {
                            if (value == null) {
                                array.remove(at);
                            } else {
                                array.set(at, value);
                            }
                        }
                    });
                    values.add(array.get(k));
                    queue.add(array.get(k));
                }
            }
        }
    }
}
