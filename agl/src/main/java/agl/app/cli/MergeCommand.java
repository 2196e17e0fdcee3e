package agl.app.cli;

import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.TrainedBase;
import agl.app.model.TrainedTemplate;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.AdapterStatistics;
import agl.lora.Peft;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.OutputFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl merge}: base and adapter as one checkpoint. */
@Command(name = "merge", description = "Fold an adapter into its base and write one checkpoint.")
public final class MergeCommand implements Callable<Integer> {
    @Mixin private BaseOption base;

    @Option(names = "--adapter", required = true, paramLabel = "DIR", description = "PEFT adapter folder.")
    private Path adapter;

    @Option(names = {"--out", "--output-dir"}, required = true, paramLabel = "DIR",
            description = "New model folder; must not exist or be empty.")
    private Path out;

    @Spec private CommandSpec spec;

    @Override public Integer call() {
        OutputFolder.requireFree(out);
        Inputs inputs = Inputs.read(List.of(base.path, adapter));
        TrainedBase.check(base.path, List.of(adapter), true);
        Transformer model = Models.load(base.path);
        Peft.load(model, adapter, 0);
        SplittableRandom random = new SplittableRandom(1);
        int length = Math.min(64, model.config().maxPositions());
        Batch probe = Batch.of(random.ints(length, 0, model.config().vocabulary()).toArray());
        double[] separate = logits(model, probe);
        if (Arrays.stream(separate).anyMatch(Double::isNaN)) {
            throw new AglException(adapter + ": with this adapter the logits contain NaN; nothing was written");
        }
        AdapterStatistics.nothingChanges(adapter).ifPresent(Notes::say);
        DType type = model.dtype();
        // Record the template used in training, so that the merged checkpoint is prompted with it as well.
        UsedSettings settings = new UsedSettings();
        TrainedTemplate.read(adapter).or(() -> TrainedTemplate.read(base.path)).ifPresent(t -> settings.withAll(t.described()));
        double[] worst = {0};
        // The checkpoint is checked as it was written, and moved into place only then.
        OutputFolder.writeNew(out, temporary -> {
            Models.save(model, temporary, base.path, type);
            double[] merged = logits(Models.load(temporary), probe);
            for (int i = 0; i < merged.length; i++) {
                worst[0] = Math.max(worst[0], Math.abs(merged[i] - separate[i]));
            }
            inputs.requireUnchangedWeights();
            if (Double.isNaN(worst[0])) {
                throw new AglException(out + ": the merged weights do not fit the base's type, " + type
                        + ": their logits are not finite; nothing was kept");
            }
            Provenance.of("merge", 0, settings, inputs).writeInto(temporary);
        });
        spec.commandLine().getOut().printf(Locale.ROOT,
                "wrote %s (%s); largest logit difference merged against unmerged, on %d random tokens: %.3g (largest logit: %.3g)%n",
                out, type, length, worst[0], Arrays.stream(separate).map(Math::abs).max().orElse(0));
        return 0;
    }

    private static double[] logits(Transformer model, Batch batch) {
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            int[] rows = new int[batch.size()];
            Arrays.setAll(rows, i -> i);
            Tensor hidden = model.hidden(tape, batch);
            return model.logits(tape, hidden, rows).toArray();
        }
    }
}
