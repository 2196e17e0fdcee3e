package agl.regularizers.method;

/**
 * A loss of margins m_i = log p(refusal) − log p(other answer), per answer token: λ mean_i softplus(−m_i) over the prompts that should be
 * refused + λ mean_j softplus(m_j) over the harmless ones. Its slope vanishes where a margin is on its side by more than a few nats.
 *
 * <p>Without the harmless prompts, a model that refuses everything has the lowest loss.
 *
 * @param weight λ
 * @param refuse of each prompt, whether it should be refused
 */
record MarginLoss(double weight, boolean[] refuse) {

    /**
     * The part of the loss, without λ, of some of the prompts; adds ∂/∂m_i of the loss with λ to {@code slope}.
     *
     * @param m     margins of the prompts from {@code first} on
     * @param slope of the same length
     */
    // explain: MarginLoss
    double of(int first, double[] m, double[] slope) {
        int toRefuse = count();
        double loss = 0;
        for (int i = 0; i < m.length; i++) {
            double side = refuse[first + i] ? 1 : -1;
            double share = 1.0 / (refuse[first + i] ? toRefuse : refuse.length - toRefuse);
            loss += share * softplus(-side * m[i]);
            slope[i] -= weight * share * side * sigmoid(-side * m[i]);
        }
        return loss;
    }
    // explain: end

    private int count() {
        int n = 0;
        for (boolean r : refuse) {
            n += r ? 1 : 0;
        }
        return n;
    }

    /** log(1 + eˣ), without overflow. */
    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
