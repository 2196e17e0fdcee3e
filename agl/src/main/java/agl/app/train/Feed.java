package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Mixture;
import agl.regularizers.method.Method;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The examples of one step after another: each kind of data continues where its own last step left off. */
final class Feed {
    private final Batches task;
    private final Batches alignment;
    private final Mixture mixture;
    private int onTask;
    private int onAlignment;
    private int onMixture;

    Feed(Trainer.Job job, TrainSettings s) {
        task = new Batches(job.examples(), s.batchSize(), s.seed());
        alignment = job.alignment().isEmpty() ? null : new Batches(job.alignment(), s.batchSize(), s.seed());
        boolean mixed = IntStream.range(0, job.steps()).anyMatch(step -> job.method().source(step) == Method.Source.MIXED);
        mixture = mixed ? mixture(job, s) : null;
    }

    /** The task examples that the run would have without the others, in the same order, and alignment examples among them. */
    private Mixture mixture(Trainer.Job job, TrainSettings s) {
        List<EncodedExample> own = IntStream.range(0, s.totalSteps(job.examples().size())).mapToObj(task::examplesOf).flatMap(List::stream)
                .toList();
        // As often as needed, epoch after epoch.
        List<EncodedExample> others = alignment == null ? List.of()
                : Stream.iterate(0, step -> step + 1).map(alignment::examplesOf).flatMap(List::stream)
                        .limit(job.method().alignmentExamples(own.size())).toList();
        return new Mixture(own, others, job.steps(), s.seed());
    }

    /** Goes past the examples of the first steps. */
    void skip(int steps, Method method) {
        for (int step = 0; step < steps; step++) {
            next(method.source(step));
        }
    }

    List<EncodedExample> next(Method.Source source) {
        return switch (source) {
            case TASK -> task.examplesOf(onTask++);
            case ALIGNMENT -> alignment.examplesOf(onAlignment++);
            case MIXED -> mixture.examplesOf(onMixture++);
        };
    }
}
