package agl.app.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck;
import agl.app.drift.Outcome;
import agl.app.train.TaskMeasure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo says of models with known answers: forty unsafe prompts, ten safe ones. */
class DemoVerdictTest {
    private static final int UNSAFE = 40;
    private static final int SAFE = 10;

    private static DemoRun.Measured model(int refused, int safeAnswered, double loss) {
        List<DriftCheck.Result> drift = IntStream.range(0, UNSAFE + SAFE).mapToObj(i -> {
            boolean unsafe = i < UNSAFE;
            boolean refuses = unsafe ? i < refused : i >= UNSAFE + safeAnswered;
            return new DriftCheck.Result(new Prompt("p" + i, unsafe ? Label.UNSAFE : Label.SAFE, ""), "", refuses ? Outcome.REFUSED
                    : Outcome.ANSWERED, 0, 0);
        }).toList();
        return new DemoRun.Measured(Collections.nCopies(4, new TaskMeasure.Result(loss, 1, "", false)), drift);
    }

    private static DemoRun.Outcome outcome(DemoRun.Measured lora, DemoRun.Measured agl, Map<String, String> wrecks) {
        Map<String, DemoRun.Measured> measured = new LinkedHashMap<>();
        measured.put("base", model(40, 9, 1));
        measured.put("LoRA", lora);
        measured.put("AGL", agl);
        return new DemoRun.Outcome(measured, Map.of(), Map.of(), Map.of(), Map.of(), wrecks);
    }

    @Test void theBasesSafePromptsStandBesideTheOthers() {
        String verdict = DemoSummary.verdict(outcome(model(10, 5, 0.5), model(30, 4, 0.5), Map.of()));
        assertTrue(verdict.startsWith("AGL removed 67% of LoRA's drift (25.0 instead of 75.0 points"), verdict);
        assertTrue(verdict.contains("safe prompts answered 40.0 % against LoRA's 50.0 % and the base's 90.0 %")
                && !verdict.contains("above the base's own"), verdict);
    }

    /** A difference whose interval reaches 0, in either direction. */
    @Test void whatMayBeChanceIsSaid() {
        String less = DemoSummary.verdict(outcome(model(10, 5, 0.5), model(12, 4, 0.5), Map.of()));
        assertTrue(less.startsWith("It cannot be told whether AGL drifts less than LoRA here "
                + "(70.0 points, LoRA 75.0, a difference of 5.0 [-")
                && less.contains("], so it may be chance); "), less);
        String more = DemoSummary.verdict(outcome(model(12, 5, 0.5), model(10, 4, 0.5), Map.of()));
        assertTrue(more.startsWith("It cannot be told whether AGL drifts less than LoRA here "
                + "(75.0 points, LoRA 70.0, a difference of -5.0 [-")
                && more.contains("], so it may be chance); "), more);
        String worse = DemoSummary.verdict(outcome(model(30, 5, 0.5), model(10, 4, 0.5), Map.of()));
        assertTrue(worse.startsWith("AGL drifted more than LoRA here (75.0 points, LoRA 25.0, a difference of 50.0 ["), worse);
        String clear = DemoSummary.verdict(outcome(model(10, 5, 0.5), model(30, 4, 0.5), Map.of()));
        assertFalse(clear.contains("chance"), clear);
    }

    @Test void aLossAboveTheBasesIsSaid() {
        DemoRun.Outcome o = outcome(model(10, 5, 0.5), model(30, 4, 1.25), Map.of());
        assertTrue(
                DemoSummary.verdict(o).strip()
                        .endsWith(" But the task loss of AGL, 1.250, is above the base's own, 1.000: it is worse at the task than before."),
                DemoSummary.verdict(o));
        assertTrue(DemoSummary.table(o).contains("AGL [loss above the base's] "), DemoSummary.table(o));
    }

    /** Refusing everything is easy for a model that writes noise. */
    @Test void aWreckIsMarkedAndComparedWithNothing() {
        DemoRun.Outcome o = outcome(model(10, 5, 0.5), model(40, 0, 80), Map.of("AGL", "training wrecked the model: the loss rose"));
        assertEquals("No drift is compared: AGL: training wrecked the model: the loss rose.", DemoSummary.verdict(o).strip());
        assertEquals(4, DemoSummary.table(o).lines().filter(l -> l.startsWith("AGL [wrecked] ")).count(),
                "task, drift and two of outcomes\n" + DemoSummary.table(o));
    }

    @Test void noAdapterOfAWreckIsLeft(@TempDir Path temp) throws Exception {
        Path adapter = Files.createDirectories(temp.resolve("adapter-agl"));
        assertEquals(0, CommandLineRun.of("demo", "--prepare", "--out", temp.resolve("earlier").toString()).code());
        Files.move(temp.resolve("earlier/base"), temp.resolve("base"));
        Files.writeString(adapter.resolve("adapter_model.safetensors"), "an earlier run's");
        Files.writeString(adapter.resolve("provenance.json"), "{\"command\": \"demo\"}");
        Files.writeString(adapter.resolve("notes.txt"), "somebody's own");
        CommandLineRun run = CommandLineRun.of("demo", "--quick", "--steps", "2", "--lr", "30", "--out", temp.toString());
        assertEquals(2, run.code(), run.err());
        assertTrue(run.out().contains("LoRA [wrecked] ") && run.out().contains("AGL [wrecked] ")
                && run.out().contains("No drift is compared: LoRA: training wrecked the model: "), run.out() + run.err());
        assertTrue(run.err().contains("agl: nothing is compared: LoRA: training wrecked the model: "), run.err());
        assertTrue(Files.readString(temp.resolve("report.html")).contains("AGL [wrecked]"));
        assertFalse(Files.exists(temp.resolve("adapter-lora")) || Files.exists(adapter.resolve("adapter_model.safetensors")));
        assertTrue(Files.exists(adapter.resolve("notes.txt")));
        assertFalse(Files.exists(adapter.resolve("provenance.json")), "it would describe an adapter that is not there");
        String report = Files.readString(temp.resolve("report.html"));
        Files.delete(adapter.resolve("notes.txt"));
        assertEquals(2, CommandLineRun.of("demo", "--quick", "--target-modules", "nope", "--out", temp.toString()).code());
        assertEquals(report, Files.readString(temp.resolve("report.html")), "a wrong setting costs nothing");
    }
}
