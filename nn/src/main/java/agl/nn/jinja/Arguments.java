package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of a call, {@code *more} and {@code **more} included. */
record Arguments(List<Expr> values, Map<String, Expr> names, Expr more, Expr moreNames) {
    static final Arguments NONE = new Arguments(List.of(), Map.of(), null, null);

    Args eval(Scope s) {
        List<Object> positional = Operands.all(values, s);
        Map<String, Object> named = new LinkedHashMap<>();
        names.forEach((name, value) -> named.put(name, value.eval(s)));
        if (more != null) {
            positional.addAll(Sequences.items(s.budget(), more.eval(s)));
        }
        if (moreNames != null) {
            if (!(moreNames.eval(s) instanceof Value.Dict dict)) {
                throw wrong("** needs a mapping");
            }
            for (Value.Dict.Entry e : dict.entries()) {
                if (!Value.isText(e.key()) || named.put(Value.text(e.key()), e.value()) != null) {
                    throw wrong("** gives a name that is not a new one");
                }
            }
        }
        return new Args(positional, named);
    }
}
