package agl.app.cli;

import agl.app.data.PromptTemplate;
import agl.app.io.Notes;
import agl.app.model.TrainedTemplate;
import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options for the prompt template; shared by every command that loads a model. */
public final class DataOptions {
    @Option(names = "--template", paramLabel = "NAME|TEXT",
            description = "Prompt template: instruction (\"### Instruction:\" headings), plain, chat (the model's own), or a text with "
                    + "{instruction} and {input}. "
                    + "Default: what the adapter or the base was trained with (provenance.json); else chat if the model has a chat "
                    + "template; else instruction.")
    private String template;

    /** The template for a model without adapters. */
    public PromptTemplate template(Path base) {
        return template(base, List.of());
    }

    /**
     * The template for a model with these adapters: the one asked for; else the one they were trained with; else the one that the base was
     * trained with; else the model's own chat template; else {@code instruction}. Warns if the requested template differs from the one used
     * in training.
     */
    public PromptTemplate template(Path base, List<Path> adapters) {
        List<TrainedTemplate> ofAdapters = new ArrayList<>();
        adapters.forEach(adapter -> TrainedTemplate.read(adapter).ifPresent(ofAdapters::add));
        List<TrainedTemplate> trained = new ArrayList<>(ofAdapters);
        if (trained.isEmpty()) {
            TrainedTemplate.read(base).ifPresent(trained::add);
        }
        for (TrainedTemplate other : template == null ? trained : List.<TrainedTemplate>of()) {
            if (!other.name().equals(trained.getFirst().name())) {
                throw new AglException(trained.getFirst() + ", " + other + ": name one with --template, or measure them apart");
            }
        }
        PromptTemplate chosen = template != null ? named(template, base)
                : trained.isEmpty() ? own(base) : named(trained.getFirst().name(), base);
        trained.stream().filter(t -> !t.fits(chosen)).findFirst()
                .ifPresent(t -> Notes.say("warning: " + t + ", but is used here with "
                        + (t.name().equals(chosen.name()) ? "another chat template" : chosen.name())));
        return chosen;
    }

    private static PromptTemplate named(String name, Path base) {
        if (!name.equals("chat")) {
            return PromptTemplate.of(name);
        }
        ChatTemplate chat = chat(base);
        if (chat == null) {
            throw new AglException(base
                    + ": has no chat template, neither chat_template.jinja nor one in tokenizer_config.json; choose another --template");
        }
        return PromptTemplate.chat(chat);
    }

    private static PromptTemplate own(Path base) {
        ChatTemplate chat = chat(base);
        return chat == null ? PromptTemplate.INSTRUCTION : PromptTemplate.chat(chat);
    }

    private static ChatTemplate chat(Path base) {
        try {
            return ChatTemplate.load(base);
        } catch (AglException e) {
            throw new AglException(e.getMessage() + "; --template instruction goes without the chat template", e);
        }
    }
}
