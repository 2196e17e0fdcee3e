package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import java.util.List;
import java.util.Map;

/** The arguments of a call. */
record Args(List<Object> values, Map<String, Object> named) {
    static final Args NONE = new Args(List.of(), Map.of());

    /**
     * The arguments in the order of the parameters, null for each that is not given.
     *
     * @param required number of parameters without a default
     */
    Object[] bind(String function, int required, String... parameters) {
        if (values.size() > parameters.length) {
            throw wrong(function + " takes at most " + parameters.length + " arguments, got " + values.size());
        }
        Object[] bound = values.toArray(new Object[parameters.length]);
        named.forEach((name, value) -> {
            int at = List.of(parameters).indexOf(name);
            if (at < 0 || bound[at] != null) {
                throw wrong(
                        function + (at < 0 ? " takes no argument named " + Json.quote(name) : " got two values for " + Json.quote(name)));
            }
            bound[at] = value;
        });
        for (int i = 0; i < required; i++) {
            if (bound[i] == null) {
                throw wrong(function + " needs an argument " + Json.quote(parameters[i]));
            }
        }
        return bound;
    }

    /** Binds arguments that cannot be passed by name. */
    Object[] positional(String function, int required, int most) {
        if (!named.isEmpty()) {
            throw wrong(function + " takes no named arguments");
        }
        if (values.size() < required || values.size() > most) {
            throw wrong(function + " takes " + (required == most ? "" : required + " to ") + most + " arguments, got " + values.size());
        }
        return values.toArray(new Object[most]);
    }

    Args from(int start) {
        return new Args(values.subList(Math.min(start, values.size()), values.size()), named);
    }
}
