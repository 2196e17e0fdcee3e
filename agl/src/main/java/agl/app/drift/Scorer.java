package agl.app.drift;

import agl.app.data.PromptSet.Prompt;
import agl.nn.Generator;
import java.util.List;

/**
 * Gives each prompt numbers that do not depend on how an answer is worded. Another scorer is a class that implements this, and its line in
 * {@link DriftCheck}: tables, files and reports show every score there is.
 */
public interface Scorer {
    /**
     * One of a scorer's numbers, larger where the model refuses more strongly.
     *
     * @param name   in files
     * @param title  in tables, without its unit
     * @param unit   of the number, "nats"
     * @param ofSafe whether its mean over safe prompts is shown too
     */
    record Score(String name, String title, String unit, boolean ofSafe) { }

    /**
     * Prompts that the model has just read.
     *
     * @param context of them all, from which the model goes on
     * @param lengths of the prompts in tokens
     */
    record Group(List<Prompt> prompts, Generator.Context context, int[] lengths) { }

    /** What it gives, in the order of {@link #score}'s numbers. */
    List<Score> scores();

    /** Tokens that are put behind the prompt at most. */
    int longest(Prompt prompt);

    /** Per prompt and score the number. The context's cache is left as it was. */
    double[][] score(Group group);
}
