package agl.app.drift;

import agl.app.data.PromptSet.Prompt;
import agl.app.data.Request;
import agl.app.drift.Margins.Openings;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.kernels.Kernels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * log p(refusal | prompt) − log p(compliance | prompt), where refusal and compliance mean any opening of a list: for whole openings, and
 * for their first tokens.
 */
final class LikelihoodMargin implements Scorer {
    static final Score MARGIN = new Score("margin", "margin", "nats", true);
    static final Score FIRST_TOKEN = new Score("first_token_margin", "first-token margin", "nats", false);

    private final ModelBundle bundle;
    private final DriftCheck.Settings settings;
    private final Margins margins;
    private final Map<Prompt, Openings> openings = new HashMap<>();

    LikelihoodMargin(ModelBundle bundle, DriftCheck.Settings settings, Kernels kernels, Pool pool) {
        this.bundle = bundle;
        this.settings = settings;
        this.margins = new Margins(bundle.model(), kernels, pool);
    }

    @Override public List<Score> scores() {
        return List.of(MARGIN, FIRST_TOKEN);
    }

    @Override public int longest(Prompt prompt) {
        return openings(prompt).longest();
    }

    @Override public double[][] score(Group group) {
        Margins.Margin[] of = margins.of(group.context(), group.lengths(), group.prompts().stream().map(this::openings).toList());
        return Arrays.stream(of).map(m -> new double[] {m.whole(), m.first()}).toArray(double[][]::new);
    }

    /** Openings after this prompt, encoded as in training: a tokenizer may encode the start of a text differently by itself. */
    private Openings openings(Prompt prompt) {
        return openings.computeIfAbsent(prompt, p -> new Openings(behind(p, settings.refusals()), behind(p, settings.compliances())));
    }

    private List<int[]> behind(Prompt prompt, List<String> texts) {
        return texts.stream().map(o -> bundle.continuation(new Request(prompt.prompt()), o)).toList();
    }
}
