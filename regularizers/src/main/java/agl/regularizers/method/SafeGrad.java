package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.Storage;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * SafeGrad (Yi et al. 2025, arXiv:2508.07172): where the task's gradient g_u opposes that of the alignment loss g_a, its part along g_a is
 * removed, and the alignment loss is descended on as well:
 * g = g_u − [⟨g_u, g_a⟩ &lt; 0] ⟨g_u, g_a⟩/‖g_a‖² g_a + λ g_a. The alignment loss is the divergence from the base on alignment examples.
 *
 * <p>Both gradients are those of all A and B as one vector.
 */
public final class SafeGrad implements Method {
    private final DistanceToBase alignment;

    /** @param alignment the alignment loss with its weight λ; the projection does not depend on λ unless it is 0 */
    public SafeGrad(DistanceToBase alignment) {
        this.alignment = alignment;
    }

    @Override public String name() {
        return "safegrad";
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        alignment.state(state, factors);
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        Kernels k = tape.kernels();
        List<Tensor> tensors = new ArrayList<>();
        factors.forEach(f -> tensors.addAll(List.of(f.a(), f.b())));
        try (Workspace w = tape.workspace()) {
            List<Storage> task = new ArrayList<>();
            for (Tensor t : tensors) {
                Storage kept = w.scratch(t.size());
                k.scale(t.size(), 1, tape.grad(t), 0, kept, 0);
                tape.grad(t).fill(0, t.size(), 0);
                task.add(kept);
            }
            SequencedMap<String, Double> log = new LinkedHashMap<>(alignment.addGradients(tape, factors, step));
            // explain: SafeGrad
            double along = 0;
            double align = 0;
            double user = 0;
            for (int i = 0; i < tensors.size(); i++) {
                Storage g = tape.grad(tensors.get(i));
                int n = tensors.get(i).size();
                along += k.dot(n, task.get(i), 0, g, 0);
                align += k.dot(n, g, 0, g, 0);
                user += k.dot(n, task.get(i), 0, task.get(i), 0);
            }
            double removed = along < 0 ? along / align : 0;
            for (int i = 0; i < tensors.size(); i++) {
                Storage g = tape.grad(tensors.get(i));
                int n = tensors.get(i).size();
                // g holds λ g_a: what is removed along it is added to the 1 that stays.
                k.scale(n, 1 - removed, g, 0, g, 0);
                k.axpy(n, 1, task.get(i), 0, g, 0);
            }
            // explain: end
            log.put("cosine", along == 0 ? 0 : along / Math.sqrt(align * user));
            return log;
        }
    }
}
