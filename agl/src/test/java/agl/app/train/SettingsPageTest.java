package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/SETTINGS.md names every setting and its default. */
class SettingsPageTest {
    @Test void thePageHasEverySettingWithItsDefault() throws IOException {
        Map<String, String> page = Files.readString(Path.of("..", "docs", "SETTINGS.md")).lines().filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\|")).collect(Collectors.toMap(cells -> cells[1].strip().replace("`", ""),
                        cells -> plain(cells[2].strip()), (a, b) -> a + " and again " + b, TreeMap::new));
        Map<String, String> code = new TreeMap<>(Map.of("method", "", "strength", "", "preset", RunConfig.DEFAULT.preset(),
                "fisher_examples", plain(RunConfig.DEFAULT.fisherExamples() + "")));
        add(code, "", TrainSettings.DEFAULT.all());
        add(code, "agl.", RunConfig.DEFAULT.agl().toJson());
        assertEquals(code, page);
    }

    private static void add(Map<String, String> code, String prefix, JsonNode settings) {
        settings.properties().forEach(e -> code.put(prefix + e.getKey(), plain(e.getValue().asText())));
    }

    /** 1, 1.0 and 1e0 are one number. */
    private static String plain(String value) {
        return value.matches("[\\d.]+(?:[eE]-?\\d+)?") ? Double.toString(Double.parseDouble(value)) : value;
    }
}
