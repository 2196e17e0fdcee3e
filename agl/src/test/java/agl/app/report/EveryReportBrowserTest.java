package agl.app.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of every command that writes one, made by the command on a tiny model and opened in a real browser. */
class EveryReportBrowserTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    @TempDir Path temp;

    private String file(String name, String text) throws IOException {
        return Files.writeString(temp.resolve(name), text).toString();
    }

    private Path run(String command, String... more) {
        Path out = temp.resolve(command);
        List<String> args = new ArrayList<>(List.of(command, "--out", out.toString()));
        args.addAll(List.of(more));
        assertEquals(0, Main.execute(args.toArray(String[]::new)), command);
        return out.resolve("report.html");
    }

    /** By command. */
    private Map<String, Path> reports() throws IOException {
        String base = TinyModel.write(temp.resolve("base"), 3).toString();
        String task = file("task.csv", "instruction,response\n" + IntStream.range(0, 30)
                .mapToObj(i -> "tell me a story " + i + ",the red fox sat on the mat " + i % 3 + "\n").collect(Collectors.joining()));
        String alignment = file("alignment.csv", "instruction,response\n" + IntStream.range(0, 6)
                .mapToObj(i -> "about the dog " + i + ",the cat and the dog " + i + "\n").collect(Collectors.joining()));
        String prompts = file("prompts.csv", "prompt,label,category\n" + IntStream.range(0, 8)
                .mapToObj(i -> "the cat " + i + "," + (i % 2 == 0 ? "safe," : "unsafe,violence") + "\n").collect(Collectors.joining()));
        String text = file("plain.txt", "the cat sat on the mat and the dog sat on the cat. ".repeat(10));
        List<String> data = List.of("--base", base, "--template", "plain", "--task", task, "--alignment", alignment, "--prompts", prompts,
                "--batch-size", "4", "--r", "2", "--max-length", "64", "-s", "fisher_examples=6", "--lr", "0.01", "--steps", "3");
        List<String> experiment = List.of("--seeds", "1", "--max-new-tokens", "4");
        Map<String, Path> reports = new LinkedHashMap<>();
        reports.put("train", run("train", with(data)));
        reports.put("drift", run("drift", "--base", base, "--template", "plain", "--adapter", temp.resolve("train").toString(), "--prompts",
                prompts, "--max-new-tokens", "4"));
        reports.put("compare", run("compare", with(data, with(experiment, "--methods", "lora,agl"))));
        reports.put("ablate", run("ablate", with(data, with(experiment, "--groups", "metric"))));
        reports.put("forgetting",
                run("forgetting", with(data, with(experiment, "--methods", "lora,agl", "--sizes", "6,12,24", "--pretrain-text", text))));
        reports.put("demo", run("demo", "--quick", "--steps", "2"));
        return reports;
    }

    private static String[] with(List<String> first, String... more) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test void everyReportAnswersFirstAndIsDrawnWithoutErrorsOrNetwork() throws Exception {
        try (Browser browser = Browser.startOrSkip()) {
            for (Map.Entry<String, Path> report : reports().entrySet()) {
                String kind = report.getKey();
                String html = Files.readString(report.getValue());
                assertTrue(Pattern.compile("<p class=\"lead\">[^<]*(drift|forgot|rise of the loss)", Pattern.CASE_INSENSITIVE).matcher(html)
                        .find(), kind + " begins with the answer");
                for (String part : List.of("unweighted", "Eigenvalues of the Fisher information", "Share of ‖ΔW‖²", "overlap of ΔW",
                        "Prompts that changed sides", "Settings", "Provenance")) {
                    assertTrue(html.contains(part), kind + " shows: " + part);
                }
                assertTrue(html.contains("by category"), kind + " shows refusals by category");
                for (boolean dark : new boolean[] {false, true}) {
                    int width = dark ? 390 : 1280;
                    try (Browser.Page page = browser.open(report.getValue().toUri(), width, 900, dark)) {
                        page.screenshot(SCREENSHOTS.resolve("report-" + kind + "-" + width + ".png"));
                        assertEquals(List.of(), page.complaints(), kind);
                        assertEquals(List.of(report.getValue().toUri().toString()), page.requests(), kind);
                        assertTrue(page.eval("document.documentElement.scrollWidth").asInt() <= width,
                                kind + " scrolls sideways at " + width);
                        int figures = page.eval("document.querySelectorAll('figure.chart').length").asInt();
                        assertTrue(figures >= 4, kind + " has " + figures + " charts");
                        assertEquals(figures, page.eval("document.querySelectorAll('figure.chart details table').length").asInt(),
                                kind + ": every chart as a table");
                        assertEquals(0, page.eval(
                                "[...document.querySelectorAll('.plot *')].filter(e => "
                                + "/NaN|undefined/.test(e.cloneNode(false).outerHTML)).length")
                                .asInt(), kind);
                        assertFalse(page.eval("document.body.innerText").asText().contains("NaN"), kind);
                    }
                }
            }
        }
    }
}
