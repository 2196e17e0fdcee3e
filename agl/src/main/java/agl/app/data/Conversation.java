package agl.app.data;

import agl.app.io.Spelling;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.ChatTemplate.Message;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Conversations as data files have them: a list of messages with role and content, as in OpenAI's and TRL's files, or with from and value,
 * as in ShareGPT's.
 */
final class Conversation {
    private static final Map<String, String> ROLES = Map.of("system", "system", "user", "user", "human", "user", "assistant", "assistant",
            "gpt", "assistant", "tool", "tool", "observation", "tool");

    private static final String ANSWERS = "answers are not weighted or left out one by one: remove it, or see --train-on";

    /** Fields of a message that change what a model reads or is taught. */
    private static final Map<String, String> REFUSED = Map.of("tool_calls", "calls of tools are not read: remove the row",
            "function_call", "calls of tools are not read: remove the row",
            "reasoning_content", "write what is thought into the content, as the model's chat template has it",
            "reasoning", "write what is thought into the content, as the model's chat template has it",
            "thinking", "write what is thought into the content, as the model's chat template has it",
            "weight", ANSWERS, "train", ANSWERS, "loss", ANSWERS,
            "images", "text only is read: remove the row", "audio", "text only is read: remove the row");
    private static final Set<String> READ = Set.of("role", "content", "from", "value");

    /** Fields of messages that are not used, for one line. */
    private final Set<String> unused = new LinkedHashSet<>();
    private int beforeQuestions;
    private int unanswered;
    private int earlier;

    /** The messages of a list; an error names the message, counted from 1. */
    List<Message> messages(JsonNode list) {
        List<Message> messages = new ArrayList<>();
        for (JsonNode node : list) {
            String place = "message " + (messages.size() + 1);
            if (!node.isObject()) {
                throw new AglException(place + " is not an object; expected {\"role\": ..., \"content\": ...}");
            }
            String role = role(place, node);
            messages.add(new Message(role, content(place + " (" + role + ")", node)));
        }
        return messages;
    }

    private String role(String place, JsonNode node) {
        node.fieldNames().forEachRemaining(name -> {
            JsonNode value = node.get(name);
            boolean says = !value.isNull() && !(value.isContainerNode() || value.isTextual()) || value.isContainerNode() && !value.isEmpty()
                    || value.isTextual() && !value.textValue().isEmpty();
            if (says && REFUSED.containsKey(name)) {
                throw new AglException(place + ": " + name + ": " + REFUSED.get(name));
            }
            if (says && !READ.contains(name)) {
                unused.add(name);
            }
        });
        String role = text(place, node, "role", "from");
        String known = ROLES.get(role);
        if (known == null) {
            throw new AglException(place + ": unknown role " + Json.quote("\"" + role + "\"") + Spelling.hint(role, ROLES.keySet())
                    + " (system, user or human, assistant or gpt, tool or observation)");
        }
        return known;
    }

    private static String content(String place, JsonNode node) {
        JsonNode parts = node.path("content");
        String content;
        if (parts.isArray() && !parts.isEmpty()) {
            JsonNode part = parts.get(0);
            if (parts.size() > 1 || !part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
                // Templates differ in what they write between several texts.
                throw new AglException(place + ": its content is a list of parts; one part of type text is read, nothing else");
            }
            content = part.path("text").textValue();
        } else {
            content = text(place, node, "content", "value");
        }
        if (content.isBlank()) {
            throw new AglException(place + " is empty; remove it, or the row");
        }
        return content;
    }

    private static String text(String place, JsonNode node, String name, String other) {
        if (node.hasNonNull(name) && node.hasNonNull(other)) {
            throw new AglException(place + " has both " + name + " and " + other + "; keep one of them");
        }
        JsonNode value = node.hasNonNull(name) ? node.get(name) : node.path(other);
        if (value.isMissingNode() || value.isNull()) {
            List<String> names = new ArrayList<>();
            node.fieldNames().forEachRemaining(names::add);
            throw new AglException(place + ": no " + name + " (or " + other + "); found: " + Json.quote(String.join(", ", names)));
        }
        if (!value.isTextual()) {
            throw new AglException(place + ": " + (node.hasNonNull(name) ? name : other) + " is not a text");
        }
        return value.textValue();
    }

    /**
     * An example for each answer of the assistant's that is trained on: the messages before it are what is asked. What the assistant says
     * before any question is context only.
     *
     * @param from index of the first message that may be trained on
     */
    List<Example> examples(List<Message> messages, int from, Reading reading, String place) {
        List<Example> examples = new ArrayList<>();
        boolean asked = false;
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            boolean answer = message.role().equals("assistant");
            asked |= message.role().equals("user") || message.role().equals("tool");
            if (answer && i >= from && asked) {
                examples.add(new Example(Request.of(messages.subList(0, i), place), message.content()));
            } else if (answer && i >= from) {
                beforeQuestions++;
            }
        }
        if (examples.isEmpty()) {
            throw new AglException("no answer of the assistant to train on among its messages");
        }
        unanswered += messages.getLast().role().equals("assistant") ? 0 : 1;
        List<Example> chosen = reading.chosen(examples);
        earlier += examples.size() - chosen.size();
        return chosen;
    }

    /** What of the conversations read so far is not trained on, one line per reason. */
    List<String> leftOut() {
        List<String> lines = new ArrayList<>();
        if (beforeQuestions > 0) {
            lines.add("turns of the assistant before any question are context only: " + beforeQuestions);
        }
        if (unanswered > 0) {
            lines.add("conversations whose last messages nobody answers, so that these are not used: " + unanswered);
        }
        if (earlier > 0) {
            lines.add("answers before the last of their conversation are context only (--train-on last): " + earlier);
        }
        if (!unused.isEmpty()) {
            lines.add("not used: fields of messages: " + Json.quote(String.join(", ", unused)));
        }
        return lines;
    }
}
