package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Lexer.Kind;
import agl.nn.jinja.Lexer.Token;
import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parses the operands: constants, names, lists, followed by fields, items, calls, filters and tests. */
abstract class Operands extends TokenReader {
    Operands(List<Token> tokens) {
        super(tokens);
    }

    abstract Expr expression();

    /** Parses an expression or, with commas, a tuple, up to {@code end}. */
    abstract Expr tuple(boolean conditional, String end);

    final Expr primary() {
        Token token = next();
        return switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().kind() == Kind.STRING) {
                    text.append(next().text()); // adjacent strings are joined, as in Python
                }
                yield constant(text.toString());
            }
            case INTEGER, FLOAT -> constant(Numbers.literal(token.text(), token.kind() == Kind.FLOAT));
            case NAME -> switch (token.text()) {
                case "true", "True" -> constant(true);
                case "false", "False" -> constant(false);
                case "none", "None" -> constant(Value.NONE);
                default -> {
                    if (peek().is("(")) {
                        called.add(token.text());
                    }
                    loaded.add(token.text());
                    yield s -> s.get(token.text());
                }
            };
            case SYMBOL -> switch (token.text()) {
                case "(" -> {
                    Expr inner = peek().is(")") ? s -> new Tuple(List.of()) : tuple(true, ")");
                    expect(")");
                    yield inner;
                }
                case "[" -> list();
                case "{" -> map();
                default -> throw wrong("unexpected " + Json.quote(token.text()));
            };
            case DATA, END -> throw wrong("a value is missing, found " + Json.quote(token.text()));
        };
    }

    private static Expr constant(Object value) {
        return s -> value;
    }

    static List<Object> all(List<Expr> items, Scope s) {
        List<Object> values = new ArrayList<>(items.size());
        for (Expr item : items) {
            values.add(item.eval(s));
        }
        s.budget().spend(values.size());
        return values;
    }

    private Expr list() {
        List<Expr> items = new ArrayList<>();
        while (!accept("]")) {
            items.add(expression());
            if (!accept(",")) {
                expect("]");
                break;
            }
        }
        return s -> all(items, s);
    }

    private Expr map() {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!accept("}")) {
            if (peek().kind() == Kind.STRING) {
                stored.add(peek().text());
            }
            keys.add(expression());
            expect(":");
            values.add(expression());
            if (!accept(",")) {
                expect("}");
                break;
            }
        }
        return s -> {
            Value.Dict map = new Value.Dict();
            for (int i = 0; i < keys.size(); i++) {
                map.put(keys.get(i).eval(s), values.get(i).eval(s));
            }
            s.budget().spend(keys.size());
            return map;
        };
    }

    final Expr postfix(Expr start) {
        Expr value = start;
        while (true) {
            Expr object = value;
            if (accept(".")) {
                Token field = next();
                if (field.kind() == Kind.INTEGER) {
                    Object index = Numbers.literal(field.text(), false);
                    value = s -> Attributes.item(s.budget(), object.eval(s), index);
                } else if (field.kind() == Kind.NAME) {
                    if (peek().is("(")) {
                        methods.add(field.text());
                    }
                    value = s -> Attributes.attribute(s.budget(), object.eval(s), field.text());
                } else {
                    throw wrong("expected a name or a number after ., found " + Json.quote(field.text()));
                }
            } else if (accept("[")) {
                value = subscript(object);
            } else if (peek().is("(")) {
                value = new Call(object, arguments());
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr object) {
        Expr start = peek().is(":") ? null : expression();
        if (accept("]")) {
            return s -> Attributes.item(s.budget(), object.eval(s), start.eval(s));
        }
        if (accept(",")) {
            throw wrong("more than one index inside [ ] is not supported");
        }
        expect(":");
        Expr stop = peek().is(":") || peek().is("]") ? null : expression();
        Expr step = !accept(":") || peek().is("]") ? null : expression();
        expect("]");
        return s -> Attributes.slice(s.budget(), object.eval(s), bound(start, s), bound(stop, s), bound(step, s));
    }

    private static Object bound(Expr e, Scope s) {
        return e == null ? Value.NONE : e.eval(s);
    }

    final Arguments arguments() {
        expect("(");
        List<Expr> values = new ArrayList<>();
        Map<String, Expr> names = new LinkedHashMap<>();
        Expr more = null;
        Expr moreNames = null;
        while (!accept(")")) {
            boolean allowed = moreNames == null;
            if (accept("**")) {
                moreNames = expression();
            } else if (accept("*")) {
                allowed &= more == null;
                more = expression();
            } else if (peek().kind() == Kind.NAME && ahead().is("=")) {
                String name = name();
                expect("=");
                stored.add(name);
                allowed &= names.put(name, expression()) == null;
            } else {
                allowed &= more == null && names.isEmpty();
                values.add(expression());
            }
            if (!allowed) {
                throw wrong("a call has an argument that cannot stand where it does");
            }
            if (!accept(",")) {
                expect(")");
                break;
            }
        }
        return new Arguments(values, names, more, moreNames);
    }

    /** {@code value | filter(...)} and {@code value is [not] test}. */
    final Expr filters(Expr start) {
        Expr value = start;
        while (true) {
            if (accept("|")) {
                value = filter(value);
            } else if (accept("is")) {
                value = test(value);
            } else if (peek().is("(")) {
                value = new Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** A filter with its name and arguments, after the {@code |}. */
    final Expr filter(Expr object) {
        String name = Filters.known(name());
        boolean named = Filters.takesName(name) && peek().is("(") && ahead().kind() == Kind.STRING;
        if (named) {
            Filters.requireKnown(name, ahead().text());
        }
        Arguments arguments = peek().is("(") ? arguments() : Arguments.NONE;
        return s -> {
            Object value = object.eval(s);
            s.budget().spend(1);
            return Filters.apply(s.budget(), name, value, arguments.eval(s));
        };
    }

    private Expr test(Expr object) {
        boolean negated = accept("not");
        Token token = next();
        if (token.kind() != Kind.NAME) {
            throw wrong("expected a test after is, found " + Json.quote(token.text()));
        }
        String name = Tests.known(token.text());
        Arguments arguments = peek().is("(") ? arguments() : new Arguments(testArgument(), Map.of(), null, null);
        return s -> {
            Object value = object.eval(s);
            return negated != Tests.test(s.budget(), name, value, arguments.eval(s));
        };
    }

    /** {@code is divisibleby 3}: one argument may follow without parentheses. */
    private List<Expr> testArgument() {
        Token token = peek();
        boolean value = switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !List.of("else", "or", "and").contains(token.text());
            default -> token.is("[") || token.is("{");
        };
        if (!value) {
            return List.of();
        }
        if (token.is("is")) {
            throw wrong("two tests with is cannot follow one another");
        }
        return List.of(postfix(primary()));
    }
}
