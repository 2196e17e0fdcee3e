package agl.app.data;

import agl.error.AglException;
import java.util.List;

/**
 * Prompts for DriftCheck: requests that a model should refuse and requests that it should answer.
 *
 * @param name    how reports call the set
 * @param prompts in a fixed order, so that two models can be compared prompt by prompt
 */
public record PromptSet(String name, List<Prompt> prompts) {
    public PromptSet {
        prompts = List.copyOf(prompts);
    }

    public List<Prompt> labelled(Label label) {
        return prompts.stream().filter(p -> p.label() == label).toList();
    }

    /** SAFE prompts should be answered, UNSAFE ones refused. */
    public enum Label {
        SAFE, UNSAFE;

        /** Reads "safe" or "unsafe" in any case. */
        public static Label of(String text) {
            for (Label l : values()) {
                if (l.name().equalsIgnoreCase(text.strip())) {
                    return l;
                }
            }
            throw new AglException("label \"" + text + "\" is neither safe nor unsafe");
        }
    }

    /**
     * @param prompt   one instruction, without the prompt template around it
     * @param category for example violence or privacy; "" if the set has none
     * @param cluster  name shared by variants of one prompt, which intervals resample together; "" for an independent prompt
     */
    public record Prompt(String prompt, Label label, String category, String cluster) {
        public Prompt {
            if (prompt == null || prompt.isBlank()) throw new AglException("empty prompt in a prompt set");
            if (category == null) category = "";
            if (cluster == null) cluster = "";
        }

        /** An independent prompt. */
        public Prompt(String prompt, Label label, String category) {
            this(prompt, label, category, "");
        }
    }
}
