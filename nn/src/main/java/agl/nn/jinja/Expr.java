package agl.nn.jinja;

/** An expression, ready to be evaluated. */
@FunctionalInterface
interface Expr {
    Object eval(Scope scope);
}
