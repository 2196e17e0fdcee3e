package agl.app.train;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What an aligned checkpoint is worth, found out on the data that it was trained on: enough to tell a wreck from a model, no more. */
public final class AlignCheck {
    /** Requests that are answered to see whether everything is refused now, and the length of an answer that shows it. */
    private static final int ASKED = 8;
    private static final int ANSWER = 24;

    private final List<Example> examples;
    private final WreckCheck wreck;
    private final int of;
    private final TrainSettings settings;

    /** @param encoded the examples as they are trained on, in the same order */
    public AlignCheck(List<Example> examples, List<EncodedExample> encoded, TrainSettings settings) {
        this.examples = examples;
        this.settings = settings;
        of = encoded.size();
        wreck = new WreckCheck(encoded, settings);
    }

    /**
     * What was measured of the checkpoint as it was written.
     *
     * @param before   mean loss per answer token before training, in nats
     * @param after    the same afterwards, on the same examples
     * @param measured number of examples, of {@code of}
     * @param refused  of {@code asked} requests that the data answers, those that are refused; nothing is asked where the data has no
     *                 refusals
     */
    public record Found(double before, double after, int measured, int of, int refused, int asked, List<String> warnings) {

        public String inWords() {
            String loss = String.format(Locale.ROOT, "loss %.3f before, %.3f as written, in nats per token on %s", before, after,
                    measured == of ? "its " + of + " training examples" : measured + " of its " + of + " training examples");
            return asked == 0 ? loss : loss + "; refuses " + refused + " of " + asked + " requests that the data answers";
        }
    }

    /** Mean loss per answer token on the sample. */
    public double loss(ModelBundle bundle) {
        return wreck.loss(bundle.model());
    }

    /** Measures a written checkpoint. One that training has wrecked is refused. */
    public Found of(ModelBundle written, double before) {
        double after = wreck.require(written.model(), before);
        List<String> warnings = new ArrayList<>();
        if (after > before) {
            warnings.add(String.format(Locale.ROOT, "the loss ended above its start (%.3f after %.3f); %s", after, before,
                    WreckCheck.advice(settings)));
        }
        List<Example> answered = examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == Verdict.NOT_REFUSAL).toList();
        boolean refusals = examples.stream().anyMatch(e -> RefusalPatterns.judge(e.response()) == Verdict.REFUSAL);
        if (refusals && answered.isEmpty()) {
            warnings.add("every answer in the data is a refusal: such a model comes to refuse harmless requests as well; "
                    + "add requests with helpful answers");
        }
        if (!refusals) {
            warnings.add("no answer in the data is a refusal that the patterns know: nothing here teaches the model to refuse; "
                    + "add requests to refuse, answered by a refusal");
        }
        int asked = refusals ? Math.min(ASKED, answered.size()) : 0;
        int refused = refused(written, WreckCheck.spread(answered.size(), asked).mapToObj(answered::get).toList());
        if (2 * refused > asked) {
            warnings.add("it refuses " + refused + " of " + asked
                    + " requests that the data answers: what drift calls kept alignment may be refusing everything");
        }
        return new Found(before, after, wreck.measured(), of, refused, asked, List.copyOf(warnings));
    }

    private static int refused(ModelBundle bundle, List<Example> requests) {
        if (requests.isEmpty()) {
            return 0;
        }
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        List<int[]> answers = generator.generate(requests.stream().map(e -> bundle.prompt(e.instruction(), e.input())).toList(),
                Generator.Settings.greedy(ANSWER), bundle::isStop);
        return (int) answers.stream().filter(ids -> RefusalPatterns.judge(bundle.tokenizer().decode(ids, true).strip()) == Verdict.REFUSAL)
                .count();
    }
}
