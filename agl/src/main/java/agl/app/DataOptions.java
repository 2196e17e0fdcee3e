package agl.app;

import agl.app.data.PromptTemplate;
import agl.autograd.AglException;
import agl.nn.tokenizer.ChatTemplate;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that say how text is put to a model; shared by every command that loads one. */
public final class DataOptions {
    @Option(names = "--template", paramLabel = "NAME|TEXT",
            description = "Prompt template: instruction (default; \"### Instruction:\" headings), plain, chat (the model's own), or a text with {instruction} and {input}.")
    private String template;

    /** The template, for the model of this folder. */
    public PromptTemplate template(Path base) {
        if (template == null) {
            return PromptTemplate.INSTRUCTION;
        }
        if (template.equals("chat")) {
            ChatTemplate chat = ChatTemplate.load(base);
            if (chat == null) {
                throw new AglException(base + ": has no chat template, neither chat_template.jinja nor one in tokenizer_config.json; choose another --template");
            }
            return PromptTemplate.chat(user -> chat.apply(List.of(new ChatTemplate.Message("user", user)), true));
        }
        return PromptTemplate.of(template);
    }

    /** Says, once everything else is known to be right, that the model has a template of its own which nobody asked for. */
    public void hint(Path base) {
        if (template == null && hasChatTemplate(base)) {
            System.err.println("agl: " + base + " has a chat template of its own; --template chat uses it, without it prompts get \"### Instruction:\" headings");
        }
    }

    private static boolean hasChatTemplate(Path base) {
        try {
            return ChatTemplate.load(base) != null;
        } catch (AglException e) {
            return false; // nobody asked for it
        }
    }

    /** The template as the user named it, for the record. */
    public String name() {
        return template == null ? "instruction" : template;
    }
}
