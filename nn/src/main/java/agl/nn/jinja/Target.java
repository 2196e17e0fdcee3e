package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import java.util.ArrayList;
import java.util.List;

/** The target of an assignment: a name, a field of a namespace, or several of these. */
sealed interface Target {
    /** Assigns a value. */
    void bind(Scope scope, Object value);

    /** The names that are assigned. */
    List<String> names();

    /** A name. */
    record Name(String name) implements Target {
        @Override public void bind(Scope scope, Object value) {
            scope.set(name, value);
        }

        @Override public List<String> names() {
            return List.of(name);
        }
    }

    /** A field of a namespace. */
    record Field(String name, String field) implements Target {
        @Override public void bind(Scope scope, Object value) {
            if (!(scope.get(name) instanceof Value.Space space)) {
                throw wrong(Json.quote(name) + " is not a namespace");
            }
            space.set(field, value);
        }

        @Override public List<String> names() {
            return List.of();
        }
    }

    /** Several targets, for the items of the value. */
    record Several(List<Target> targets) implements Target {
        @Override public void bind(Scope scope, Object value) {
            List<Object> items = Sequences.items(scope.budget(), value);
            if (items.size() != targets.size()) {
                throw wrong("expected " + targets.size() + " values, got " + items.size());
            }
            for (int i = 0; i < items.size(); i++) {
                targets.get(i).bind(scope, items.get(i));
            }
        }

        @Override public List<String> names() {
            return targets.stream().flatMap(t -> t.names().stream()).toList();
        }
    }

    /** One target, or several separated by commas; {@code fields} says whether namespace fields are allowed. */
    static Target read(TokenReader parser, boolean fields) {
        List<Target> targets = new ArrayList<>();
        boolean commas = false;
        do {
            if (commas && parser.peek().is(")")) {
                break; // a trailing comma is allowed only here
            }
            targets.add(one(parser, fields));
            commas |= parser.peek().is(",");
        } while (parser.accept(","));
        return commas ? new Several(targets) : targets.getFirst();
    }

    private static Target one(TokenReader parser, boolean fields) {
        if (parser.accept("(")) {
            Target inner = read(parser, false);
            parser.expect(")");
            return inner;
        }
        String name = parser.name();
        if (List.of("true", "True", "false", "False", "none", "None").contains(name)) {
            throw wrong("cannot assign to " + name);
        }
        if (fields && parser.accept(".")) {
            String field = parser.name();
            parser.stored.add(field);
            return new Field(name, field);
        }
        parser.stored.add(name);
        return new Name(name);
    }
}
