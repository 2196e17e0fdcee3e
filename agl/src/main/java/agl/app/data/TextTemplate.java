package agl.app.data;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.util.Map;
import java.util.function.BinaryOperator;

/** A prompt template given as text with placeholders; the answer follows unmodified, then the end token. */
record TextTemplate(String name, BinaryOperator<String> form) implements PromptTemplate {
    @Override public String render(Request request) {
        if (!request.conversation().isEmpty()) {
            throw new AglException("a conversation needs a chat template (--template chat, of a model that has one); template "
                    + Json.quote(name) + " takes one question and its answer");
        }
        return form.apply(request.instruction(), request.input());
    }

    @Override public Turn turn(Request request, String response) {
        return new Turn(render(request), response, false, null);
    }

    @Override public String opening(Request request, String opening) {
        return opening;
    }

    @Override public boolean addSpecial() {
        return true;
    }

    @Override public Map<String, String> described() {
        return Map.of("template", name);
    }

    static PromptTemplate custom(String text) {
        String template = text.replace("\\n", "\n");
        if (!template.contains("{instruction}")) {
            throw new AglException(
                    "prompt template \"" + text + "\" is neither instruction, plain or chat nor a text with {instruction} in it");
        }
        boolean takesInput = template.contains("{input}");
        // Each piece is rendered separately: user text that happens to contain "{input}" is left alone.
        String[] around = template.split("\\{instruction}", -1);
        return new TextTemplate(text, (instruction, input) -> {
            StringBuilder result = new StringBuilder(around[0].replace("{input}", input));
            for (int i = 1; i < around.length; i++) {
                result.append(takesInput ? instruction : joined(instruction, input)).append(around[i].replace("{input}", input));
            }
            return result.toString();
        });
    }

    static String joined(String instruction, String input) {
        return input.isEmpty() ? instruction : instruction + "\n\n" + input;
    }
}
