package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.jinja.Template;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's chat template, which formats a conversation as one text for the model. The template is a Jinja program in
 * chat_template.jinja or tokenizer_config.json; the output is byte for byte that of {@code apply_chat_template} in the transformers
 * library. The template gets no tools.
 */
public final class ChatTemplate {
    /** One turn of a conversation; roles are "system", "user", "assistant" and, where the template knows it, "tool". */
    public record Message(String role, String content) {
    }

    private final String source;
    private final Template template;
    private final Map<String, Object> variables;
    private final String where;

    private ChatTemplate(String source, Map<String, String> specialTokens, String where) {
        this.where = where;
        this.source = source;
        this.variables = new HashMap<>(specialTokens);
        try {
            template = Template.parse(source);
        } catch (AglException e) {
            throw new AglException(where + e.getMessage(), e);
        }
    }

    /** A template given as text; {@code specialTokens} are the names it may use, such as bos_token. */
    public static ChatTemplate of(String source, Map<String, String> specialTokens) {
        return new ChatTemplate(source, specialTokens, "chat template: ");
    }

    /**
     * The template of the model in {@code folder}, or null if it has none. Of several named templates, the one called default is used;
     * a list without it is an error.
     */
    public static ChatTemplate load(Path folder) {
        Path config = folder.resolve("tokenizer_config.json");
        JsonNode settings = Files.exists(config) ? Json.read(config) : null;
        Path file = folder.resolve("chat_template.jinja");
        try {
            if (Files.exists(file)) {
                return new ChatTemplate(Files.readString(file), specialTokens(folder), file + ": chat template: ");
            }
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
        JsonNode template = settings == null ? null : settings.get("chat_template");
        if (template != null && template.isArray()) { // several, by name
            JsonNode fitting = null;
            for (JsonNode candidate : template) {
                fitting = candidate.path("name").asText().equals("default") ? candidate.path("template") : fitting;
            }
            if (fitting == null) {
                throw new AglException(config + ": chat_template is a list of templates by name without one named \"default\"");
            }
            template = fitting;
        }
        if (template == null || template.isNull()) {
            return null;
        }
        if (!template.isTextual()) {
            throw new AglException(config + ": chat_template is not a string");
        }
        return new ChatTemplate(template.textValue(), specialTokens(folder), config + ": chat template: ");
    }

    /** The template's text. */
    public String source() {
        return source;
    }

    private static Map<String, String> specialTokens(Path folder) {
        return TokenizerSettings.read(folder, () -> HfTokenizer.isByteLevel(folder)).texts();
    }

    /**
     * The conversation in the model's format. The text already contains its special tokens, so it must be encoded without adding any.
     *
     * @param addGenerationPrompt whether to end with the start of the assistant's next turn
     */
    public String apply(List<Message> messages, boolean addGenerationPrompt) {
        return apply(messages, addGenerationPrompt, LocalDateTime.now());
    }

    /** The same at a given time: some templates write the date. */
    public String apply(List<Message> messages, boolean addGenerationPrompt, LocalDateTime now) {
        Map<String, Object> values = new HashMap<>(variables);
        values.put("messages", messages.stream().<Object>map(ChatTemplate::mapping).toList());
        values.put("add_generation_prompt", addGenerationPrompt);
        values.put("tools", null);
        values.put("documents", null);
        try {
            return template.render(values, now);
        } catch (AglException e) {
            throw new AglException(where + e.getMessage(), e);
        }
    }

    /** Role and content, in this order: templates may iterate over the fields. */
    private static Map<String, Object> mapping(Message message) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        fields.put("content", message.content());
        return fields;
    }
}
