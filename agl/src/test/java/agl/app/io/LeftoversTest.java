package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
    @TempDir Path out;

    private void file(String name, String text) throws IOException {
        Path file = out.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Killed between putting the earlier report aside and moving the new one there. */
    @Test void whatWasPutAsideIsBack() throws IOException {
        file(".new.12-34/earlier/report.html", "old report");
        file(".new.12-34/earlier/assets/a.css", "old style");
        file(".new.12-34/earlier/compare.json", "old");
        file(".new.12-34/made/report.html", "new report");
        file("compare.json", "new");
        OutputFiles.into(out);
        assertEquals("old report", Files.readString(out.resolve("report.html")));
        assertEquals("old style", Files.readString(out.resolve("assets/a.css")));
        assertEquals("new", Files.readString(out.resolve("compare.json")), "its successor was there already");
        assertEquals(3, AtomicFiles.names(out).size(), AtomicFiles.names(out).toString());
    }

    /** Killed between two renames, when all was written: a folder with weights and no settings would never be ours again. */
    @Test void whatWasReadyIsInItsPlace() throws IOException {
        file("adapter_model.safetensors", "new weights");
        file(".new.12-34/ready/adapter_config.json", "new settings");
        file(".new.12-34/ready/report.html", "new report");
        file(".new.12-34/earlier/report.html", "old report");
        OutputFiles.into(out);
        assertEquals("new settings", Files.readString(out.resolve("adapter_config.json")));
        assertEquals("new report", Files.readString(out.resolve("report.html")));
        assertEquals(3, AtomicFiles.names(out).size(), AtomicFiles.names(out).toString());
    }

    /** Of a folder that is written whole: beside it. */
    @Test void whatIsBesideAFolderToo() throws IOException {
        file(".model.12-34.tmp/model.safetensors", "half");
        file(".model.12-34.old/model.safetensors", "whole");
        file(".model2.12-34.tmp/model.safetensors", "another's");
        agl.nn.checkpoint.OutputFolder.clear(out.resolve("model"));
        assertEquals(java.util.List.of(".model2.12-34.tmp", "model"), AtomicFiles.names(out));
        assertEquals("whole", Files.readString(out.resolve("model/model.safetensors")));
    }

    @Test void unfinishedFilesGoAndOthersStay() throws IOException {
        file(".report.html.12-34.tmp", "half");
        file("runs/.run-0.json.12-34.tmp", "half");
        file("checkpoints/.step-00000001.safetensors.12-34.tmp", "half");
        file(".new.mine", "mine");
        file(".notes.tmp", "mine");
        file("runs/run-0.json", "whole");
        OutputFiles.into(out);
        assertEquals(java.util.List.of(".new.mine", ".notes.tmp", "checkpoints", "runs"), AtomicFiles.names(out));
        assertEquals(java.util.List.of("run-0.json"), AtomicFiles.names(out.resolve("runs")));
        assertEquals(java.util.List.of(), AtomicFiles.names(out.resolve("checkpoints")));
    }
}
