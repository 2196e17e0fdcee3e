package agl.regularizers.method;

import agl.autograd.GradientCase;
import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LoraFactors;
import agl.regularizers.TokenFactors;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Inputs on which the gradients of the other methods' penalties are checked. */
public final class MethodCases implements GradientCase.Provider {

    @Override public List<GradientCase> cases() {
        return List.of(
                new GradientCase("KlToBase", r -> toBase(r, KlToBase::of)),
                new GradientCase("LogitsToBase", r -> toBase(r, LogitsToBase::of)),
                new GradientCase("HiddenToBase", r -> toBase(r, (tape, h, base, w, rows) -> HiddenToBase.of(tape, h, base, rows))),
                penalty("EwcLora", (r, shape) -> new EwcLora(0.7, Map.of("w", fisher(r, shape)))),
                penalty("AsFt", (r, shape) -> new AsFt(0.7, Map.of("w", new AlignmentMatrix(gaussian(r, shape[0], shape[1]))))),
                penalty("Lisa", MethodCases::lisa),
                penalty("LinearContrast", MethodCases::linearContrast));
    }

    private static GradientCase.Problem toBase(SplittableRandom r, DistanceToBase.Distance distance) {
        int tokens = 1 + r.nextInt(4);
        int hidden = 1 + r.nextInt(4);
        int vocabulary = 2 + r.nextInt(5);
        int[] rows = r.ints(0, tokens).distinct().limit(1 + r.nextInt(tokens)).toArray();
        Tensor w = gaussian(r, vocabulary, hidden);
        Storage base = gaussian(r, rows.length, hidden).data();
        return new GradientCase.Problem((tape, x) -> distance.of(tape, x[0], base, w, rows), gaussian(r, tokens, hidden).requireGrad());
    }

    private static GradientCase penalty(String name, BiFunction<SplittableRandom, int[], Method> make) {
        return new GradientCase(name, r -> {
            int[] shape = {1 + r.nextInt(4), 1 + r.nextInt(4)};
            int rank = 1 + r.nextInt(2);
            Method method = make.apply(r, shape);
            return new GradientCase.Problem((tape, x) -> Penalty.of(tape, method, x[0], x[1]),
                    gaussian(r, rank, shape[1]).requireGrad(), gaussian(r, shape[0], rank).requireGrad());
        });
    }

    /** In its second phase, anchored at the zero weights that the first one left. */
    private static Method lisa(SplittableRandom r, int[] shape) {
        Lisa lisa = new Lisa(0.7, 1, 1);
        return new Method() {
            @Override public String name() {
                return lisa.name();
            }

            @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
                LoraFactors f = factors.getFirst();
                LoraFactors start = new LoraFactors("w", Tensor.zeros(DType.F64, f.a().shape()), Tensor.zeros(DType.F64, f.b().shape()),
                        f.scale());
                lisa.addGradients(tape, List.of(start), 0);
                lisa.addGradients(tape, List.of(start), 1);
                // The same phase continues at step 1 with other weights.
                return lisa.continuePhase(tape, factors);
            }
        };
    }

    /** Two prompts to refuse and one that is harmless, linearised at the first weights that it sees. */
    private static Method linearContrast(SplittableRandom r, int[] shape) {
        TokenFactors g = TokenFactors.ofDense(shape[0], shape[1],
                IntStream.range(0, 3).mapToObj(i -> gaussian(r, shape[0], shape[1]).toArray()).toList());
        double[] losses = r.doubles(3, -1, 1).toArray();
        return new LinearContrast(0.7, new boolean[] {true, false, true}, 20, () -> new FisherEstimator.Gradients(losses, Map.of("w", g)));
    }

    /** A penalty that adds its own gradient, wrapped as an operation: its value in forward, its gradient in backward. */
    private record Penalty(Tensor a, Tensor b, LoraFactors with) implements Operation {
        static Tensor of(Tape tape, Method method, Tensor a, Tensor b) {
            LoraFactors copy = new LoraFactors("w", a.to(DType.F64), b.to(DType.F64), 1.5);
            Tensor out = tape.alloc();
            out.data().set(0, method.addGradients(tape, List.of(copy), 0).get("penalty"));
            return tape.record(out, new Penalty(a, b, copy), a, b);
        }

        @Override public void backward(Tape tape, Tensor out) {
            double upstream = out.grad().get(0);
            if (a.requiresGrad()) {
                tape.kernels().axpy(a.size(), upstream, with.a().grad(), 0, tape.grad(a), 0);
            }
            if (b.requiresGrad()) {
                tape.kernels().axpy(b.size(), upstream, with.b().grad(), 0, tape.grad(b), 0);
            }
        }
    }

    private static Fisher fisher(SplittableRandom r, int[] shape) {
        List<double[]> gradients = List.of(gaussian(r, shape).toArray(), gaussian(r, shape).toArray(), gaussian(r, shape).toArray());
        AglSettings s = AglSettings.DEFAULT.with("{\"metric\":\"diag_fisher\"}");
        return Fisher.of(Kernels.plain(), "w", TokenFactors.ofDense(shape[0], shape[1], gradients), s);
    }

    private static Tensor gaussian(SplittableRandom r, int... shape) {
        return Tensor.fill(DType.F64, i -> r.nextGaussian(), shape);
    }
}
