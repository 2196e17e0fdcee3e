package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Linear;
import java.util.function.Supplier;

/** A linear map inside a model, y = x·Wᵀ + b, that an adapter can replace. */
public interface LinearLayer {

    /** x (tokens, in) to y (tokens, out). */
    Tensor forward(Tape tape, Tensor x);

    /** The layer's name in the model, as Hugging Face spells it: {@code model.layers.0.self_attn.q_proj}. */
    String name();

    /** W, (out, in). */
    Tensor weight();

    /** The effective weight, (out, in): W, or W plus an adapter's update. */
    default Tensor effectiveWeight() {
        return weight();
    }

    /** b, (out), or null. */
    Tensor bias();

    /** Sets the hook that receives the two factors of dL/dW during backward; null removes it. */
    void listen(Linear.GradientListener listener);

    /** Number of output features. */
    default int out() {
        return weight().dim(0);
    }

    /** Number of input features. */
    default int in() {
        return weight().dim(1);
    }

    /** The model's own layer; weight and bias are looked up at each use, so that they can be replaced. */
    final class Dense implements LinearLayer {
        private final String name;
        private final Supplier<Tensor> weight;
        private final Supplier<Tensor> bias;
        private Linear.GradientListener listener;

        Dense(String name, Supplier<Tensor> weight, Supplier<Tensor> bias) {
            this.name = name;
            this.weight = weight;
            this.bias = bias;
        }

        @Override public Tensor forward(Tape tape, Tensor x) {
            return Linear.of(tape, x, weight(), bias(), listener);
        }

        @Override public String name() {
            return name;
        }

        @Override public Tensor weight() {
            return weight.get();
        }

        @Override public Tensor bias() {
            return bias.get();
        }

        @Override public void listen(Linear.GradientListener newListener) {
            this.listener = newListener;
        }
    }
}
