package agl.app.train;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.lora.LoraModel;
import agl.regularizers.method.Lisa;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.util.List;

/** A training run that is stopped after a few steps, with a checkpoint, and goes on from it as often as asked. */
public final class SavedRun {
    private static final int STOPPED = 5;

    private final Path folder;
    private final Trainer trainer;
    private final Trainer.Job job;

    /** @param folder of its checkpoints */
    public SavedRun(ModelBundle bundle, Path folder) {
        this.folder = folder;
        TrainSettings s = RunConfig.of(null, List.of("steps=20", "batch_size=2", "r=2", "lora_dropout=0.1", "max_length=32")).train();
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(s), 1, DType.F32);
        List<EncodedExample> examples = bundle.encode(List.of(new Example("the cat", "sat"), new Example("the dog", "sat on"),
                new Example("the fox", "the mat")), 32);
        trainer = new Trainer(bundle.model(), lora.parameters(), s);
        job = new Trainer.Job(examples, List.of(), examples, new Lisa(0.1, 2, 2), Adapters.factors(lora), 20);
    }

    private Checkpoints checkpoints() {
        return new Checkpoints(folder, JsonNodeFactory.instance.objectNode().put("run", "a"), STOPPED, "the same command");
    }

    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int step;

        Stop(int step) {
            super(null, null, false, false);
            this.step = step;
        }
    }

    /** Runs until there is a checkpoint. */
    public void begin() {
        goOn(STOPPED + 1);
    }

    /** Steps that the run found done; 0 if it began anew. */
    public int found() {
        return goOn(1);
    }

    private int goOn(int stop) {
        try {
            trainer.run(job, checkpoints(), new Trainer.Listener() {
                @Override public void step(StepMetrics metrics, int total) {
                    if (metrics.step() >= stop) {
                        throw new Stop(0);
                    }
                }

                @Override public void earlier(List<StepMetrics> steps, int total) {
                    throw new Stop(steps.size());
                }
            });
        } catch (Stop e) {
            return e.step;
        }
        throw new AssertionError("it did not stop");
    }
}
