package agl.app.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.data.DataFiles;
import agl.app.data.Example;
import agl.app.data.Reading;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFilesTest {
    @TempDir Path temp;

    @Test void theDemosTextIsReadBackAsItWas() {
        CommandLineRun run = CommandLineRun.of("demo", "--prepare", "--out", temp.toString(), "-s", "agl.m=3");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("not used: settings, --quick and --validation"), run.err());
        assertFalse(Files.exists(temp.resolve("report.html")), "nothing is trained");
        Path data = temp.resolve("data");
        DemoCorpus corpus = DemoCorpus.generate(DemoBase.SEED, 1000);
        assertEquals(corpus.taskTrain(), DataFiles.examples(List.of(data.resolve("task.jsonl"))));
        assertEquals(corpus.taskVal(), DataFiles.examples(List.of(data.resolve("task-val.jsonl"))));
        assertEquals(corpus.taskTest(), DataFiles.examples(List.of(data.resolve("task-test.jsonl"))));
        assertEquals(corpus.fisherAlignment(), DataFiles.examples(List.of(data.resolve("alignment.jsonl"))));
        assertEquals(corpus.driftVal().prompts(), DataFiles.prompts(data.resolve("prompts-val.jsonl"), Reading.plain()).prompts());
        assertEquals(corpus.driftTest().prompts(), DataFiles.prompts(data.resolve("prompts-test.jsonl"), Reading.plain()).prompts());
        List<Example> align = DataFiles.examples(List.of(data.resolve("align.jsonl")));
        assertEquals(corpus.alignmentTrain(), align);
        long refusals = align.stream().filter(e -> RefusalPatterns.judge(e.response()) == Verdict.REFUSAL).count();
        assertTrue(refusals > 200 && refusals < 400, refusals + " of " + align.size() + ": requests to refuse and harmless ones");
        List<String> clusters = corpus.driftTest().prompts().stream().map(p -> p.cluster()).filter(c -> !c.isEmpty()).distinct().toList();
        assertTrue(clusters.size() > 100 && clusters.size() < 350, clusters.size() + " combinations in 350 prompts of them");
        CommandLineRun train = CommandLineRun.of("train", "--base", temp.resolve("base").toString(), "--task",
                data.resolve("task.jsonl").toString(),
                "--alignment", data.resolve("alignment.jsonl").toString(), "--config",
                data.resolve("settings.json").toString(), "--out", temp.resolve("adapter").toString(), "--dry-run");
        assertEquals(0, train.code(), train.err());
        assertTrue(train.out().contains("400 of 16 examples"), train.out());
    }

    @Test void aDemoTakesUpItsOwnFolderAndLeavesWhatSomebodyChanged() throws IOException {
        String[] prepare = {"demo", "--prepare", "--out", temp.toString()};
        assertEquals(0, CommandLineRun.of(prepare).code());
        assertEquals(0, CommandLineRun.of(prepare).code(), "again, over its own");
        for (String name : List.of("data/task.jsonl", "base/config.json", "base/notes.txt", "adapter-agl/adapter_config.json")) {
            Path file = temp.resolve(name);
            byte[] own = Files.exists(file) ? Files.readAllBytes(file) : null;
            Files.createDirectories(file.getParent());
            Files.writeString(file, "edited");
            CommandLineRun again = CommandLineRun.of(prepare);
            assertEquals(2, again.code(), name);
            assertTrue(again.err().contains("name another --out"), again.err());
            assertEquals("edited", Files.readString(file));
            if (own == null) {
                Files.delete(file);
            } else {
                Files.write(file, own);
            }
        }
        assertEquals(0, CommandLineRun.of(prepare).code());
    }
}
