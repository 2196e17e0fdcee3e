package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.train.RunConfig;
import agl.app.train.SettingsTable;
import agl.app.train.SettingsTable.Setting;
import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of settings is that of the records, whose Javadoc it shows, and its defaults and ranges are those in force. */
class SettingsCommandTest {
    @Test void everySettingOfARunIsListed() {
        Set<String> known = new HashSet<>();
        JsonNode all = RunConfig.DEFAULT.toJson();
        all.fieldNames().forEachRemaining(known::add);
        known.remove("agl");
        all.get("agl").fieldNames().forEachRemaining(name -> known.add("agl." + name));
        known.addAll(List.of("method", "strength", "fisher")); // only where one is chosen
        List<String> listed = SettingsTable.all().stream().map(Setting::name).toList();
        assertEquals(listed.size(), new HashSet<>(listed).size(), "none twice");
        assertEquals(known, new HashSet<>(listed));
    }

    @Test void eachHasAMeaningARangeAndTheDefaultInForce() {
        JsonNode defaults = RunConfig.DEFAULT.toJson();
        for (Setting s : SettingsTable.all()) {
            assertTrue(s.meaning() != null && s.meaning().length() > 3, s.name());
            assertTrue(!s.meaning().contains("{@") && !s.meaning().contains("*"), s.toString());
            assertTrue(!s.range().isBlank(), s.name());
            JsonNode own = s.name().startsWith("agl.") ? defaults.get("agl").get(s.name().substring(4)) : defaults.get(s.name());
            if (own != null) {
                assertEquals(own, s.byDefault(), s.name());
                assertEquals(RunConfig.DEFAULT.toJson(), RunConfig.of(null, List.of(s.name() + "=" + own.asText())).toJson(), s.name());
            }
        }
    }

    /** "at least 0" refuses what is below, and says so with the same words. */
    @Test void rangesAreThoseOfTheChecks() {
        int checked = 0;
        for (Setting s : SettingsTable.all()) {
            String range = s.range().replaceAll("^(whole )?number, ", "");
            if (range.startsWith("at least") || range.startsWith("above") || range.startsWith("between")) {
                checked++;
                String message = refusal(s.name() + "=-1");
                assertTrue(message.contains(s.name().replace("agl.", "")) && message.contains(range), s + ": " + message);
            } else if (range.startsWith("one of") && s.name().startsWith("agl.")) {
                checked++;
                String message = refusal(s.name() + "=zzz");
                assertTrue(message.endsWith(range), s + ": " + message);
            }
        }
        assertTrue(checked > 25, checked + " ranges");
    }

    private static String refusal(String set) {
        return assertThrows(AglException.class, () -> RunConfig.of(null, List.of(set)), set).getMessage();
    }

    @ParameterizedTest @ValueSource(ints = {40, 80, 100, 140}) void nothingIsCutAndNothingIsTooWide(int width) {
        List<Setting> all = SettingsTable.all();
        String text = SettingsCommand.text(all, width);
        for (Setting s : all) {
            assertTrue(text.contains(s.name()), s.name());
        }
        String words = text.replaceAll("\\s+", "");
        if (width < 100) {
            all.forEach(s -> assertTrue(words.contains(s.meaning().replaceAll("\\s+", "")), s.name()));
            text.lines().forEach(line -> assertTrue(line.stripTrailing().codePointCount(0, line.stripTrailing().length()) <= width, line));
        }
        assertTrue(text.lines().allMatch(line -> line.stripTrailing().length() <= Math.max(width, 80)), text);
    }

    @Test void namesChooseAndJsonIsForPrograms() throws IOException {
        CommandLineRun run = CommandLineRun.of("settings", "learning_rate", "agl.lambda_A", "--json");
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertEquals(2, json.size());
        assertEquals("peak of the schedule", json.get(0).get("meaning").asText());
        assertEquals(0.25, json.get(1).get("as-read").asDouble());
        assertEquals(2, CommandLineRun.of("settings", "lambda_Q").code());
        assertTrue(CommandLineRun.of("settings", "agl.").out().lines().filter(l -> l.startsWith("agl.")).count() > 15);
    }

    /** The example that the page on use points to: a run with it writes these settings. */
    @Test void theExampleConfigRuns(@TempDir Path temp) throws IOException {
        Path example = Path.of("..", "docs", "example-config.json");
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path task = Files.writeString(temp.resolve("task.csv"), "instruction,response\nsay cat,the cat\nsay dog,the dog\n");
        Path alignment = Files.writeString(
                temp.resolve("alignment.csv"), "instruction,response\nsay tree,I cannot\nsay house,I will not\n");
        CommandLineRun run = CommandLineRun.of("train", "--config", example.toString(), "--base", base.toString(), "--task",
                task.toString(), "--alignment", alignment.toString(), "--template", "plain", "--out", temp.resolve("out").toString());
        assertEquals(0, run.code(), run.err());
        assertFalse(run.err().contains("not used"), run.err());
        RunConfig written = RunConfig.of(temp.resolve("out/settings.json"), List.of());
        assertTrue(written.sameSettings(RunConfig.of(example, List.of())), written.toString());
        assertTrue(RunConfig.names(example, List.of()).size() > 10);
    }
}
