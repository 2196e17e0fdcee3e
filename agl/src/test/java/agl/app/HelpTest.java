package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the pages on use promise stands in the command's own help too. */
class HelpTest {
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "train | TSV", "train | cluster", "train | ewc, safeanchor and projection", "train | settings.json that a run wrote repeats it",
        "align | TSV", "align | OUT.metrics.jsonl", "align | not used by align",
        "drift | tsv", "drift | cluster", "compare | TSV", "compare | cluster", "ablate | TSV", "forgetting | TSV",
        "forgetting | four sizes",
        "fisher | the file serves any task", "train | made by agl fisher from this base",
        "demo | about a quarter of an hour"}) void saysIt(String command, String words) {
        CommandLineRun run = CommandLineRun.of(command, "--help");
        assertEquals(0, run.code());
        String text = run.out().replaceAll("\\s+", " ");
        assertTrue(text.contains(words), text);
        assertFalse(text.contains("half an hour"), text);
    }
}
