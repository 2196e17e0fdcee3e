package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The exponential moving average of the weights along training is kept in place of the last ones (Polyak and Juditsky 1992 for the plain
 * mean; Tarvainen and Valpola 2017, arXiv:1703.01780, for this one). After step t, m_t = d·m_{t−1} + (1 − d)·w_t with m_0 = 0, and the
 * adapter kept is m_T/(1 − dᵀ), corrected for the zero it started from as Adam's means are (Kingma and Ba 2015, arXiv:1412.6980): a
 * weighted mean of the weights after each step, the last 1/(1 − d) of them counting most. w are A and B, each averaged by itself: the mean
 * of B times the mean of A is not the mean of the products.
 */
public final class WeightAverage implements Method {
    private final double decay;
    private List<double[]> mean = List.of();
    private int steps;

    /** @param decay d, in [0, 1); 0 keeps the last weights */
    public WeightAverage(double decay) {
        this.decay = decay;
    }

    @Override public String name() {
        return "ema";
    }

    @Override public void afterStep(Tape tape, List<LoraFactors> factors, int step) {
        List<Tensor> weights = factors.stream().flatMap(f -> Stream.of(f.a(), f.b())).toList();
        if (step == 0) {
            mean = weights.stream().map(w -> new double[w.size()]).toList();
            steps = 0;
        }
        steps++;
        for (int i = 0; i < mean.size(); i++) {
            double[] m = mean.get(i);
            for (int e = 0; e < m.length; e++) {
                m[e] = decay * m[e] + (1 - decay) * weights.get(i).get(e);
            }
        }
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        steps = state.count("method.steps", steps);
        if (state.isLoading()) {
            mean = steps == 0 ? List.of() : factors.stream().flatMap(f -> Stream.of(f.a(), f.b())).map(w -> new double[w.size()]).toList();
        }
        for (int i = 0; i < mean.size(); i++) {
            state.array("method.mean." + i, mean.get(i));
        }
    }

    @Override public List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        List<LoraFactors> kept = new ArrayList<>();
        for (int i = 0; i < factors.size() && steps > 0; i++) {
            LoraFactors f = factors.get(i);
            kept.add(new LoraFactors(f.name(), corrected(f.a(), mean.get(2 * i)), corrected(f.b(), mean.get(2 * i + 1)), f.scale(),
                    f.from(), f.to()));
        }
        return steps > 0 ? kept : factors;
    }

    private Tensor corrected(Tensor like, double[] m) {
        double weight = 1 - Math.pow(decay, steps);
        return Tensor.fill(like.dtype(), e -> m[e] / weight, like.shape());
    }
}
