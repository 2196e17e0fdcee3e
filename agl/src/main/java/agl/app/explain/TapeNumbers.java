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

    /** L = (x·σ(w·x + b))²: u = w·x, v = u + b, s = σ(v), p = x·s, L = p². */
    static String fiveNodes() {
        Tensor x = Tensor.of(new double[] {X}).requireGrad();
        Tensor w = Tensor.of(new double[] {W}).requireGrad();
        Tensor b = Tensor.of(new double[] {B}).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor u = tape.retain(Mul.of(tape, w, x));
            Tensor v = tape.retain(Add.of(tape, u, b));
            Tensor s = tape.retain(Sigmoid.of(tape, v));
            Tensor p = tape.retain(Mul.of(tape, x, s));
            Tensor l = Square.of(tape, p);
            tape.backward(l);
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
            return graph(w, x, b, u, v, s, p, l) + Panel.of("The five nodes, in the order of backward").table(
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

    /**
     * The graph as a picture: values above, gradients below each node.
     *
     * @param t w, x, b, u, v, s, p and L
     */
    private static String graph(Tensor... t) {
        Object[][] nodes = {{"w", 40, 40, t[0]}, {"x", 40, 150, t[1]}, {"b", 140, 150, t[2]}, {"u", 140, 40, t[3]}, {"v", 240, 40, t[4]},
            {"s", 340, 40, t[5]}, {"p", 440, 95, t[6]}, {"L", 540, 95, t[7]}};
        int[][] edges = {{0, 3}, {1, 3}, {3, 4}, {2, 4}, {4, 5}, {5, 6}, {1, 6}, {6, 7}};
        StringBuilder svg = new StringBuilder(
                "<figure class=\"graph\"><svg viewBox=\"0 0 580 205\" role=\"img\" aria-label=\"The graph of L: w and x make u, u and b "
                + "make v, v makes s, s and x make p, "
                        + "p makes L. The table below has the numbers.\"><g class=\"edges\">");
        for (int[] e : edges) {
            Object[] from = nodes[e[0]];
            Object[] to = nodes[e[1]];
            if (e[0] == 1 && e[1] == 6) {
                svg.append("<path d=\"M56 155 C 160 215, 340 200, 426 104\"/>");
            } else {
                double dx = (int) to[1] - (int) from[1];
                double dy = (int) to[2] - (int) from[2];
                double n = Math.hypot(dx, dy);
                svg.append(String.format(java.util.Locale.ROOT, "<path d=\"M%.1f %.1f L %.1f %.1f\"/>", (int) from[1] + 16 * dx / n,
                        (int) from[2] + 16 * dy / n,
                        (int) to[1] - 17 * dx / n, (int) to[2] - 17 * dy / n));
            }
        }
        svg.append("</g>");
        for (Object[] n : nodes) {
            Tensor value = (Tensor) n[3];
            svg.append(String.format(java.util.Locale.ROOT,
                    "<g transform=\"translate(%d %d)\"><circle r=\"15\"/><text class=\"name\" dy=\"0.35em\">%s</text>"
                            + "<text class=\"value\" y=\"-21\">%.4f</text><text class=\"grad\" y=\"29\">%.4f</text></g>",
                    (int) n[1], (int) n[2], n[0], value.item(), value.gradArray()[0]));
        }
        return svg.append(
                "</svg><figcaption>Above each node its value, below it ∂L/∂node. Forward goes from left to right, "
                + "backward from right to left. "
                        + "x is used twice and collects two shares.</figcaption></figure>\n")
                .toString();
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
