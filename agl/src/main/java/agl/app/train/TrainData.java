package agl.app.train;

import agl.app.data.DataFiles;
import agl.app.data.Example;
import agl.nn.ModelConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What a fine-tuning run reads.
 *
 * @param evaluation  held-out task examples, may be empty
 * @param alignment   examples of what the model should keep doing; may be empty for a method that does not read them
 * @param unaligned   folder of the checkpoint before alignment, or null
 * @param initAdapter PEFT adapter to go on from, or null for a fresh one
 */
public record TrainData(List<Example> task, List<Example> evaluation, List<Example> alignment, Path unaligned, Path initAdapter) {
    /** From files; without any for evaluation the last 10% of the task examples, at most 200, are held out. */
    public static TrainData read(List<Path> task, List<Path> evaluation, List<Path> alignment, Path unaligned, Path initAdapter) {
        if (unaligned != null) {
            // Wrong folders are told before anything long is done.
            ModelConfig.read(unaligned);
        }
        List<Example> examples = DataFiles.examples(task);
        int held = evaluation.isEmpty() ? Math.min(200, examples.size() / 10) : 0;
        int kept = examples.size() - held;
        return new TrainData(examples.subList(0, kept), evaluation.isEmpty() ? examples.subList(kept, examples.size()) : DataFiles.examples(evaluation),
                DataFiles.examples(alignment), unaligned, initAdapter);
    }

    public TrainData(List<Example> task, List<Example> evaluation, List<Example> alignment) {
        this(task, evaluation, alignment, null, null);
    }
}
