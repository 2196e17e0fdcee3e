package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Lexer.Kind;
import agl.nn.jinja.Lexer.Token;
import agl.nn.jinja.Template.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses the statements of a template. */
final class Statements extends Expressions {
    /** {@code break} and {@code continue}. */
    static final class LoopJump extends RuntimeException {
        final boolean leave;

        LoopJump(boolean leave) {
            super(null, null, false, false);
            this.leave = leave;
        }
    }

    private int loops;

    Statements(List<Token> tokens) {
        super(tokens);
    }

    Node template() {
        Node root = block(Set.of());
        requireKnown();
        return root;
    }

    /**
     * The nodes up to a statement that begins with one of {@code ends}, stopping after its {@code {%}; if {@code ends} is empty, up to the
     * template's end.
     */
    private Node block(Set<String> ends) {
        List<Node> nodes = new ArrayList<>();
        while (peek().kind() != Kind.END) {
            Token token = next();
            if (token.kind() == Kind.DATA) {
                nodes.add((scope, out) -> write(scope, out, token.text()));
            } else if (token.is("{{")) {
                Expr value = tuple(true, "}}");
                expect("}}");
                nodes.add((scope, out) -> write(scope, out, Printer.text(scope.budget(), value.eval(scope))));
            } else if (peek().kind() == Kind.NAME && ends.contains(peek().text())) {
                return all(nodes);
            } else {
                nodes.add(statement());
                expect("%}");
            }
        }
        if (!ends.isEmpty()) {
            throw wrong("ends without " + String.join(" or ", ends.stream().sorted().toList()));
        }
        return all(nodes);
    }

    private static void write(Scope scope, StringBuilder out, String text) {
        scope.budget().spend(text.length() / 8);
        if ((long) out.length() + text.length() > MAX_OUTPUT) {
            throw wrong("writes more than " + MAX_OUTPUT + " characters");
        }
        out.append(text);
    }

    private static final int MAX_OUTPUT = 4 << 20;

    private static Node all(List<Node> nodes) {
        return (scope, out) -> {
            scope.budget().spend(1);
            for (Node node : nodes) {
                node.render(scope, out);
            }
        };
    }

    /** A statement's body, up to and including the name {@code end}. */
    private Node body(String end) {
        accept(":");
        expect("%}");
        Node body = block(Set.of(end));
        next();
        return body;
    }

    private static String text(Node body, Scope scope) {
        StringBuilder text = new StringBuilder();
        body.render(scope, text);
        return text.toString();
    }

