package agl.nn.jinja;

import agl.nn.jinja.Value.Undefined;
import java.util.HashMap;
import java.util.Map;

/** Names and their values; an inner scope sees the outer names but does not change them. */
final class Scope {
    private final Scope outer;
    private final Budget budget;
    private final Map<String, Object> values = new HashMap<>();

    Scope(Scope outer, Budget budget) {
        this.outer = outer;
        this.budget = budget;
    }

    Scope inner() {
        return new Scope(this, budget);
    }

    Budget budget() {
        return budget;
    }

    Object get(String name) {
        budget.spend(1);
        for (Scope s = this; s != null; s = s.outer) {
            Object value = s.values.get(name);
            if (value != null) {
                return value;
            }
        }
        return new Undefined(name);
    }

    void set(String name, Object value) {
        values.put(name, value);
    }
}
