package agl.app.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of every command that writes one, made by the command on a tiny model and opened in a real browser. */
class EveryReportBrowserTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final List<String> ORDER = List.of("The law", "Refusals of unsafe prompts beside answers to safe ones",
            "The same prompts, side by side", "Drift against task loss", "Training", "Internals");
    @TempDir Path temp;

    private String file(String name, String text) throws IOException {
        return Files.writeString(temp.resolve(name), text).toString();
    }

    private Path run(String command, String... more) {
        Path out = temp.resolve(command);
        List<String> args = new ArrayList<>(List.of(command, "--out", out.toString()));
        args.addAll(List.of(more));
        CommandLineRun run = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, run.code(), command + ": " + run.err());
        Path report = out.resolve("report.html");
        assertTrue(run.out().lines().anyMatch(("report: " + report)::equals), command + " names its report: " + run.out());
        assertTrue(run.out().contains(command.equals("forgetting") ? "beta" : "R_unsafe"), command + " prints its table: " + run.out());
        return report;
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
                "--batch-size", "4", "--r", "2", "--max-length", "64", "-s", "fisher_examples=6", "--lr", "0.01", "--steps", "6");
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
        Map<String, String> colors = new HashMap<>();
        try (Browser browser = Browser.startOrSkip()) {
            for (Map.Entry<String, Path> report : reports().entrySet()) {
                String kind = report.getKey();
                String html = Files.readString(report.getValue());
                assertTrue(Pattern.compile("<p class=\"lead\">[^<]*(drift|forgot|rise of the loss|the law)", Pattern.CASE_INSENSITIVE)
                        .matcher(html)
                        .find(), kind + " begins with the answer");
                for (String part : List.of("unweighted", "Eigenvalues of the Fisher information", "Share of ‖ΔW‖²", "overlap of ΔW",
                        "Settings", "Provenance")) {
                    assertTrue(html.contains(part), kind + " shows: " + part);
                }
                List<String> sections = Pattern.compile("<h2>(.*?)</h2>").matcher(html).results().map(m -> m.group(1))
                        .map(h -> h.startsWith("Training") ? "Training" : h).toList();
                assertEquals(ORDER.stream().filter(sections::contains).toList(), sections, kind + ": the order of its parts");
                assertTrue(sections.containsAll(List.of(ORDER.get(1), ORDER.get(2), "Training", "Internals")), sections.toString());
                for (MatchResult header : Pattern.compile("<thead><tr>(.*?)</tr>").matcher(html).results().toList()) {
                    int drift = header.group(1).indexOf(">drift, points<");
                    assertTrue(drift < 0 || header.group(1).substring(0, drift).split("<th ", -1).length == 3,
                            kind + ": the drift comes first");
                }
                for (int width : new int[] {390, 1280, 1920}) {
                    boolean dark = width < 1000;
                    try (Browser.Page page = browser.open(report.getValue().toUri(), width, 900, dark)) {
                        page.screenshot(SCREENSHOTS.resolve("report-" + kind + "-" + width + ".png"));
                        assertEquals(List.of(), page.complaints(), kind);
                        assertEquals(List.of(report.getValue().toUri().toString()), page.requests(), kind);
                        PageChecks.check(page, kind, width).forEach((series, color) -> {
                            if (!Palette.method(series).isEmpty()) {
                                assertEquals(color, colors.computeIfAbsent(series + dark, s -> color), kind + ": " + series);
                            }
                        });
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
