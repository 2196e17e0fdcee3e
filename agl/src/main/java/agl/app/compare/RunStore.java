package agl.app.compare;

import agl.app.io.AtomicFiles;
import agl.app.io.SealedJson;
import agl.app.train.Checkpoints;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.RunState;
import agl.nn.checkpoint.Sealed;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Finished runs as files, written atomically with a checksum and found by the hash of what determined them. Interrupted runs and damaged
 * files are run again.
 */
public final class RunStore {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int SHOWN = 12;
    private static final String FOLDER = "runs";
    private static final Pattern RUN = Pattern.compile("run-[0-9a-f]{" + SHOWN + "}\\.json");

    private final Path folder;
    private final int saveEvery;

    public RunStore(Path out) {
        this(out, 0);
    }

    /** @param saveEvery steps between the checkpoints of a run; 0: about two minutes */
    public RunStore(Path out, int saveEvery) {
        this.saveEvery = saveEvery;
        folder = out.resolve(FOLDER);
        AtomicFiles.requireWritable(folder);
    }

    /** Whether a folder holds runs of a comparison. */
    public static boolean isOne(Path out) {
        return AtomicFiles.names(out.resolve(FOLDER)).stream().anyMatch(name -> RUN.matcher(name).matches());
    }

    /** SHA-256 of these settings' JSON. */
    static String hash(Object settings) {
        try {
            byte[] json = JSON.writeValueAsString(settings).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(Sealed.sha256().digest(json));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The finished run with that hash, if there is one. A damaged file is reported on standard error, and the run is repeated. */
    Optional<RunRecord> find(String hash) {
        Path file = file(hash);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            RunRecord run = SealedJson.read(file, RunRecord.class);
            run.require();
            return hash.equals(run.hash()) ? Optional.of(run) : Optional.empty();
        } catch (AglException e) {
            System.err.println("agl: this run is made again: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Stores a run after checking its values: a record that would be refused on reading is refused now. */
    void save(RunRecord run) {
        run.require();
        SealedJson.write(file(run.hash()), run);
    }

    /** The checkpoints of the run with that hash. */
    Checkpoints checkpoints(String hash) {
        return new Checkpoints(folder.resolve("unfinished-" + hash.substring(0, SHOWN)),
                JSON.createObjectNode().put("run", hash), saveEvery, "the same command");
    }

    /** Saves what was measured of an unfinished run so far, or puts it back. */
    static void through(RunState state, List<RunRecord.Point> points) {
        try {
            String text = state.text("points", state.isLoading() ? "" : JSON.writeValueAsString(points));
            if (state.isLoading()) {
                List<RunRecord.Point> then = Json.parse(text.getBytes(StandardCharsets.UTF_8), "the checkpoint's measurements",
                        parser -> JSON.readValue(parser, new TypeReference<List<RunRecord.Point>>() { }));
                if (then == null || then.stream().anyMatch(p -> p == null || p.measured() == null)) {
                    throw new AglException("the checkpoint's measurements are not those of a run");
                }
                points.clear();
                points.addAll(then);
            }
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(String hash) {
        return folder.resolve("run-" + hash.substring(0, SHOWN) + ".json");
    }
}
