package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

/** A call of the value of an expression. */
record Call(Expr function, Arguments arguments) implements Expr {
    @Override public Object eval(Scope s) {
        return eval(s, null);
    }

    /** {@code caller} is the body of a call statement, or null. */
    Object eval(Scope s, Macro caller) {
        Object f = function.eval(s);
        Args args = arguments.eval(s);
        if (caller != null) {
            args.named().put("caller", caller);
        }
        s.budget().spend(1);
        return switch (f) {
            case Value.Function known -> known.call(s.budget(), args);
            case Value.Undefined u -> throw u.refused();
            default -> throw wrong("cannot call " + Value.kind(f));
        };
    }
}
