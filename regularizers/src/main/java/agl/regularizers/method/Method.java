package agl.regularizers.method;

import agl.autograd.Tape;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * A method that preserves alignment during fine-tuning, as seen by a training loop. Each step: backward of the loss on {@link #source}
 * data, {@link #addGradients}, {@link #transformGradients}, the optimizer, {@link #afterStep}; between two steps
 * {@link #refresh}, where it is due; and once at the end {@link #afterTraining}.
 */
public interface Method {

    /** The data whose loss a step descends on. */
    enum Source {
        TASK, ALIGNMENT,
        /** Task examples with alignment examples among them. */
        MIXED;

        /** In names of metrics and messages. */
        public String title() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The name on the command line. */
    String name();

    /** The data of this step, counted from 0. */
    default Source source(int step) {
        return Source.TASK;
    }

    /** How many alignment examples a run on mixed data adds to so many task examples. */
    default int alignmentExamples(int task) {
        return 0;
    }

    /**
     * Adds the weighted gradient of the method's penalty to those of A and B.
     *
     * @param tape provides kernels and pool
     * @return what to log, in a fixed order: the raw value of each term, and under {@code penalty} what is added to the loss
     */
    default SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        return new LinkedHashMap<>();
    }

    /** Changes the gradients of A and B before the optimizer step. */
    default void transformGradients(Tape tape, List<LoraFactors> factors, int step) { }

    /** Changes or records A and B after the optimizer step. */
    default void afterStep(Tape tape, List<LoraFactors> factors, int step) { }

    /** Derives what the method needs from the weights that training starts from; called once, also by a run that is resumed. */
    default void start(Tape tape, List<LoraFactors> factors) { }

    /** Steps from one {@link #refresh} to the next; 0: none. */
    default int refreshEvery() {
        return 0;
    }

    /** Derives the same anew from the current weights. */
    default void refresh(Tape tape, List<LoraFactors> factors) { }

    /**
     * Saves or puts back what the method remembers from step to step, but for A, B and what {@link #start} and {@link #refresh} derive from
     * them.
     */
    default void state(RunState state, List<LoraFactors> factors) { }

    /** The adapter to keep; by default the trained one. The rank may differ from layer to layer. */
    default List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        return factors;
    }

    /** What a method with one term logs. */
    static SequencedMap<String, Double> logged(String term, double raw, double penalty) {
        SequencedMap<String, Double> log = new LinkedHashMap<>();
        log.put(term, raw);
        log.put("penalty", penalty);
        return log;
    }

    /** LoRA alone: the task loss and nothing else. */
    static Method lora() {
        return () -> "lora";
    }
}
