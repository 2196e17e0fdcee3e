package agl.app.data;

import agl.nn.tokenizer.ChatTemplate;
import java.util.Map;

/**
 * Wraps instruction and input into the text that the model continues with the response. Training and asking use the same template, or
 * the model is asked something it was not trained on.
 */
public interface PromptTemplate {
    /** Alpaca's headings; the default for a model without a chat template. */
    PromptTemplate INSTRUCTION = new TextTemplate("instruction", (instruction, input) -> "### Instruction:\n" + instruction
            + (input.isEmpty() ? "" : "\n\n### Input:\n" + input) + "\n\n### Response:\n");

    /** Nothing but the words, for models that only continue text. */
    PromptTemplate PLAIN = new TextTemplate("plain", (instruction, input) -> TextTemplate.joined(instruction, input) + "\n");

    /**
     * A prompt with its answer.
     *
     * @param prompt what comes before the loss; in rare chat templates shorter than {@link #render}, see {@link ChatPromptTemplate}
     * @param answer everything after it
     * @param closed whether the template itself writes what ends the answer; if not, the end token is still to be added
     * @param remark what a user should know about how the two were told apart, or null
     */
    record Turn(String prompt, String answer, boolean closed, String remark) {
    }

    /** The prompt: the text up to where the answer begins. {@code input} is "" if the instruction stands alone. */
    String render(String instruction, String input);

    /** Prompt and answer as training sees them. */
    Turn turn(String instruction, String input, String response);

    /** What an answer that begins with {@code opening} adds to the prompt, up to the end of that opening. */
    String opening(String instruction, String input, String opening);

    /** Whether the tokenizer adds its own special tokens (BOS). A chat template spells out its special tokens itself. */
    boolean addSpecial();

    /** What provenance records: {@code template}, its name or text, and for a chat template {@code template_sha256}. */
    Map<String, String> described();

    /** As {@code --template} takes it. */
    default String name() {
        return described().get("template");
    }

    /**
     * A template by its name or its text: {@code instruction}, {@code plain}, or any text with the placeholder {@code {instruction}} and,
     * if wanted, {@code {input}}, in which {@code \n} stands for a line break.
     */
    static PromptTemplate of(String text) {
        return switch (text) {
            case "instruction" -> INSTRUCTION;
            case "plain" -> PLAIN;
            default -> TextTemplate.custom(text);
        };
    }

    /** The model's own chat form. */
    static PromptTemplate chat(ChatTemplate template) {
        return new ChatPromptTemplate(template);
    }
}
