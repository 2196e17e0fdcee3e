package agl.app.cli;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.HfTokenizer;
import agl.nn.tokenizer.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code agl tokenize}: text to token ids and back, line by line, for comparison with other programs. */
@Command(name = "tokenize", description = "Turn each line of the input into token ids, or ids into text.",
        footer = {"",
            "A line ends at a line feed and nothing else; text is UTF-8. With --json texts are JSON strings, so that they can hold line "
            + "breaks.",
            "", "Examples:", "  agl tokenize --base MODEL < text.txt", "  echo '[1, 15043]' | agl tokenize --base MODEL --decode"})
public final class TokenizeCommand implements Callable<Integer> {
    @Option(names = {"--base", "--model"}, required = true, paramLabel = "DIR",
            description = "Hugging Face model folder, or a tokenizer.json.")
    private Path base;

    @Option(names = "--no-special",
            description = "Add no begin-of-text token and the like; with --decode, leave special tokens out of the text.")
    private boolean noSpecial;

    @Option(names = "--decode", description = "Input lines are JSON arrays of ids, output lines the texts.")
    private boolean decode;

    @Option(names = "--json", description = "Texts, in and out, are JSON strings.")
    private boolean json;

    private static final ObjectMapper JSON = new ObjectMapper();

    @Override public Integer call() throws IOException {
        Tokenizer tokenizer = HfTokenizer.load(base);
        // Bytes, not characters: independent of the console's encoding.
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        InputStream in = new BufferedInputStream(System.in, 1 << 16);
        int number = 0;
        for (byte[] line = line(in); line != null; line = line(in)) {
            number++;
            out.print(
                    decode ? decoded(tokenizer, line, number) : JSON.writeValueAsString(tokenizer.encode(text(line, number), !noSpecial)));
            out.print('\n');
        }
        out.flush();
        return 0;
    }

    private String text(byte[] line, int number) {
        try {
            if (json) {
                JsonNode value = json(line, number);
                if (!value.isTextual()) {
                    throw new AglException("input, line " + number + ": not a JSON string");
                }
                return value.textValue();
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
        } catch (CharacterCodingException e) {
            throw new AglException("input, line " + number + ": not valid UTF-8", e);
        }
    }

    private String decoded(Tokenizer tokenizer, byte[] line, int number) throws IOException {
        JsonNode array = json(line, number);
        if (!array.isArray()) {
            throw new AglException("input, line " + number + ": not a JSON array of token ids");
        }
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = array.get(i);
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || tokenizer.token(id.intValue()) == null) {
                throw new AglException("input, line " + number + ": " + Json.quote(id.toString()) + " is not the id of a token");
            }
            ids[i] = id.intValue();
        }
        String text = tokenizer.decode(ids, noSpecial);
        return json ? JSON.writeValueAsString(text) : text;
    }

    private static JsonNode json(byte[] line, int number) {
        return Json.parse(line, "input, line " + number, parser -> {
            JsonNode tree = Json.tree(parser);
            if (tree == null || tree.isMissingNode()) {
                throw new AglException("input, line " + number + ": empty, expected JSON");
            }
            return tree;
        });
    }

    /** The bytes up to the next line feed, or null at the end. */
    private static byte[] line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = in.read();
        if (b < 0) {
            return null;
        }
        for (; b >= 0 && b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toByteArray();
    }
}
