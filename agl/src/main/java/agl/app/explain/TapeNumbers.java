package agl.app.explain;

import agl.autograd.GradCheck;
import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Mul;
import agl.autograd.op.Sigmoid;
import agl.autograd.op.Square;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** Reverse-mode differentiation on five nodes, and how the check exposes a wrong derivative. */
final class TapeNumbers {
    private static final double X = 1.5;
    private static final double W = 0.8;
    private static final double B = -0.4;

    private TapeNumbers() {
    }

    /** L = (x·σ(w·x + b))²: u = w·x, v = u + b, s = σ(v), p = x·s, L = p², with their gradients. */
    static List<Tensor> walked(Tape tape, Tensor x, Tensor w, Tensor b) {
        Tensor u = tape.retain(Mul.of(tape, w, x));
        Tensor v = tape.retain(Add.of(tape, u, b));
        Tensor s = tape.retain(Sigmoid.of(tape, v));
        Tensor p = tape.retain(Mul.of(tape, x, s));
        Tensor l = Square.of(tape, p);
        tape.backward(l);
        return List.of(u, v, s, p, l);
    }

    static String fiveNodes() {
        Tensor x = Tensor.of(new double[] {X}).requireGrad();
        Tensor w = Tensor.of(new double[] {W}).requireGrad();
        Tensor b = Tensor.of(new double[] {B}).requireGrad();
        try (Tape tape = Tape.plain()) {
            List<Tensor> nodes = walked(tape, x, w, b);
            Tensor u = nodes.get(0);
            Tensor v = nodes.get(1);
            Tensor s = nodes.get(2);
            Tensor p = nodes.get(3);
            Tensor l = nodes.get(4);
            // The rest of the function after each node, for a difference quotient at that node.
            DoubleUnaryOperator fromP = q -> q * q;
            DoubleUnaryOperator fromS = q -> fromP.applyAsDouble(X * q);
            DoubleUnaryOperator fromV = q -> fromS.applyAsDouble(1 / (1 + Math.exp(-q)));
            DoubleUnaryOperator fromU = q -> fromV.applyAsDouble(q + B);
            List<List<Object>> rows = new ArrayList<>();
            rows.add(node("L = p²", l, "1", 1));
            rows.add(node("p = x·s", p, "∂L/∂L · 2p", quotient(fromP, p.item())));
            rows.add(node("s = σ(v)", s, "∂L/∂p · x", quotient(fromS, s.item())));
            rows.add(node("v = u + b", v, "∂L/∂s · s(1 − s)", quotient(fromV, v.item())));
            rows.add(node("u = w·x", u, "∂L/∂v", quotient(fromU, u.item())));
            rows.add(node("b", b, "∂L/∂v", quotient(q -> value(X, W, q), B)));
            rows.add(node("w", w, "∂L/∂u · x", quotient(q -> value(X, q, B), W)));
            rows.add(node("x", x, "∂L/∂p · s + ∂L/∂u · w", quotient(q -> value(q, W, B), X)));
            return Panel.of("The five nodes, in the order of backward").table(
                    List.of("node", "value", "its gradient is", "backward", "difference quotient"), rows).html();
        }
    }

    private static double value(double x, double w, double b) {
        double p = x / (1 + Math.exp(-(w * x + b)));
        return p * p;
    }

    private static double quotient(DoubleUnaryOperator f, double at) {
        return (f.applyAsDouble(at + GradCheck.EPS) - f.applyAsDouble(at - GradCheck.EPS)) / (2 * GradCheck.EPS);
    }

    private static List<Object> node(String name, Tensor t, String rule, double numeric) {
        return List.of(name, t.item(), rule, Panel.nine(t.gradArray()[0]), Panel.nine(numeric));
    }

    /** x², once with its derivative and once with 3x instead of 2x. */
    static String wrongDerivative() {
        Tensor x = Tensor.of(new double[] {1.5, -0.5}, 2).requireGrad();
        GradCheck.Result right = GradCheck.full((tape, in) -> Square.of(tape, in[0]), x);
        GradCheck.Result wrong = GradCheck.full((tape, in) -> WrongSquare.of(tape, in[0]), x);
        return Panel.of("The check on a right and on a wrong derivative")
                .table(List.of("y = x², y′ =", "worst entry", "backward", "difference quotient", "verdict"), List.of(
                        row("2x, as it is", right), row("3x, wrong on purpose", wrong)))
                .html();
    }

    private static List<Object> row(String what, GradCheck.Result r) {
        return List.of(what, r.where(), Panel.nine(r.analytic()), Panel.nine(r.numeric()), r.passed() ? "passes" : "fails");
    }

    private record WrongSquare(Tensor x) implements Operation {
        static Tensor of(Tape tape, Tensor x) {
            Tensor y = tape.alloc(x.shape());
            for (int i = 0; i < x.size(); i++) {
                y.data().set(i, x.get(i) * x.get(i));
            }
            return tape.record(y, new WrongSquare(x), x);
        }

        @Override public void backward(Tape tape, Tensor y) {
            for (int i = 0; i < x.size(); i++) {
                tape.grad(x).add(i, y.grad().get(i) * 3 * x.get(i));
            }
        }
    }
}
