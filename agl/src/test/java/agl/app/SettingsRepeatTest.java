package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The settings.json that a run of train leaves is the run: {@code --config} of it gives the same adapter, byte for byte. */
class SettingsRepeatTest {
    private static final List<String> SHORT = List.of("--steps", "4", "--batch-size", "4", "--max-length", "64", "--r", "2", "-s",
            "fisher_examples=4", "-s", "learning_rate=0.01");

    @TempDir Path temp;

    private CommandLineRun train(String out, List<String> more) throws IOException {
        Path base = temp.resolve("base");
        if (!Files.exists(base)) {
            TinyModel.write(base, 3);
            TinyModel.write(temp.resolve("before"), 4);
        }
        StringBuilder rows = new StringBuilder("instruction,response\n");
        for (int i = 0; i < 12; i++) {
            rows.append("tell me a story ").append(i).append(",the red fox sat on the mat\n");
        }
        Path task = Files.writeString(temp.resolve("task.csv"), rows);
        Path alignment = Files.writeString(temp.resolve("alignment.csv"),
                "instruction,response\nabout the dog,I cannot help with that.\nabout the cat,a dog sat\nthe mat,the fox\nthe fox,the mat\n");
        List<String> args = new ArrayList<>(
                List.of("train", "--base", base.toString(), "--task", task.toString(), "--alignment", alignment.toString(),
                        "--unaligned", temp.resolve("before").toString(), "--out", temp.resolve(out).toString()));
        args.addAll(more);
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private JsonNode settings(String run) throws IOException {
        return new ObjectMapper().readTree(temp.resolve(run).resolve("settings.json").toFile());
    }

    /** The strengths differ from the defaults, so that forgetting one gives another adapter. */
    @ParameterizedTest
    @CsvSource({"agl,500000", "ewc,1e8", "kl,50", "safelora,0.9", "asft,300", "safeanchor,3", "lisa,40",
        "contrast,2", "contrast_linear,2", "mix,0.75", "kl_sparse,50",
        "kl_first,50", "first_tokens,50", "scale,0.75", "ema,0.9", "projection,3", "oplora,5",
        "earlystop,0.75"}) void theWrittenSettingsRepeatTheRun(String method, String strength) throws IOException {
        List<String> first = new ArrayList<>(SHORT);
        first.addAll(List.of("-s", "agl.energy=0.5", "--method", method, "--strength", strength));
        CommandLineRun run = train("first", first);
        assertEquals(0, run.code(), run.err());
        String file = temp.resolve("first/settings.json").toString();
        CommandLineRun again = train("again", List.of("--config", file, "--method", method));
        assertEquals(0, again.code(), again.err());
        CommandLineRun byItself = train("itself", List.of("--config", file));
        assertEquals(0, byItself.code(), byItself.err());
        for (String out : List.of("again", "itself")) {
            assertEquals(settings("first"), settings(out));
            for (String same : List.of("adapter_model.safetensors", "metrics.jsonl")) {
                assertEquals(-1, Files.mismatch(temp.resolve("first").resolve(same), temp.resolve(out).resolve(same)), out + " " + same);
            }
        }
        JsonNode recorded = new ObjectMapper().readTree(temp.resolve("first/provenance.json").toFile()).get("settings").get("config");
        assertEquals(settings("first"), recorded);
        first.set(first.size() - 1, method.equals("oplora") || method.equals("projection") || method.equals("safeanchor") ? "1"
                : method.equals("safelora") ? "-1" : "0.5");
        CommandLineRun other = train("other", first);
        assertEquals(0, other.code(), other.err());
        assertTrue(Files.mismatch(temp.resolve("first/adapter_model.safetensors"), temp.resolve("other/adapter_model.safetensors")) >= 0,
                "the strength acts");
    }

    @Test void anotherMethodsStrengthIsNotTaken() throws IOException {
        List<String> first = new ArrayList<>(SHORT);
        first.addAll(List.of("--method", "oplora", "--strength", "5"));
        assertEquals(0, train("first", first).code());
        String file = temp.resolve("first/settings.json").toString();
        CommandLineRun run = train("kl", List.of("--config", file, "--method", "kl"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl: not used: method oplora of the settings, and its strength (--method kl decides)"), run.err());
        assertEquals(1, settings("kl").get("strength").asDouble());
        assertEquals("kl", settings("kl").get("method").asText());
        CommandLineRun command = train("stronger", List.of("--config", file, "--strength", "3"));
        assertEquals(3, settings("stronger").get("strength").asInt(), command.err());
    }

    /** "m 0" decides nothing: the printed line, the report and the record name what does. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {"agl.m=0|m 4|{\"m\":4.0}", "agl.energy=0.5|energy 0.5|{\"energy\":0.5}"})
    void whatDecidesTheRankIsSaid(String set, String said, String recorded) throws IOException {
        List<String> args = new ArrayList<>(SHORT);
        args.addAll(List.of("-s", set, "--method", "projection"));
        CommandLineRun run = train("run", args);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().startsWith("projection, " + said + ": "), run.out());
        assertTrue(Files.readString(temp.resolve("run/report.html")).contains("Fine-tuning with projection, " + said), "report");
        assertEquals(recorded,
                new ObjectMapper().readTree(temp.resolve("run/provenance.json").toFile()).get("settings").get("strength").toString());
    }

    @Test void whatComesOutOtherwiseThanItReadsIsSaidAtTheStart() throws IOException {
        List<String> args = new ArrayList<>(SHORT);
        args.addAll(List.of("--method", "earlystop", "--strength", "0.0001"));
        CommandLineRun run = train("run", args);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl: earlystop: 1 of 4 steps, which is a share of 0.250;"), run.err());
        assertTrue(run.out().startsWith("earlystop, share_of_steps 1.0E-4 (1 of 4 steps): "), run.out());
    }

    @Test void aCommandWithMethodsOfItsOwnSaysSo() throws IOException {
        Path file = Files.writeString(temp.resolve("c.json"), "{\"method\":\"kl\",\"strength\":2,\"steps\":1,\"max_length\":64}");
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path data = Files.writeString(temp.resolve("data.csv"), "instruction,response\nabout the dog,the cat\n");
        CommandLineRun run = CommandLineRun.of("align", "--base", base.toString(), "--data", data.toString(), "--config", file.toString(),
                "--out", temp.resolve("out").toString());
        assertEquals(0, run.code(), run.err());
        assertEquals(1, run.err().lines()
                .filter(l -> l.equals("agl: not used: method, strength (settings of train; this command has its own)")).count(), run.err());
    }

    /** The template is no setting: a run that is repeated with another one says so, whatever the command. */
    @Test void anotherTemplateIsSaid() throws IOException {
        List<String> args = new ArrayList<>(SHORT);
        args.addAll(List.of("--method", "lora", "--template", "plain"));
        assertEquals(0, train("first", args).code());
        String config = temp.resolve("first/settings.json").toString();
        String base = temp.resolve("base").toString();
        String task = temp.resolve("task.csv").toString();
        Path prompts = Files.writeString(temp.resolve("prompts.csv"), "prompt,label\nthe fox,unsafe\nthe mat,safe\n");
        for (List<String> command : List.of(List.of("align", "--data", task), List.of("train", "--task", task),
                List.of("compare", "--task", task, "--prompts", prompts.toString(), "--methods", "lora", "--seeds", "1"))) {
            for (String template : List.of("plain", "instruction")) {
                List<String> line = new ArrayList<>(command);
                line.addAll(List.of("--base", base, "--config", config, "--steps", "1", "--template", template, "--out",
                        temp.resolve(command.getFirst() + template).toString()));
                CommandLineRun run = CommandLineRun.of(line.toArray(String[]::new));
                assertEquals(0, run.code(), run.err());
                assertEquals(template.equals("plain") ? 0 : 1, run.err().lines().filter(l -> l.equals("agl: warning: the run of " + config
                        + " had template plain, this one has instruction; --template decides")).count(), run.err());
            }
        }
    }
}
