package agl.nn.jinja;

import agl.error.AglException;
import agl.nn.jinja.Value.Dict;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;

/**
 * A Jinja template as used for chat templates: rendered as jinja2 does in the sandboxed environment that the transformers library sets up.
 * An unsupported construct is rejected when the template is parsed; nothing is rendered differently from jinja2.
 */
public final class Template {
    /** A piece of the template that adds to the output. */
    @FunctionalInterface
    interface Node {
        void render(Scope scope, StringBuilder out);
    }

    private final Node root;

    private Template(Node root) {
        this.root = root;
    }

    /** Parses a template; rejects invalid or unsupported constructs. */
    public static Template parse(String source) {
        try {
            return new Template(new Statements(Lexer.tokens(source)).template());
        } catch (StackOverflowError e) {
            throw new AglException("nested too deep", e);
        }
    }

    /**
     * Renders the template.
     *
     * @param variables the names that the template may use; values are String, Boolean, Long, Double, null, List and Map of these
     * @param now       the time that {@code strftime_now} formats
     */
    public String render(Map<String, ?> variables, LocalDateTime now) {
        Budget budget = new Budget();
        Scope globals = new Scope(null, budget);
        Globals.define(globals, now);
        Scope scope = globals.inner();
        variables.forEach((name, value) -> scope.set(name, value(value)));
        StringBuilder out = new StringBuilder();
        try {
            root.render(scope.inner(), out);
        } catch (StackOverflowError e) {
            throw new AglException("nested too deep", e);
        }
        return out.toString();
    }

    private static Object value(Object given) {
        return switch (given) {
            case null -> Value.NONE;
            case Map<?, ?> map -> {
                Dict dict = new Dict();
                map.forEach((key, value) -> dict.put(value(key), value(value)));
                yield dict;
            }
            case List<?> list -> list.stream().map(Template::value).toList();
            default -> given;
        };
    }
}
