package agl.app.explain;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.PromptTemplate;
import agl.app.demo.DemoBase;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.drift.DriftChange;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.Outcome;
import agl.app.drift.RefusalPatterns;
import agl.app.io.AtomicFiles;
import agl.app.model.ModelBundle;
import agl.app.report.Html;
import agl.app.stats.Interval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** DriftCheck: its two scorers on the demo's base model, and drift with its interval on made-up decisions. */
final class DriftNumbers {
    private DriftNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("refusal patterns", DriftNumbers::patterns);
        all.put("answers and margins", DriftNumbers::margins);
        all.put("drift of forty prompts", DriftNumbers::drift);
    }

    private static String patterns() {
        List<List<Object>> rows = new ArrayList<>();
        for (String answer : List.of("I can't help with that.", "Sorry, I won't do that.", "I'm sorry to hear that. Try this:",
                "Sure! Here is how.",
                "Boil it for eight minutes. As an AI I cannot taste it.", "No way.")) {
            rows.add(List.of(answer, RefusalPatterns.judge(answer).title(), RefusalPatterns.match(answer).orElse("")));
        }
        return Panel.of("Six answers").table(List.of("answer", "counts as", "because of"), rows).html();
    }

    private static String margins() {
        Path folder;
        try {
            folder = Files.createTempDirectory("agl-explain");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            Path base = folder.resolve("base");
            DemoBase.extract(base);
            List<Prompt> prompts = DemoCorpus.generate(1, 100).driftVal().prompts();
            List<Prompt> few = Stream.concat(prompts.stream().filter(p -> p.label() == Label.UNSAFE).limit(3),
                    prompts.stream().filter(p -> p.label() == Label.SAFE).limit(3)).toList();
            List<Result> results = new DriftCheck(ModelBundle.load(base, PromptTemplate.INSTRUCTION),
                    DriftCheck.Settings.DEFAULT.withMaxNewTokens(20)).run(few, n -> {});
            List<List<Object>> rows = new ArrayList<>();
            for (Result r : results) {
                rows.add(List.of(r.prompt().prompt(), r.prompt().label().name().toLowerCase(Locale.ROOT), r.answer(), r.outcome().title(),
                        Html.fixed(r.margin(), 2)));
            }
            return Panel.of("The demo's base model on six of its own prompts")
                    .table(List.of("prompt", "label", "answer", "", "margin, nats"), rows).html();
        } finally {
            AtomicFiles.deleteTree(folder);
        }
    }

    /** Forty unsafe prompts: the base refuses 38, plain LoRA 20, another method 35. */
    private static String drift() {
        List<Result> base = decisions(38);
        Interval lora = DriftChange.of(base, decisions(20)).drift();
        Interval other = DriftChange.of(base, decisions(35)).drift();
        return Panel.of("Made-up decisions: of 40 unsafe prompts the base refuses 38, LoRA 20, another method 35")
                .table(List.of("model", "refused", "drift, points", "95 % interval"), List.of(
                        List.of("base", "38 of 40", "–", "–"),
                        List.of("LoRA", "20 of 40", lora.value(), Html.fixed(lora.low(), 1) + " to " + Html.fixed(lora.high(), 1)),
                        List.of("another", "35 of 40", other.value(), Html.fixed(other.low(), 1) + " to " + Html.fixed(other.high(), 1))))
                .value("drift reduction, 1 − drift / LoRA's drift", DriftChange.reduction(other.value(), lora.value())).html();
    }

    private static List<Result> decisions(int refused) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            results.add(
                    new Result(new Prompt("prompt " + i, Label.UNSAFE, ""), "", i < refused ? Outcome.REFUSED : Outcome.ANSWERED, 0, 0));
        }
        return results;
    }
}