    private Node statement() {
        Token keyword = next();
        if (keyword.kind() != Kind.NAME) {
            throw wrong("a statement is missing, found " + Json.quote(keyword.text()));
        }
        return switch (keyword.text()) {
            case "if" -> ifStatement();
            case "for" -> forStatement();
            case "set" -> setStatement();
            case "macro" -> macroStatement();
            case "call" -> callStatement();
            case "filter" -> filterStatement();
            case "with" -> withStatement();
            case "print" -> {
                List<Expr> values = new ArrayList<>();
                do {
                    values.add(expression());
                } while (accept(","));
                yield (scope, out) -> values.forEach(value -> write(scope, out, Printer.text(scope.budget(), value.eval(scope))));
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw wrong(keyword.text() + " outside a loop");
                }
                LoopJump jump = new LoopJump(keyword.text().equals("break"));
                yield (scope, out) -> {
                    throw jump;
                };
            }
            case "generation" -> { // marks the assistant's part for a mask; does not change the text
                Node body = outsideLoops(() -> body("endgeneration"));
                yield (scope, out) -> write(scope, out, text(body, scope.inner()));
            }
            default -> throw wrong("statement " + Json.quote(keyword.text()) + " is not supported");
        };
    }

    /** A body that is a separate function: break and continue cannot leave it. */
    private <T> T outsideLoops(java.util.function.Supplier<T> read) {
        int around = loops;
        loops = 0;
        T body = read.get();
        loops = around;
        return body;
    }

    private Node ifStatement() {
        Expr condition = tuple(false, "%}");
        accept(":");
        expect("%}");
        Node body = block(Set.of("elif", "else", "endif"));
        Node otherwise = switch (next().text()) {
            case "elif" -> ifStatement();
            case "else" -> body("endif");
            default -> (scope, out) -> { };
        };
        return (scope, out) -> (Operators.truth(condition.eval(scope)) ? body : otherwise).render(scope, out);
    }

    private Node forStatement() {
        Target target = Target.read(this, false);
        if (target.names().contains("loop")) {
            throw wrong("for cannot assign to loop");
        }
        expect("in");
        Expr items = tuple(false, "recursive");
        Expr wanted = accept("if") ? expression() : null;
        boolean recursive = accept("recursive");
        accept(":");
        expect("%}");
        loops++;
        Node body = block(Set.of("else", "endfor"));
        loops--;
        Node otherwise = next().is("else") ? body("endfor") : null;
        return new Loop.Statement(target, items, wanted, recursive, body, otherwise);
    }

    /** {@code set x = value}, also several targets and namespace fields, or {@code set x} with the text up to {@code endset}. */
    private Node setStatement() {
        Target target = Target.read(this, true);
        if (accept("=")) {
            Expr value = tuple(true, "%}");
            return (scope, out) -> target.bind(scope, value.eval(scope));
        }
        Expr chain = s -> s.get("the text of set");
        while (accept("|")) {
            chain = filter(chain);
        }
        Expr value = chain;
        Node body = body("endset");
        return (scope, out) -> {
            Scope inner = scope.inner();
            String text = text(body, scope.inner());
            inner.set("the text of set", text);
            target.bind(scope, value.eval(inner));
        };
    }

    private Node filterStatement() {
        Expr chain = filter(s -> s.get("the text of filter"));
        while (accept("|")) {
            chain = filter(chain);
        }
        Expr value = chain;
        Node body = body("endfilter");
        return (scope, out) -> {
            Scope inner = scope.inner();
            inner.set("the text of filter", text(body, scope.inner()));
            write(scope, out, Printer.text(scope.budget(), value.eval(inner)));
        };
    }

    private Node withStatement() {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!peek().is("%}")) {
            if (!targets.isEmpty()) {
                expect(",");
            }
            targets.add(Target.read(this, false));
            expect("=");
            values.add(expression());
        }
        Node body = body("endwith");
        return (scope, out) -> {
            Scope inner = scope.inner();
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).bind(inner, values.get(i).eval(scope));
            }
            body.render(inner, out);
        };
    }

    private Macro.Signature signature() {
        List<String> names = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        expect("(");
        while (!accept(")")) {
            if (!names.isEmpty()) {
                expect(",");
            }
            String name = name();
            if (names.contains(name)) {
                throw wrong("a macro has two arguments named " + Json.quote(name));
            }
            names.add(name);
            stored.add(name);
            if (accept("=")) {
                defaults.add(expression());
            } else if (!defaults.isEmpty()) {
                throw wrong("an argument without a default follows one with a default");
            }
        }
        return new Macro.Signature(names, defaults);
    }

    private Node macroStatement() {
        String name = name();
        stored.add(name);
        Macro.Signature signature = signature();
        int from = loaded.size();
        Node body = outsideLoops(() -> body("endmacro"));
        Macro.Uses uses = Macro.Uses.of(loaded.subList(from, loaded.size()));
        return (scope, out) -> scope.set(name, new Macro(name, signature, uses, body, scope));
    }

    private Node callStatement() {
        stored.add("caller");
        Macro.Signature signature = peek().is("(") ? signature() : new Macro.Signature(List.of(), List.of());
        if (!(expression() instanceof Call call)) {
            throw wrong("call needs a call");
        }
        int from = loaded.size();
        Node body = outsideLoops(() -> body("endcall"));
        Macro.Uses uses = Macro.Uses.of(loaded.subList(from, loaded.size()));
        return (scope, out) -> {
            Macro caller = new Macro("caller", signature, uses, body, scope);
            write(scope, out, Printer.text(scope.budget(), call.eval(scope, caller)));
        };
    }
}
