package agl.app.cli;

import agl.app.inspect.Inspection;
import agl.app.io.Notes;
import agl.app.io.Provenance;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code agl inspect}: what is in a model, an adapter or a weights file. */
@Command(name = "inspect", description = "List what a model folder, an adapter folder or a safetensors file holds.",
        footer = {"", "For an adapter also, per layer, the Frobenius norms of A, B and the update s·BA.",
            "", "Examples:", "  agl inspect MODEL", "  agl inspect ADAPTER --json", "  agl inspect model-00001-of-00002.safetensors"})
public final class InspectCommand implements Callable<Integer> {
    private static final int LONGEST = 1000;

    @Parameters(index = "0", paramLabel = "DIR|FILE",
            description = "Model folder, PEFT adapter folder, safetensors file or file of agl fisher.")
    private Path path;

    @Mixin private JsonOption json;

    @Spec private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        ObjectNode found = Inspection.of(path);
        try {
            Provenance.requireUndamaged(path);
        } catch (AglException damaged) {
            // What is in the file is shown all the same: that may tell what happened to it.
            Notes.say("warning: " + damaged.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(found));
        } else {
            print(found, out);
        }
        return 0;
    }

    private static void print(ObjectNode found, PrintWriter out) {
        line(out, "%s: %s", found.get("path").asText(), found.get("kind").asText());
        if (found.has("reason")) {
            line(out, "not supported: %s", found.get("reason").asText());
        }
        for (String part : new String[] {"settings", "metadata", "tokenizer", "provenance"}) {
            if (!found.path(part).isEmpty()) {
                line(out, "%n%s", part);
                found.get(part).properties().forEach(field -> line(out, "  %-26s %s", field.getKey(), field.getValue()));
            }
        }
        if (found.has("fisher")) {
            fisher(found, out);
        }
        if (found.has("tensors")) {
            line(out, "%ntensors%n  %-5s %-16s %14s  %s", "type", "shape", "bytes", "name");
            for (JsonNode t : found.get("tensors")) {
                line(out, "  %-5s %-16s %,14d  %s", t.get("type").asText(), t.get("shape"), t.get("bytes").asLong(),
                        t.get("name").asText());
            }
            line(out, "  %,d parameters, %,d bytes, by type %s", found.get("parameters").asLong(), found.get("bytes").asLong(),
                    found.get("parameters_by_type"));
        }
        if (found.path("changes_nothing").asBoolean()) {
            line(out, "%nthis adapter changes nothing: its update s·BA is 0 in every layer");
        }
        if (found.has("layers")) {
            line(out, "%nlayers%n  %4s %10s %12s %12s %12s %12s  %s", "r", "scale", "|A|", "|B|", "|s·BA|", "|magnitude|", "name");
            for (JsonNode l : found.get("layers")) {
                line(out, "  %4d %10.4g %12.5g %12.5g %12.5g %12s  %s", l.get("r").asInt(), l.get("scale").asDouble(),
                        l.get("norm_A").asDouble(),
                        l.get("norm_B").asDouble(), l.get("norm_sBA").asDouble(),
                        l.has("norm_magnitude") ? String.format(Locale.ROOT, "%.5g", l.get("norm_magnitude").asDouble()) : "",
                        l.get("name").asText());
            }
        }
    }

    private static void fisher(ObjectNode found, PrintWriter out) {
        line(out, "%nFisher information, and the share of its trace in the leading eigenvalues%n"
                + "  %-11s %-9s %5s %12s %6s %6s %6s %6s %6s  %s",
                "shape", "vectors", "m", "trace", "1", "4", "16", "64", "m", "name");
        for (JsonNode f : found.get("fisher")) {
            JsonNode share = f.get("share_of_trace");
            line(out, "  %-11s %-9s %5d %12.5g %6s %6s %6s %6s %6s  %s", f.get("out") + " x " + f.get("in"), f.get("vectors").asText(),
                    f.get("m").asInt(), f.get("trace").asDouble(), part(share.path("1")), part(share.path("4")), part(share.path("16")),
                    part(share.path("64")), part(share.path("m")), f.get("name").asText());
        }
        JsonNode m = found.path("margins");
        if (m.has("examples")) {
            line(out, "%nmargins at the base (log p(alignment answer) - log p(other answer), nats per token)%n"
                    + "  %d examples: least %.2f, median %.2f, mean %.2f, largest %.2f; %d below 0", m.get("examples").asInt(),
                    m.get("least").asDouble(), m.get("median").asDouble(), m.get("mean").asDouble(), m.get("largest").asDouble(),
                    m.get("below_0").asInt());
            line(out, "  %s", m.get("caveat").asText());
        }
    }

    private static String part(JsonNode share) {
        return share.isNumber() ? String.format(Locale.ROOT, "%.3f", share.asDouble()) : "";
    }

    /** Names come from a file: control characters and line breaks must not reach the terminal, and long names are shortened. */
    private static void line(PrintWriter out, String format, Object... values) {
        Object[] shown = values.clone();
        for (int i = 0; i < shown.length; i++) {
            if (!(shown[i] instanceof Number)) {
                String text = shown[i].toString().replaceAll("[\\p{Cc}\\u2028\\u2029]", " ");
                shown[i] = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
            }
        }
        out.println(String.format(Locale.ROOT, format, shown));
    }
}
