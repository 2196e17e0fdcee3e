package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code metrics.jsonl}: one JSON object per line, in chronological order. Each line is flushed, so that a run can be watched, and a run
 * that dies leaves everything up to its last step. Non-finite values (NaN, infinity), which JSON cannot express, are written as strings.
 */
public final class MetricsLog implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    /** A first line that a full disk or a power loss cut short. */
    private static final Pattern BEGUN = Pattern.compile("\\{\"(method|step)\":.*|\0+");

    private final Path file;
    private final Path earlier;
    private FileChannel channel;
    private BufferedWriter out;
    private boolean begun;
    private boolean kept;

    /**
     * A new log. It replaces an older one only when its first line is written: a run that fails before its first step leaves nothing
     * behind.
     */
    public MetricsLog(Path file) {
        this(file, true);
    }

    /**
     * A log that is not in its run's folder: if the run fails ({@link #keep} is not called), nothing stays of it, and an earlier one is
     * what it was. Until then the earlier one is beside it under a hidden name.
     */
    public static MetricsLog beside(Path file) {
        return new MetricsLog(file, false);
    }

    private MetricsLog(Path file, boolean kept) {
        this.file = file;
        this.kept = kept;
        earlier = file.resolveSibling("." + file.getFileName() + ".agl-earlier");
    }

    /** Whether a file is a metrics log, judged by its first line; an empty file counts as one. */
    public static boolean isOne(Path file) {
        try (BufferedReader in = Files.newBufferedReader(file)) {
            String first = in.readLine();
            boolean only = in.readLine() == null;
            Optional<JsonNode> line = first == null ? Optional.empty() : parsed(first);
            return first == null || line.map(MetricsLog::isStep).orElse(only && BEGUN.matcher(first).matches());
        } catch (IOException e) {
            return false;
        }
    }

    /** Empty if this is no JSON. */
    private static Optional<JsonNode> parsed(String text) {
        try {
            return Optional.of(JSON.readTree(text));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static boolean isStep(JsonNode line) {
        return line.path("step").isIntegralNumber() && line.has("grad_norm") && line.has("tokens");
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
                OutputFile.makeFolders(file.toAbsolutePath().getParent());
                out = begin();
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

    private BufferedWriter begin() throws IOException {
        requireOne(file); // now: somebody may have put another file there since the run began
        begun = true;
        // If there is a hidden one already, the one of the ordinary name is of a run that was killed.
        if (!kept && Files.exists(file) && !Files.exists(earlier)) {
            Files.move(file, earlier);
        }
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        return new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
    }

    /** Refuses to replace what is not a log of ours. */
    public static void requireOne(Path log) {
        if (Files.isSymbolicLink(log)) {
            throw new AglException(log + ": is a link, and what it leads to would be overwritten; name another --out");
        }
        if (Files.exists(log) && !isOne(log)) {
            throw new AglException(log + ": is not a log of training steps and would be overwritten; name another --out");
        }
    }

    /** What was written is on the disk: before an output appears that this log belongs to. */
    public void force() {
        try {
            forceAll();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void forceAll() throws IOException {
        if (out != null) {
            out.flush();
            if (Files.notExists(file)) {
                restore();
            }
            channel.force(true);
            OutputFile.forceNames(file.toAbsolutePath().getParent());
        }
    }

    /** Somebody deleted the file, or its folder, while it was written: what was written is not lost as long as it is open. */
    private void restore() throws IOException {
        Notes.say(file + ": was deleted while the run was writing it; it is written again");
        OutputFile.makeFolders(file.toAbsolutePath().getParent());
        FileChannel again = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (FileChannel deleted = channel) {
            for (long done = 0; done < deleted.size();) {
                done += deleted.transferTo(done, deleted.size() - done, again);
            }
        }
        channel = again;
        out = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
    }

    /** The run has succeeded: this log stays, and the earlier one is deleted. */
    public void keep() {
        kept = true;
    }

    @Override public void close() {
        if (!begun) {
            return;
        }
        begun = false;
        IOException failure = null;
        try {
            forceAll();
            if (out != null) {
                out.close();
            }
        } catch (IOException e) {
            failure = e;
        }
        try {
            if (kept) {
                Files.deleteIfExists(earlier);
            } else if (Files.exists(earlier)) {
                Files.move(earlier, file, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            failure = failure == null ? e : failure;
        }
        if (failure != null) {
            throw failed(failure);
        }
    }

    private AglException failed(IOException e) {
        return new AglException(file + ": cannot be written: " + Json.reason(e), e);
    }
}
