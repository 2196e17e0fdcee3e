package agl.app;

import agl.nn.checkpoint.Sealed;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/** Damages the content of files, the same way for the same seed: its bytes, its JSON or the JSON at its beginning. */
final class Mutations {
    /** JSON that takes the place of other JSON. */
    private static final List<String> VALUES = List.of("null", "true", "false", "0", "-0.0", "1", "-1", "2", "7", "0.5", "1e-400", "1e308",
            "1e999", "-1e999", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
            "9".repeat(300), "9".repeat(5000), "\"\"", "\"x\"", "\"NaN\"", "\"-Infinity\"", "\"1\"", "\"../x\"", "\"/\"", "\"a\\u0000b\"",
            "\"\\ud800\"", "\"\\n\"", "\"(a+)+b\"", "\"[\"", "\"F32\"", "\"I64\"", "\"" + "a".repeat(3000) + "\"", "[]", "{}", "[[]]",
            "[0]", "[1,2,3,4]", "[-1,2]", "[0,9223372036854775807]", "[null]", "[\"x\"]", "{\"x\":1}", "{\"\":{}}", "[{}]",
            "[".repeat(40) + "]".repeat(40), "[".repeat(3000) + "]".repeat(3000), "{\"a\":".repeat(3000) + "1" + "}".repeat(3000));
    private static final List<String> PIECES = List.of("\"", "'", "{", "}", "[", "]", ",", ":", ";", "\\", "\t", "null", "-", "e99", ".",
            "\0", " ", "\n", "\r", "\n\n", "/", "..", "%", "{%", "%}", "{{", "}}", "|", "(", ")", "\uFEFF", "\uD83D\uDE00", "1e9999", "NaN",
            "[".repeat(3000), "(".repeat(3000), "{{".repeat(500), "9".repeat(2000), "a".repeat(5000), "\"a\":1,\"a\":1,");
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?");
    private static final Pattern FIELD = Pattern.compile("\"[^\"\\\\]{1,80}\":");
    private static final Pattern MARK = Pattern.compile("\"\u0001(\\d+)\"");
    private static final byte[] SEAL = ("\"" + Sealed.KEY + "\":\"").getBytes(StandardCharsets.US_ASCII);
    private static final JsonMapper JSON = new JsonMapper();

    private final SplittableRandom random;

    Mutations(long seed) {
        random = new SplittableRandom(seed);
    }

    /** One to three of: a flipped bit, another byte, a cut, a part left out, repeated, moved, swapped or zeroed, something put in. */
    byte[] bytes(byte[] good) {
        byte[] b = good.clone();
        for (int changes = random.nextInt(1, 4); changes > 0 && b.length > 1; changes--) {
            int at = random.nextInt(b.length);
            int to = at + random.nextInt(Math.min(200, b.length - at) + 1);
            byte[] before = Arrays.copyOf(b, at);
            byte[] part = Arrays.copyOfRange(b, at, to);
            byte[] after = Arrays.copyOfRange(b, to, b.length);
            byte[] piece = one(PIECES).getBytes(StandardCharsets.UTF_8);
            switch (random.nextInt(11)) {
                case 0, 1 -> b[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> b[at] = (byte) random.nextInt(256);
                case 3 -> b = before;
                case 4 -> b = joined(before, after);
                case 5 -> b = joined(before, part, part, after);
                case 6 -> b = joined(part, before, after);
                case 7 -> b = swapped(b, at);
                case 8 -> Arrays.fill(b, at, to, (byte) 0);
                case 9 -> b = joined(b, piece);
                default -> b = joined(before, piece, part, after);
            }
        }
        return b;
    }

    /** Two blocks exchanged, as a disk might. */
    private byte[] swapped(byte[] b, int at) {
        int size = Math.min(random.nextInt(1, 513), b.length - at);
        int other = random.nextInt(b.length - size + 1);
        byte[] out = b.clone();
        System.arraycopy(b, at, out, other, size);
        System.arraycopy(b, other, out, at, size);
        return out;
    }

    /** Text with another number somewhere, or other bytes. */
    byte[] text(byte[] good) {
        List<int[]> numbers = new ArrayList<>();
        String text = new String(good, StandardCharsets.UTF_8);
        for (Matcher m = NUMBER.matcher(text); m.find();) {
            numbers.add(new int[] {m.start(), m.end()});
        }
        if (numbers.isEmpty() || random.nextInt(3) > 0) {
            return bytes(good);
        }
        int[] at = numbers.get(random.nextInt(numbers.size()));
        return (text.substring(0, at[0]) + one(VALUES) + text.substring(at[1])).getBytes(StandardCharsets.UTF_8);
    }

    /** JSON with other values, missing, repeated and renamed fields, or other bytes. */
    byte[] json(byte[] good) throws IOException {
        if (random.nextInt(4) == 0) {
            return text(good);
        }
        byte[] changed = tree(good);
        return random.nextInt(8) == 0 ? bytes(changed) : changed;
    }

    private byte[] tree(byte[] good) throws IOException {
        JsonNode tree = JSON.readTree(good);
        for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
            List<Consumer<JsonNode>> places = new ArrayList<>();
            List<JsonNode> values = new ArrayList<>();
            collect(tree, places, values);
            if (!places.isEmpty()) {
                // Half of the time near the top: long lists would get all the attention.
                int at = random.nextInt(random.nextBoolean() ? Math.min(40, places.size()) : places.size());
                JsonNode own = values.get(random.nextInt(values.size())).deepCopy();
                JsonNode other = TextNode.valueOf("\u0001" + random.nextInt(VALUES.size()));
                places.get(at).accept(random.nextInt(8) == 0 ? null : random.nextInt(5) == 0 ? own : other);
            }
        }
        String text = MARK.matcher(JSON.writeValueAsString(tree).replace("\\u0001", "\u0001"))
                .replaceAll(m -> Matcher.quoteReplacement(VALUES.get(Integer.parseInt(m.group(1)))));
        return (random.nextInt(8) == 0 ? repeated(text) : text).getBytes(StandardCharsets.UTF_8);
    }

