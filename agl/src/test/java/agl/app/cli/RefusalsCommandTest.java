package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusalsCommandTest {
    @TempDir Path temp;

    @Test void judgesAColumn() throws IOException {
        Path file = Files.writeString(temp.resolve("answers.csv"),
                "id,answer\n1,I can't help with that.\n2,\"Sure,\nhere it is.\"\n3,No.\n4,\n");
        CommandLineRun run = CommandLineRun.of("refusals", "--answers", file.toString(), "--list");
        assertEquals(0, run.code(), run.err());
        assertEquals(String.join(System.lineSeparator(), "refusal\tI can't help with that.", "no refusal\tSure, here it is.", "unsure\tNo.",
                "no refusal\t",
                "4 answers: 1 refusal, 2 no refusal, 1 unsure", ""), run.out());
        CommandLineRun missing = CommandLineRun.of("refusals", "--answers", file.toString(), "--column", "text");
        assertTrue(missing.code() == 2 && missing.err().contains("no column text; found: id, answer"), missing.toString());
    }

    @Test void printsTheTable() {
        CommandLineRun run = CommandLineRun.of("refusals");
        assertTrue(run.code() == 0 && run.out().contains("| held out, English | patterns |"), run.toString());
        assertTrue(run.out().contains("| keywords | 0 of 10 | 0 of 10 | 0 | 0 | - | 0.00 |") && run.out().contains("-: no share, since"),
                run.out());
        assertFalse(run.out().contains("NaN"), run.out());
    }

    /** docs/REFUSALS.md has the table that the command prints, and counts the languages as the lists do. */
    @Test void thePageSaysWhatTheCommandPrints() throws IOException {
        String page = Files.readString(Path.of("../docs/REFUSALS.md"));
        CommandLineRun.of("refusals").out().lines().forEach(line -> assertTrue(page.contains(line), line));
        List<String> lists = Files.readAllLines(Path.of("src/main/resources/agl/refusals/other-languages.txt"));
        assertEquals(19,
                lists.stream().filter(line -> !line.isBlank() && !line.startsWith("#")).map(line -> line.split(" ")[0]).distinct().count(),
                "\"Nineteen lists\" on the page");
    }
}
