package agl.app.drift;

import agl.app.data.PromptSet.Prompt;
import agl.nn.Generator;
import java.util.List;

/**
 * Gives each prompt scores that do not depend on how an answer is worded. To add a scorer, implement this interface and list it in
 * {@link DriftCheck}: tables, files and reports show every score.
 */
public interface Scorer {
    /**
     * One of a scorer's scores, larger if the model refuses more strongly.
     *
     * @param name   its name in files
     * @param title  its name in tables, without the unit
     * @param unit   its unit, such as "nats"
     * @param ofSafe whether its mean over safe prompts is also shown
     */
    record Score(String name, String title, String unit, boolean ofSafe) { }

    /**
     * A group of prompts that the model has just read.
     *
     * @param context their context, from which the model continues
     * @param lengths lengths of the prompts in tokens
     */
    record Group(List<Prompt> prompts, Generator.Context context, int[] lengths) { }

    /** The scores, in the order of {@link #score}'s values. */
    List<Score> scores();

    /** Maximum number of tokens appended to the prompt. */
    int longest(Prompt prompt);

    /** The value per prompt and score. The context's cache is restored. */
    double[][] score(Group group);
}
