package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * {@code metrics.jsonl}: one JSON object per line, in chronological order. Each line is flushed, so that a run can be watched, and a run
 * that dies leaves everything up to its last step. Non-finite values (NaN, infinity), which JSON cannot express, are written as strings.
 */
public final class MetricsLog implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final Path file;
    private BufferedWriter out;

    /**
     * A new log. It replaces an older one only when its first line is written: a run that fails before its first step leaves nothing
     * behind.
     */
    public MetricsLog(Path file) {
        this.file = file;
    }

    /** Whether a file is a metrics log, judged by its first line; an empty file counts as one. */
    public static boolean isOne(Path file) {
        try (BufferedReader in = Files.newBufferedReader(file)) {
            String first = in.readLine();
            JsonNode line = first == null ? null : JSON.readTree(first);
            return line == null || line.path("step").isIntegralNumber() && line.has("grad_norm") && line.has("tokens");
        } catch (IOException e) {
            return false;
        }
    }

    /** Appends one line, with the method's name in front. */
    public void write(String method, Map<String, ? extends Number> numbers) {
        ObjectNode line = JSON.createObjectNode().put("method", method);
        numbers.forEach((name, number) -> line.set(name, JSON.valueToTree(number)));
        append(line);
    }

    /** Appends one line, with the keys in the map's order. */
    public void write(Map<String, ?> metrics) {
        append(metrics);
    }

    private void append(Object metrics) {
        try {
            if (out == null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                out = Files.newBufferedWriter(file);
            }
            out.write(JSON.writeValueAsString(metrics));
            out.write('\n');
            out.flush();
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("metrics that cannot be written as JSON: " + metrics, e);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override public void close() {
        try {
            if (out != null) {
                out.close();
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private AglException failed(IOException e) {
        return new AglException(file + ": cannot be written: " + Json.reason(e), e);
    }
}
