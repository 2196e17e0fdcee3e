package agl.app.cli;

import agl.app.io.Provenance;
import agl.app.model.TrainedBase;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.Peft;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.Transformer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl logits}: a model's next-token logits after given token ids, for comparison with other programs. Needs no tokenizer. */
@Command(name = "logits", description = "Print the logits that follow some token ids.",
        footer = {"", "With --json: {\"tokens\": [...], \"logits\": [one number per token of the vocabulary]}; else the ten largest.",
            "", "Example:", "  agl logits --base MODEL --tokens 1,2,3 --json"})
public final class LogitsCommand implements Callable<Integer> {
    private static final int SHOWN = 10;

    @Mixin private BaseOption base;

    @Option(names = "--adapter", paramLabel = "DIR", description = "PEFT adapter folder.")
    private Path adapter;

    @Option(names = "--tokens", required = true, paramLabel = "IDS",
            description = "Token ids, separated by commas; used as given, nothing is prepended.")
    private String tokens;

    @Mixin private JsonOption json;

    @Spec private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        int[] ids = ids(tokens);
        Provenance.requireUndamaged(base.path);
        Transformer model = Models.load(base.path);
        if (adapter != null) {
            TrainedBase.check(base.path, List.of(adapter), false);
            Peft.load(model, adapter, 0);
        }
        float[] logits = lastLogits(model, ids);
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("tokens", ids);
            answer.put("logits", logits);
            out.println(new ObjectMapper().writeValueAsString(answer));
        } else {
            IntStream.range(0, logits.length).boxed().sorted((a, b) -> Float.compare(logits[b], logits[a])).limit(SHOWN)
                    .forEach(id -> out.println(String.format(Locale.ROOT, "%8d  %.6f", id, logits[id])));
        }
        return 0;
    }

    private static int[] ids(String text) {
        String[] parts = text.strip().split("\\s*,\\s*", -1);
        int[] ids = new int[parts.length];
        for (int i = 0; i < ids.length; i++) {
            if (!parts[i].matches("\\d{1,9}")) {
                throw new AglException("--tokens must be token ids separated by commas, 1,2,3 for example; \"" + parts[i]
                        + "\" is not a token id");
            }
            ids[i] = Integer.parseInt(parts[i]);
        }
        return ids;
    }

    private static float[] lastLogits(Transformer model, int[] ids) {
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            double[] logits = model.logits(tape, model.hidden(tape, Batch.of(ids)), ids.length - 1).toArray();
            float[] out = new float[logits.length];
            for (int i = 0; i < out.length; i++) {
                if (Double.isNaN(logits[i])) {
                    throw new AglException("the logit of token " + i + " is not a number: these weights are damaged or overflow");
                }
                out[i] = (float) logits[i];
            }
            return out;
        }
    }
}
