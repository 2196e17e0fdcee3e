package agl.app.train;

import agl.app.data.DataFiles;
import agl.app.data.Example;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.Reading;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.error.AglException;
import agl.nn.ModelConfig;
import agl.nn.tokenizer.ChatTemplate.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The data of a fine-tuning run.
 *
 * @param evaluation  held-out task examples, may be empty
 * @param alignment   examples of what the model should keep doing; may be empty for a method that does not read them
 * @param unaligned   folder of the checkpoint before alignment, or null
 * @param initAdapter PEFT adapter to continue from, or null for a fresh one
 * @param fisher      Fisher information from a file, for methods that would else estimate it from the alignment examples, or null
 */
public record TrainData(List<Example> task, List<Example> evaluation, List<Example> alignment, Path unaligned, Path initAdapter,
        FisherArtefact fisher) {
    /** Files of a run by what they are for. */
    public record Sources(List<Path> task, List<Path> evaluation, List<Path> alignment) { }

    /**
     * Reads the files. Without evaluation files, the last 10% of the task's rows, at most 200, are held out: rows, so that no conversation
     * is on both sides.
     */
    public static TrainData read(Sources files, Reading reading, Path unaligned, Path initAdapter) {
        if (unaligned != null) {
            // Fail on a bad folder before any expensive work.
            ModelConfig.read(unaligned);
        }
        List<List<Example>> rows = DataFiles.rows(files.task, reading);
        boolean split = files.evaluation.isEmpty();
        if (rows.size() == 1 && split) {
            throw new AglException(files.task.getFirst()
                    + ": has only one row, so there is nothing else to measure on; "
                    + "give more rows, or held-out ones with --eval");
        }
        int kept = rows.size() - (split ? Math.min(200, rows.size() / 10) : 0);
        return new TrainData(all(rows.subList(0, kept)),
                split ? all(rows.subList(kept, rows.size())) : DataFiles.examples(files.evaluation, reading),
                DataFiles.alignment(files.alignment, reading), unaligned, initAdapter);
    }

    private static List<Example> all(List<List<Example>> rows) {
        return rows.stream().flatMap(List::stream).toList();
    }

    /** Caveats about these data for readers of the figures, one line each. */
    public List<String> notes(List<Prompt> prompts) {
        List<String> notes = new ArrayList<>();
        if (evaluation.isEmpty()) {
            notes.add("nothing is held out: a tenth of " + task.size()
                    + " task rows is less than one; the held-out loss is not measured (--eval names a file for it)");
        }
        Set<Example> trained = task.stream().map(TrainData::stripped).collect(Collectors.toSet());
        long seen = evaluation.stream().filter(e -> trained.contains(stripped(e))).count();
        if (seen > 0) {
            notes.add(seen + " of " + evaluation.size()
                    + " held-out examples are among the task's rows too: their loss is that of what was trained on");
        }
        long repeated = evaluation.size() - evaluation.stream().map(TrainData::stripped).distinct().count();
        if (repeated > 0) {
            notes.add(repeated + " of " + evaluation.size() + " held-out examples repeat another one: they do not count as independent");
        }
        Set<List<Message>> asked = evaluation.stream().map(e -> e.request().messages()).collect(Collectors.toSet());
        long later = evaluation.stream().filter(e -> e.request().follows(asked)).count();
        if (later > 0) {
            notes.add(later + " of " + evaluation.size() + " held-out examples are later answers of a conversation that another one is "
                    + "from: they do not count as independent");
        }
        long taught = among(task, prompts);
        if (taught > 0) {
            notes.add(taught + " of " + prompts.size()
                    + " prompts are in the task data too: drift on them is what their own answers taught");
        }
        long known = among(alignment, prompts);
        if (known > 0) {
            notes.add(known + " of " + prompts.size()
                    + " prompts are in the alignment data too: drift on them is not drift on prompts that the method never saw");
        }
        if (!alignment.isEmpty() && alignment.stream().allMatch(e -> RefusalPatterns.judge(e.response()) == Verdict.NOT_REFUSAL)) {
            notes.add("no answer in the alignment data is a refusal that the patterns know: nothing there teaches the model to refuse");
        }
        return notes;
    }

    /** How many of the prompts are the instruction, the input or both together of one of these examples. */
    private static long among(List<Example> examples, List<Prompt> prompts) {
        Set<String> asked = examples.stream().flatMap(e -> Stream.of(e.instruction(), e.input(), e.instruction() + " " + e.input()))
                .map(TrainData::asked).collect(Collectors.toSet());
        return prompts.stream().filter(p -> asked.contains(asked(p.prompt()))).count();
    }

    /** A question whatever its spaces, its case and the mark at its end. */
    private static String asked(String text) {
        return words(text).toLowerCase(Locale.ROOT).replaceFirst("[\\s.,:;!?\u2026]+$", "");
    }

    private static Example stripped(Example e) {
        return new Example(e.request().map(TrainData::words), words(e.response()));
    }

    /** A text whatever its spaces. */
    private static String words(String text) {
        return text.replaceAll("[\\s\u00a0]+", " ").strip();
    }

    public TrainData(List<Example> task, List<Example> evaluation, List<Example> alignment, Path unaligned, Path initAdapter) {
        this(task, evaluation, alignment, unaligned, initAdapter, null);
    }

    public TrainData(List<Example> task, List<Example> evaluation, List<Example> alignment) {
        this(task, evaluation, alignment, null, null);
    }

    /** The same with Fisher information from a file; null for none. */
    public TrainData withFisher(FisherArtefact artefact) {
        return new TrainData(task, evaluation, alignment, unaligned, initAdapter, artefact);
    }
}
