package agl.app.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainedBaseTest {
    @TempDir Path temp;

    private String said(Path base, String trainedOn, String file) throws IOException {
        Path adapter = Files.createDirectories(temp.resolve("adapter"));
        Files.writeString(adapter.resolve("adapter_config.json"), "{\"base_model_name_or_path\":\"" + trainedOn + "\"}");
        Files.writeString(adapter.resolve("provenance.json"),
                "{\"command\":\"train\",\"inputs_sha256\":{\"" + file + "\":\"" + "0".repeat(64) + "\"}}");
        return StandardError.during(() -> TrainedBase.check(base, List.of(adapter), false));
    }

    /** A name that no file here can have is that of no file, and no reason to fail. */
    @Test void namesThatAreNoPaths() throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        assertTrue(said(base, base.toString(), base.resolve("config.json").toString()).contains("another config.json"));
        assertEquals("", said(base, "a\\u0000b", base.resolve("config.json").toString()));
        assertEquals("", said(base, base.toString(), "a\\u0000b"));
        assertEquals("", said(base, base.toString(), "/"));
        assertEquals("", said(base, "", ""));
    }
}
