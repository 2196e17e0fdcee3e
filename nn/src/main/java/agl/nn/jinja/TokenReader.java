package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Lexer.Kind;
import agl.nn.jinja.Lexer.Token;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads a template's tokens and collects its names: everything that is called must exist. */
class TokenReader {
    private final List<Token> tokens;
    private int at;
    /** Names that the template itself assigns, and those of fields. */
    final Set<String> stored = new HashSet<>();
    /** Names that are read, in order. */
    final List<String> loaded = new ArrayList<>();
    /** Called names, which must be stored or global, and called methods, which must be known. */
    final Set<String> called = new HashSet<>();
    final Set<String> methods = new HashSet<>();

    TokenReader(List<Token> tokens) {
        this.tokens = tokens;
    }

    final Token peek() {
        return tokens.get(at);
    }

    final Token ahead() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    final Token next() {
        return tokens.get(peek().kind() == Kind.END ? at : at++);
    }

    final boolean accept(String text) {
        boolean here = peek().is(text);
        at += here ? 1 : 0;
        return here;
    }

    final void expect(String text) {
        if (!accept(text)) {
            throw wrong("expected " + text + ", found " + Json.quote(peek().text()));
        }
    }

    final String name() {
        if (peek().kind() != Kind.NAME) {
            throw wrong("expected a name, found " + Json.quote(peek().text()));
        }
        return next().text();
    }

    /** Rejects calls of unknown names. */
    final void requireKnown() {
        if (loaded.contains("self") && !stored.contains("self")) {
            throw wrong("self is not supported");
        }
        for (String name : called) {
            if (!stored.contains(name) && !Globals.NAMES.contains(name) && !List.of("loop", "caller").contains(name)) {
                throw wrong("function " + Json.quote(name) + " is not supported");
            }
        }
        for (String name : methods) {
            if (!stored.contains(name) && !Attributes.isKnown(name)) {
                throw wrong("method " + Json.quote(name) + " is not supported");
            }
        }
    }
}
