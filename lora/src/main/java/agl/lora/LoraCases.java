package agl.lora;

import agl.autograd.GradientCase;
import agl.autograd.Tensor;
import agl.autograd.op.Dropout;
import agl.autograd.storage.DType;
import java.util.List;
import java.util.SplittableRandom;

/** Inputs on which the gradients of this module's operations are checked. */
public final class LoraCases implements GradientCase.Provider {

    @Override public List<GradientCase> cases() {
        return List.of(new GradientCase("LoraProduct", random -> {
            int tokens = 1 + random.nextInt(4);
            int in = 1 + random.nextInt(5);
            int out = 1 + random.nextInt(5);
            int r = 1 + random.nextInt(3);
            double dropout = random.nextBoolean() ? 0.3 : 0;
            boolean biased = random.nextBoolean();
            Tensor w0 = gaussian(random, out, in);
            return new GradientCase.Problem(
                    (tape, x) -> LoraProduct.of(tape, x[0], Dropout.of(tape, x[0], dropout, 11),
                            new LoraWeights(w0, biased ? x[3] : null, x[1], x[2], 1.7), null),
                    gaussian(random, tokens, in).requireGrad(), gaussian(random, r, in).requireGrad(),
                    gaussian(random, out, r).requireGrad(),
                    gaussian(random, out).requireGrad());
        }), new GradientCase("DoraProduct", random -> {
            int tokens = 1 + random.nextInt(4);
            int in = 1 + random.nextInt(5);
            int out = 1 + random.nextInt(5);
            int r = 1 + random.nextInt(3);
            double dropout = random.nextBoolean() ? 0.3 : 0;
            Tensor w0 = gaussian(random, out, in);
            // The norms count as constants; any values will do for the derivative.
            double[] norms = random.doubles(out, 0.5, 2).toArray();
            return new GradientCase.Problem(
                    (tape, x) -> DoraProduct.of(tape, x[0], Dropout.of(tape, x[0], dropout, 11), new LoraWeights(w0, x[4], x[1], x[2], 1.7),
                            new DoraProduct.Magnitudes(x[3], norms), null),
                    gaussian(random, tokens, in).requireGrad(), gaussian(random, r, in).requireGrad(),
                    gaussian(random, out, r).requireGrad(),
                    gaussian(random, out).requireGrad(), gaussian(random, out).requireGrad());
        }));
    }

    private static Tensor gaussian(SplittableRandom random, int... shape) {
        return Tensor.fill(DType.F64, i -> random.nextGaussian(), shape);
    }
}
