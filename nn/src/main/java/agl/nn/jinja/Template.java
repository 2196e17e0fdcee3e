package agl.nn.jinja;

import agl.error.AglException;
import agl.nn.jinja.Value.Dict;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;

/**
 * A Jinja template as chat templates use it: what jinja2 makes of it in the sandboxed environment that the transformers library sets up. A
 * construct that is not supported is refused when the template is read; nothing is rendered other than jinja2 would.
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

    /** Reads a template; refuses what is wrong or not supported in it. */
    public static Template parse(String source) {
        try {
            return new Template(new Statements(Lexer.tokens(source)).template());
        } catch (StackOverflowError e) {
            throw new AglException("nested too deep", e);
        }
    }

    /**
     * The text.
     *
     * @param variables the names that the template may use; values are String, Boolean, Long, Double, null, List and Map of these
     * @param now       what {@code strftime_now} writes
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
