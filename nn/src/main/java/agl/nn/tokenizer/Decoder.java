package agl.nn.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Turns tokens back into text: tokenizer.json's {@code decoder}. Each maps a list to a list; the final list is joined. */
@FunctionalInterface
interface Decoder {
    List<String> decode(List<String> tokens);

    static Decoder parse(Part part) {
        return switch (part.type()) {
            case "ByteLevel" -> Decoder::byteLevel;
            case "ByteFallback" -> Decoder::byteFallback;
            case "Fuse" -> tokens -> List.of(String.join("", tokens));
            case "Replace" -> {
                TextPattern pattern = TextPattern.parse(part);
                String content = part.text("content");
                yield tokens -> tokens.stream().map(token -> pattern.replaceAll(token, content)).toList();
            }
            case "Strip" -> {
                int content = part.codePoint("content");
                int start = part.natural("start");
                int stop = part.natural("stop");
                yield tokens -> tokens.stream().map(token -> strip(token, Character.toString(content), start, stop)).toList();
            }
            case "Metaspace" -> metaspace(part);
            case "BPEDecoder" -> {
                String suffix = part.text("suffix");
                yield tokens -> {
                    List<String> out = new ArrayList<>();
                    for (int i = 0; i < tokens.size(); i++) {
                        out.add(tokens.get(i).replace(suffix, i + 1 < tokens.size() ? " " : ""));
                    }
                    return out;
                };
            }
            case "Sequence" -> {
                List<Decoder> steps = part.children("decoders").stream().map(Decoder::parse).toList();
                yield tokens -> {
                    List<String> out = tokens;
                    for (Decoder step : steps) {
                        out = step.decode(out);
                    }
                    return out;
                };
            }
            default -> throw part.unknown();
        };
    }

    private static List<String> byteLevel(List<String> tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        tokens.forEach(token -> bytes.writeBytes(Bytes.decode(token)));
        return List.of(Bytes.lossyUtf8(bytes.toByteArray()));
    }

    /** Runs of tokens such as {@code <0xE2>} are decoded as UTF-8; an invalid run becomes one U+FFFD per byte. */
    private static List<String> byteFallback(List<String> tokens) {
        List<String> out = new ArrayList<>();
        ByteArrayOutputStream run = new ByteArrayOutputStream();
        for (String token : tokens) {
            if (token.matches("<0x[0-9A-Fa-f]{2}>")) {
                run.write(Integer.parseInt(token.substring(3, 5), 16));
            } else {
                endRun(run, out);
                out.add(token);
            }
        }
        endRun(run, out);
        return out;
    }

    private static void endRun(ByteArrayOutputStream run, List<String> out) {
        if (run.size() > 0) {
            byte[] bytes = run.toByteArray();
            out.add(Bytes.isUtf8(bytes) ? new String(bytes, StandardCharsets.UTF_8) : "\uFFFD".repeat(bytes.length));
            run.reset();
        }
    }

    /** Removes up to {@code start} copies of {@code content} at the start and up to {@code stop} at the end. */
    private static String strip(String token, String content, int start, int stop) {
        String out = token;
        for (int i = 0; i < start && out.startsWith(content); i++) {
            out = out.substring(content.length());
        }
        for (int i = 0; i < stop && out.endsWith(content); i++) {
            out = out.substring(0, out.length() - content.length());
        }
        return out;
    }

    private static Decoder metaspace(Part part) {
        String mark = Character.toString(part.codePoint("replacement"));
        boolean prepended = part.has("prepend_scheme") ? !part.text("prepend_scheme").equals("never") : part.flag("add_prefix_space", true);
        return tokens -> {
            List<String> out = new ArrayList<>();
            for (String token : tokens) {
                out.add(token.replace(mark, out.isEmpty() && prepended ? "" : " "));
            }
            return out;
        };
    }
}