    /** With a field that is there twice. */
    private String repeated(String text) {
        List<int[]> fields = new ArrayList<>();
        for (Matcher m = FIELD.matcher(text); m.find();) {
            fields.add(new int[] {m.start(), m.end()});
        }
        if (fields.isEmpty()) {
            return text;
        }
        int[] at = fields.get(random.nextInt(fields.size()));
        return text.substring(0, at[0]) + text.substring(at[0], at[1]) + one(VALUES) + "," + text.substring(at[0]);
    }

    /** A safetensors file. The header's length fits its JSON more often than not, or nothing else would be looked at. */
    byte[] safetensors(byte[] good) throws IOException {
        if (random.nextInt(4) == 0) {
            return bytes(good);
        }
        int length = headerBytes(good);
        byte[] header = Arrays.copyOfRange(good, 8, 8 + length);
        byte[] data = Arrays.copyOfRange(good, 8 + length, good.length);
        byte[] changed = random.nextInt(4) == 0 ? header : json(header);
        long said = random.nextInt(20) > 0 ? changed.length : random.nextBoolean() ? random.nextLong() : random.nextInt(good.length + 100);
        return whole(said, changed, changed == header && data.length > 0 ? numbers(data) : data);
    }

    private static int headerBytes(byte[] file) {
        return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    }

    private static byte[] whole(long said, byte[] header, byte[] data) {
        byte[] length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(said).array();
        return joined(length, header, data);
    }

    /** NaN, infinity, the largest, the smallest number among the values, as float or double. */
    private byte[] numbers(byte[] data) {
        byte[] out = data.clone();
        ByteBuffer buffer = ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN);
        for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
            int at = random.nextInt(Math.max(1, data.length / 8)) * 8;
            double value = new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1e300, Float.MAX_VALUE, Double.MIN_VALUE, 0, -1, 1e9}[random
                    .nextInt(8)];
            if (at + 8 <= data.length && random.nextBoolean()) {
                buffer.putDouble(at, value);
            } else if (at + 4 <= data.length) {
                buffer.putFloat(at, (float) value);
            }
        }
        return out;
    }

    /** What carries its own checksum, changed as if by a program: with the checksum of the changed content. */
    byte[] resealed(byte[] good, boolean weights) throws IOException {
        byte[] b = weights ? safetensors(good) : json(good);
        int at = indexOf(b);
        if (at < 0 || at + SEAL.length + Sealed.BLANK.length() > b.length) {
            return b;
        }
        int from = at + SEAL.length;
        Arrays.fill(b, from, from + Sealed.BLANK.length(), (byte) '0');
        byte[] hash = HexFormat.of().formatHex(Sealed.sha256().digest(b)).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(hash, 0, b, from, hash.length);
        return b;
    }

    private static int indexOf(byte[] bytes) {
        for (int i = 0; i + SEAL.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + SEAL.length, SEAL, 0, SEAL.length)) {
                return i;
            }
        }
        return -1;
    }

    /** Compressed data: of changed text, or changed themselves. */
    byte[] gzip(byte[] good) throws IOException {
        return random.nextBoolean() ? bytes(compressed(good)) : compressed(text(good));
    }

    static byte[] compressed(byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        }
        return bytes.toByteArray();
    }

    private String one(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /** Setters of all places of the tree, breadth first, and what is there; null leaves the place out. */
    private void collect(JsonNode root, List<Consumer<JsonNode>> places, List<JsonNode> values) {
        List<JsonNode> queue = new ArrayList<>(List.of(root));
        for (int i = 0; i < queue.size() && places.size() < 2000; i++) {
            JsonNode node = queue.get(i);
            if (node instanceof ObjectNode object) {
                object.properties().stream().map(Map.Entry::getKey).toList().forEach(key -> {
                    places.add(value -> object.set(random.nextInt(10) > 0 ? key : one(List.of(key + "x", "a\0b", "", "/", "__metadata__")),
                            value));
                    places.add(value -> object.remove(key));
                    values.add(object.get(key));
                    queue.add(object.get(key));
                });
            } else if (node instanceof ArrayNode array) {
                for (int k = 0; k < array.size(); k++) {
                    int at = k;
                    places.add(value -> {
                        if (value == null) {
                            array.remove(at);
                        } else {
                            array.set(at, value);
                        }
                    });
                    values.add(array.get(k));
                    queue.add(array.get(k));
                }
            }
        }
    }
}
