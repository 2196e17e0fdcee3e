package agl.regularizers.method;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.Storage;

/**
 * Mean squared difference of the last hidden states, 1/(N d) Σ_t ‖h_tuned − h_base‖² over N token positions of d entries: safety bottleneck
 * regularization (Lu et al. 2026, arXiv:2605.05995), which takes it at the last token of prompts that the model should refuse. The states
 * are those after the final norm, to which the head is applied. ∂/∂h = 2/(N d) (h_tuned − h_base).
 */
public final class HiddenToBase implements Operation {
    private final Tensor h;
    private final Storage base;
    private final int[] rows;

    private HiddenToBase(Tensor h, Storage base, int[] rows) {
        this.h = h;
        this.base = base;
        this.rows = rows;
    }

    /**
     * @param h    the tuned model's hidden states, (tokens, d)
     * @param base the base model's hidden states at the rows to compare, (rows.length, d), constant
     * @param rows the positions to compare
     */
    public static Tensor of(Tape tape, Tensor h, Storage base, int[] rows) {
        Kernels k = tape.kernels();
        int d = h.cols();
        Storage moved = tape.scratch(d);
        double sum = 0;
        // explain: HiddenToBase
        for (int i = 0; i < rows.length; i++) {
            k.scale(d, 1, h.data(), rows[i] * d, moved, 0);
            k.axpy(d, -1, base, i * d, moved, 0);
            sum += k.dot(d, moved, 0, moved, 0);
        }
        // explain: end
        Tensor out = tape.alloc();
        out.data().set(0, sum / count(d, rows));
        return tape.record(out, new HiddenToBase(h, base, rows), h);
    }

    @Override public void backward(Tape tape, Tensor out) {
        int d = h.cols();
        double weight = 2 * out.grad().get(0) / count(d, rows);
        for (int i = 0; i < rows.length; i++) {
            tape.kernels().axpy(d, weight, h.data(), rows[i] * d, tape.grad(h), rows[i] * d);
            tape.kernels().axpy(d, -weight, base, i * d, tape.grad(h), rows[i] * d);
        }
    }

    private static double count(int d, int[] rows) {
        return (double) Math.max(1, rows.length) * d;
    }
}
