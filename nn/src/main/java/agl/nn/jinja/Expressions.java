package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Lexer.Kind;
import agl.nn.jinja.Lexer.Token;
import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses expressions by recursive descent with Jinja's precedences, weakest first: {@code a if b else c, or, and, not}, comparisons and
 * {@code in}, {@code + -, ~, * / // %, **, unary + -}; {@link Operands} parses their operands.
 */
class Expressions extends Operands {
    Expressions(List<Token> tokens) {
        super(tokens);
    }

    @Override final Expr expression() {
        Expr value = or();
        while (accept("if")) {
            Expr yes = value;
            Expr condition = or();
            Expr no = accept("else") ? expression() : s -> new Value.Undefined("the value of an if without else");
            value = s -> Operators.truth(condition.eval(s)) ? yes.eval(s) : no.eval(s);
        }
        return value;
    }

    @Override final Expr tuple(boolean conditional, String end) {
        List<Expr> items = new ArrayList<>();
        boolean commas = false;
        while (!(peek().is("}}") || peek().is("%}") || peek().is(")") || peek().is(end))) {
            items.add(conditional ? expression() : or());
            if (!accept(",")) {
                break;
            }
            commas = true;
        }
        if (!commas) {
            if (items.isEmpty()) {
                throw wrong("a value is missing, found " + Json.quote(peek().text()));
            }
            return items.getFirst();
        }
        return s -> new Tuple(all(items, s));
    }

    private Expr or() {
        Expr left = and();
        while (accept("or")) {
            Expr a = left;
            Expr b = and();
            left = s -> {
                Object value = a.eval(s);
                return Operators.truth(value) ? value : b.eval(s);
            };
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (accept("and")) {
            Expr a = left;
            Expr b = not();
            left = s -> {
                Object value = a.eval(s);
                return Operators.truth(value) ? b.eval(s) : value;
            };
        }
        return left;
    }

    private Expr not() {
        if (accept("not")) {
            Expr value = not();
            return s -> !Operators.truth(value.eval(s));
        }
        return comparison();
    }

    /** {@code a < b < c} means {@code a < b and b < c}. */
    private Expr comparison() {
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        while (true) {
            boolean notIn = peek().is("not") && ahead().is("in");
            if (!notIn && !peek().is("in")
                    && !(peek().kind() == Kind.SYMBOL && List.of("==", "!=", "<", ">", "<=", ">=").contains(peek().text()))) {
                break;
            }
            if (notIn) {
                next();
            }
            operators.add(notIn ? "not in" : peek().text());
            next();
            operands.add(sum());
        }
        return operators.isEmpty() ? first : s -> {
            Object left = first.eval(s);
            for (int i = 0; i < operators.size(); i++) {
                Object right = operands.get(i).eval(s);
                if (!Operators.compare(s.budget(), operators.get(i), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        };
    }

    private Expr sum() {
        Expr left = concatenation();
        while (peek().is("+") || peek().is("-")) {
            left = arithmetic(next().text(), left, concatenation());
        }
        return left;
    }

    private Expr concatenation() {
        Expr first = product();
        List<Expr> parts = new ArrayList<>(List.of(first));
        while (accept("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? first : s -> {
            StringBuilder out = new StringBuilder();
            for (Expr part : parts) {
                out.append(Printer.text(s.budget(), part.eval(s)));
                s.budget().make(out.length());
            }
            return out.toString();
        };
    }

    private Expr product() {
        Expr left = power();
        while (peek().is("*") || peek().is("/") || peek().is("//") || peek().is("%")) {
            left = arithmetic(next().text(), left, power());
        }
        return left;
    }

    private Expr power() {
        Expr left = unary(true);
        while (accept("**")) {
            left = arithmetic("**", left, unary(true));
        }
        return left;
    }

    private static Expr arithmetic(String operator, Expr a, Expr b) {
        return s -> Operators.arithmetic(s.budget(), operator, a.eval(s), b.eval(s));
    }

    private Expr unary(boolean withFilters) {
        Expr value;
        if (peek().is("-") || peek().is("+")) {
            boolean negative = next().is("-");
            Expr operand = unary(false);
            value = s -> Operators.sign(negative, operand.eval(s));
        } else {
            value = primary();
        }
        value = postfix(value);
        return withFilters ? filters(value) : value;
    }
}
