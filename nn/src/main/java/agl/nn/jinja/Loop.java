package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Template.Node;
import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The {@code loop} of a for statement. Items are fetched lazily: a condition is evaluated when its item is reached. */
final class Loop implements Value.Function, Value.Fields {
    private static final Object NOTHING = new Object();

    private final Statement statement;
    private final Scope scope;
    private final int depth0;
    private Iterator<Object> items;
    private int length;
    private int index0 = -1;
    private Object before = NOTHING;
    private Object current = NOTHING;
    private Object after = NOTHING;
    private Tuple changed;

    private Loop(Statement statement, Scope scope, int depth0, Iterator<Object> items, int length) {
        this.statement = statement;
        this.scope = scope;
        this.depth0 = depth0;
        this.items = items;
        this.length = length;
    }

    /** The statement: {@code wanted} and {@code otherwise} are null if absent. */
    record Statement(Target target, Expr items, Expr wanted, boolean recursive, Node body, Node otherwise) implements Node {
        @Override public void render(Scope scope, StringBuilder out) {
            render(scope, items.eval(scope), 0, out);
        }

        private void render(Scope scope, Object over, int depth, StringBuilder out) {
            Iterator<Object> all = Sequences.iterator(scope.budget(), over);
            int length = wanted == null && !(over instanceof Value.Generator) ? (int) Sequences.size(over) : -1;
            Loop loop = new Loop(this, scope, depth, wanted == null ? all : new Wanted(all, scope), length);
            boolean finished = false; // as in jinja2, an iteration left by break or continue does not count
            while (loop.advance()) {
                Scope turn = scope.inner(); // names set inside a loop are lost after each iteration
                turn.set("loop", loop);
                target.bind(turn, loop.current);
                try {
                    body.render(turn, out);
                    finished = true;
                } catch (Statements.LoopJump jump) {
                    if (jump.leave) {
                        break;
                    }
                }
            }
            if (!finished && otherwise != null) {
                otherwise.render(scope.inner(), out);
            }
        }

        /** The items that satisfy the condition. */
        private final class Wanted implements Iterator<Object> {
            private final Iterator<Object> all;
            private final Scope scope;
            private Object next = NOTHING;

            Wanted(Iterator<Object> all, Scope scope) {
                this.all = all;
                this.scope = scope;
            }

            @Override public boolean hasNext() {
                while (next == NOTHING && all.hasNext()) {
                    Object item = all.next();
                    Scope turn = scope.inner();
                    target.bind(turn, item);
                    next = Operators.truth(wanted.eval(turn)) ? item : NOTHING;
                }
                return next != NOTHING;
            }

            @Override public Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Object item = next;
                next = NOTHING;
                return item;
            }
        }
    }

    private boolean advance() {
        scope.budget().spend(1);
        Object next = peek();
        after = NOTHING;
        if (next == NOTHING) {
            return false;
        }
        index0++;
        before = current;
        current = next;
        return true;
    }

    private Object peek() {
        if (after == NOTHING && items.hasNext()) {
            after = items.next();
        }
        return after;
    }

    private long length() {
        if (length < 0) {
            List<Object> rest = new ArrayList<>();
            items.forEachRemaining(rest::add);
            items = rest.iterator();
            length = rest.size() + index0 + 1 + (after == NOTHING ? 0 : 1);
        }
        return length;
    }

    @Override public Optional<Object> field(String name) {
        return Optional.ofNullable(switch (name) {
            case "index" -> index0 + 1L;
            case "index0" -> (long) index0;
            case "revindex" -> length() - index0;
            case "revindex0" -> length() - index0 - 1;
            case "first" -> index0 == 0;
            case "last" -> peek() == NOTHING;
            case "length" -> length();
            case "depth" -> depth0 + 1L;
            case "depth0" -> (long) depth0;
            case "previtem" -> index0 == 0 ? new Value.Undefined("loop.previtem") : before;
            case "nextitem" -> peek() == NOTHING ? new Value.Undefined("loop.nextitem") : after;
            case "cycle" -> (Value.Function) (budget, args) -> {
                if (args.values().isEmpty() || !args.named().isEmpty()) {
                    throw wrong("loop.cycle needs items");
                }
                return args.values().get(index0 % args.values().size());
            };
            case "changed" -> (Value.Function) (budget, args) -> {
                Tuple value = new Tuple(args.values());
                boolean now = changed == null || !Operators.equal(budget, changed, value);
                changed = value;
                return now;
            };
            default -> null;
        });
    }

    /** A recursive loop iterates over other items with the same body. */
    @Override public Object call(Budget budget, Args args) {
        if (!statement.recursive) {
            throw wrong("loop is called, and the for statement is not recursive");
        }
        StringBuilder out = new StringBuilder();
        statement.render(scope, args.positional("loop", 1, 1)[0], depth0 + 1, out);
        return out.toString();
    }

    @Override public String toString() {
        return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
    }
}
