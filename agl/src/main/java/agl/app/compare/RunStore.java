package agl.app.compare;

import agl.app.io.AtomicFiles;
import agl.app.io.SealedJson;
import agl.error.AglException;
import agl.nn.checkpoint.Sealed;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Finished runs as files: each appears whole with a checksum, and is found again by the hash of what decided it. What stopped half-way, and
 * what was damaged since, is run again.
 */
public final class RunStore {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int SHOWN = 12;

    private final Path folder;

    public RunStore(Path out) {
        folder = out.resolve("runs");
        AtomicFiles.requireWritable(folder);
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

    /** The finished run of that hash, if there is one; a damaged file is a line on standard error, and the run is made again. */
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

    /** Keeps a run, after a look at its numbers: what would be refused when it is read is refused now. */
    void save(RunRecord run) {
        run.require();
        SealedJson.write(file(run.hash()), run);
    }

    private Path file(String hash) {
        return folder.resolve("run-" + hash.substring(0, SHOWN) + ".json");
    }
}
