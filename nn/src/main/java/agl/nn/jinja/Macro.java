package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A macro, or the body of a call statement: a part of the template that can be called.
 *
 * @param scope where it was defined; it sees the names of this scope
 */
record Macro(String name, Signature signature, Uses uses, Template.Node body, Scope scope) implements Value.Function, Value.Fields {
    /** The parameters; {@code defaults} belong to the last ones. */
    record Signature(List<String> names, List<Expr> defaults) {
    }

    /** Which of these special names the body uses: the macro accepts such arguments only then. */
    record Uses(boolean caller, boolean kwargs, boolean varargs) {
        static Uses of(List<String> names) {
            return new Uses(names.contains("caller"), names.contains("kwargs"), names.contains("varargs"));
        }
    }

    @Override public Object call(Budget budget, Args args) {
        budget.spend(1);
        Map<String, Object> named = new LinkedHashMap<>(args.named());
        Scope inner = scope.inner();
        List<String> names = signature.names();
        int given = Math.min(args.values().size(), names.size());
        for (int i = 0; i < names.size(); i++) {
            Object value = i < given ? args.values().get(i) : named.remove(names.get(i));
            if (value == null) {
                int byDefault = i - (names.size() - signature.defaults().size());
                value = byDefault >= 0 ? signature.defaults().get(byDefault).eval(inner) : new Value.Undefined(names.get(i));
            }
            inner.set(names.get(i), value);
        }
        if (uses.caller && !names.contains("caller")) {
            Object caller = named.remove("caller");
            inner.set("caller", caller == null ? new Value.Undefined("caller") : caller);
        }
        if (uses.kwargs && !names.contains("kwargs")) {
            inner.set("kwargs", Dict.of(named));
        } else if (!named.isEmpty()) {
            throw wrong("macro " + Json.quote(name) + " takes no argument named " + Json.quote(named.keySet().iterator().next()));
        }
        if (uses.varargs && !names.contains("varargs")) {
            inner.set("varargs", new Tuple(List.copyOf(args.values().subList(given, args.values().size()))));
        } else if (args.values().size() > names.size()) {
            throw wrong("macro " + Json.quote(name) + " takes at most " + names.size() + " arguments");
        }
        StringBuilder out = new StringBuilder();
        body.render(inner, out);
        return out.toString();
    }

    @Override public Optional<Object> field(String field) {
        return switch (field) {
            case "name" -> Optional.of(name);
            case "arguments" -> Optional.of(new Tuple(new ArrayList<>(signature.names())));
            case "catch_kwargs" -> Optional.of(uses.kwargs);
            case "catch_varargs" -> Optional.of(uses.varargs);
            case "caller" -> Optional.of(uses.caller);
            default -> Optional.empty();
        };
    }

    @Override public String toString() {
        return "<Macro '" + name + "'>";
    }
}
