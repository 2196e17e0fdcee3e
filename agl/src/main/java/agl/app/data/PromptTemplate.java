package agl.app.data;

import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import java.util.Map;

/**
 * Wraps a request into the text that the model continues with the response. Training and generation must use the same template,
 * or the prompts are out of distribution.
 */
public interface PromptTemplate {
    /** Alpaca's headings; the default for a model without a chat template. */
    PromptTemplate INSTRUCTION = new TextTemplate("instruction", (instruction, input) -> "### Instruction:\n" + instruction
            + (input.isEmpty() ? "" : "\n\n### Input:\n" + input) + "\n\n### Response:\n");

    /** The text alone, for models that only continue text. */
    PromptTemplate PLAIN = new TextTemplate("plain", (instruction, input) -> TextTemplate.joined(instruction, input) + "\n");

    /**
     * A prompt with its answer.
     *
     * @param prompt what comes before the loss; in rare chat templates shorter than {@link #render}, see {@link ChatPromptTemplate}
     * @param answer everything after it
     * @param closed whether the template itself ends the answer; if not, the end token must still be added
     * @param remark remark for the user about how prompt and answer were separated, or null
     */
    record Turn(String prompt, String answer, boolean closed, String remark) {
    }

    /**
     * The prompt: the text up to where the answer begins.
     *
     * @throws AglException if a conversation is asked for and this is no chat template, or if the template refuses it
     */
    String render(Request request);

    /** Prompt and answer as training sees them. */
    Turn turn(Request request, String response);

    /** The text that an answer beginning with {@code opening} adds to the prompt, up to the end of the opening. */
    String opening(Request request, String opening);

    /** Whether the tokenizer adds its own special tokens (BOS). A chat template spells out its special tokens itself. */
    boolean addSpecial();

    /** The entries for provenance: {@code template}, its name or text, and for a chat template {@code template_sha256}. */
    Map<String, String> described();

    /** As {@code --template} takes it. */
    default String name() {
        return described().get("template");
    }

    /**
     * A template by name or text: {@code instruction}, {@code plain}, or any text with the placeholder {@code {instruction}} and optionally
     * {@code {input}}; {@code \n} stands for a line break.
     */
    static PromptTemplate of(String text) {
        return switch (text) {
            case "instruction" -> INSTRUCTION;
            case "plain" -> PLAIN;
            default -> TextTemplate.custom(text);
        };
    }

    /** The model's own chat template. */
    static PromptTemplate chat(ChatTemplate template) {
        return new ChatPromptTemplate(template);
    }
}
