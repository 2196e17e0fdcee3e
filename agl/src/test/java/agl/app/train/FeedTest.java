package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.regularizers.method.Interleaving;
import agl.regularizers.method.Lisa;
import agl.regularizers.method.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeedTest {
    private static List<EncodedExample> examples(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(id -> new EncodedExample(new int[] {id}, new boolean[1], false)).toList();
    }

    /**
     * A run on mixed data sees the task examples that plain LoRA sees, in the same order, and between them the alignment examples, each as
     * often as the others, to one: with 7 task examples in batches of 4, 10 steps are 5 epochs of 7.
     */
    @ParameterizedTest @CsvSource({"0.25,13,12", "0.5,20,35", "0.125,11,5", "0.75,40,105"})
    void mixedStepsSeeTheTaskExamplesThatPlainStepsSee(double share, int steps, int added) {
        TrainSettings s = RunConfig.of(null, List.of("steps=10", "batch_size=4", "seed=3")).train();
        List<EncodedExample> task = examples(0, 7);
        Interleaving mix = new Interleaving(share);
        assertEquals(steps, mix.steps(10));
        Feed feed = new Feed(new Trainer.Job(task, List.of(), examples(100, 6), mix, List.of(), steps), s);
        List<Integer> seen = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            feed.next(mix.source(step)).forEach(e -> seen.add(e.tokens()[0]));
        }
        Batches plain = new Batches(task, 4, 3);
        assertEquals(IntStream.range(0, 10).mapToObj(plain::examplesOf).flatMap(List::stream).map(e -> e.tokens()[0]).toList(),
                seen.stream().filter(id -> id < 100).toList());
        Map<Integer, Long> often = seen.stream().filter(id -> id >= 100).collect(Collectors.groupingBy(id -> id, Collectors.counting()));
        assertEquals(added, often.values().stream().mapToLong(n -> n).sum());
        assertEquals(added, mix.alignmentExamples(35));
        for (int id = 100; id < 106; id++) {
            long n = often.getOrDefault(id, 0L);
            assertEquals(true, n == added / 6 || n == added / 6 + 1, often.toString());
        }
        List<Boolean> places = seen.stream().map(id -> id >= 100).toList();
        assertNotEquals(places.stream().sorted().toList(), places, "not one kind after the other");
    }

    /** A method's steps on the task alone go through it as without any others between them. */
    @ParameterizedTest @CsvSource({"TASK", "ALIGNMENT"}) void eachKindHasItsOwnPosition(Method.Source first) {
        TrainSettings s = RunConfig.of(null, List.of("steps=4", "batch_size=2", "seed=3")).train();
        Feed feed = new Feed(new Trainer.Job(examples(0, 4), List.of(), examples(100, 4), Method.lora(), List.of(), 4), s);
        Method.Source second = first == Method.Source.TASK ? Method.Source.ALIGNMENT : Method.Source.TASK;
        List<EncodedExample> own = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            own.addAll(feed.next(first));
            feed.next(second);
        }
        Batches alone = new Batches(examples(first == Method.Source.TASK ? 0 : 100, 4), 2, 3);
        assertEquals(IntStream.range(0, 2).mapToObj(alone::examplesOf).flatMap(List::stream).map(e -> e.tokens()[0]).toList(),
                own.stream().map(e -> e.tokens()[0]).toList());
    }

    /** A run that goes on after so many steps sees the examples that it had not seen yet, of each kind. */
    @ParameterizedTest @CsvSource({"0", "1", "7"}) void aRunThatGoesOnSeesWhatComesNext(int done) {
        TrainSettings s = RunConfig.of(null, List.of("steps=10", "batch_size=2", "seed=3")).train();
        Method lisa = new Lisa(1, 2, 1);
        Trainer.Job job = new Trainer.Job(examples(0, 5), List.of(), examples(100, 5), lisa, List.of(), 10);
        Feed whole = new Feed(job, s);
        IntStream.range(0, done).forEach(step -> whole.next(lisa.source(step)));
        Feed resumed = new Feed(job, s);
        resumed.skip(done, lisa);
        for (int step = done; step < 10; step++) {
            assertEquals(ids(whole.next(lisa.source(step))), ids(resumed.next(lisa.source(step))), "step " + step);
        }
    }

    private static List<Integer> ids(List<EncodedExample> examples) {
        return examples.stream().map(e -> e.tokens()[0]).toList();
    }
}
