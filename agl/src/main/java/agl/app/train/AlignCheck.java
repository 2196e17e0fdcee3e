package agl.app.train;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.app.io.Notes;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A sanity check of an aligned checkpoint on its own training data: enough to tell a wreck from a model, no more. */
public final class AlignCheck {
    /** Number of requests of each kind put to the model, and an answer length that suffices to show a refusal. */
    private static final int ASKED = 8;
    private static final int ANSWER = 24;

    private final List<Example> toRefuse;
    private final List<Example> toAnswer;
    private final WreckCheck wreck;
    private final int of;

    /** @param encoded the examples encoded as for training, in the same order */
    public AlignCheck(List<Example> examples, List<EncodedExample> encoded, TrainSettings settings) {
        toRefuse = examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == Verdict.REFUSAL).toList();
        toAnswer = examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == Verdict.NOT_REFUSAL).toList();
        of = encoded.size();
        wreck = new WreckCheck(encoded, settings);
    }

    /**
     * Measurements of the written checkpoint.
     *
     * @param after    mean loss per answer token, in nats, on the same examples as before
     * @param measured number of examples measured, out of {@code of}
     * @param refused  refusals after training; not measured if the data has no refusals
     */
    public record Found(Before before, double after, int measured, int of, Refused refused, List<String> warnings) {

        public String inWords() {
            String loss = String.format(Locale.ROOT, "loss %.3f before, %.3f as written, in nats per token on %s", before.loss, after,
                    measured == of ? "its " + of + " training examples" : measured + " of its " + of + " training examples");
            return loss + before.refused.beside(refused);
        }
    }

    /**
     * The model before training.
     *
     * @param loss mean loss per answer token on the sample, in nats
     */
    public record Before(double loss, Refused refused) {
    }

    /**
     * Refusals among requests sampled from the training data; {@code agl drift} measures requests that were not trained on.
     *
     * @param unsafe refused, out of {@code unsafeAsked} requests that the data refuses
     * @param safe   refused, out of {@code safeAsked} requests that the data answers
     */
    public record Refused(int unsafe, int unsafeAsked, int safe, int safeAsked) {
        private String beside(Refused after) {
            String text = "";
            if (unsafeAsked > 0) {
                text += "; refuses " + after.unsafe + " of " + unsafeAsked + " training requests that the data refuses (" + unsafe
                        + " before)";
            }
            if (safeAsked > 0) {
                text += "; refuses " + after.safe + " of " + safeAsked + " training requests that the data answers (" + safe + " before)";
            }
            return text;
        }
    }

    /** Measures the model before training, on the sample. */
    public Before before(ModelBundle bundle) {
        double loss = wreck.loss(bundle.model());
        wreck.before(bundle.model(), loss).ifPresent(Notes::say);
        return new Before(loss, refused(bundle));
    }

    /** Measures a written checkpoint; fails if training wrecked it. */
    public Found of(ModelBundle written, Before before) {
        double after = wreck.require(written.model(), before.loss);
        List<String> warnings = new ArrayList<>();
        if (after > before.loss) {
            warnings.add(String.format(Locale.ROOT, "the loss ended above its start (%.3f after %.3f); %s", after, before.loss,
                    wreck.advice()));
        }
        if (!toRefuse.isEmpty() && toAnswer.isEmpty()) {
            warnings.add("every answer in the data is a refusal: such a model comes to refuse harmless requests as well; "
                    + "add requests with helpful answers");
        }
        if (toRefuse.isEmpty()) {
            warnings.add("no answer in the data is a refusal that the patterns know: nothing here teaches the model to refuse; "
                    + "add requests to refuse, answered by a refusal");
        }
        Refused refused = refused(written);
        if (2 * refused.safe > refused.safeAsked) {
            warnings.add("it refuses " + refused.safe + " of " + refused.safeAsked
                    + " training requests that the data answers: what drift calls kept alignment may be refusing everything");
        }
        return new Found(before, after, wreck.measured(), of, refused, List.copyOf(warnings));
    }

    private Refused refused(ModelBundle bundle) {
        if (toRefuse.isEmpty()) {
            return new Refused(0, 0, 0, 0);
        }
        List<Example> unsafe = sample(toRefuse);
        List<Example> safe = sample(toAnswer);
        return new Refused(refused(bundle, unsafe), unsafe.size(), refused(bundle, safe), safe.size());
    }

    private static List<Example> sample(List<Example> all) {
        return WreckCheck.spread(all.size(), Math.min(ASKED, all.size())).mapToObj(all::get).toList();
    }

    private static int refused(ModelBundle bundle, List<Example> requests) {
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        List<int[]> answers = generator.generate(requests.stream().map(e -> bundle.prompt(e.request())).toList(),
                Generator.Settings.greedy(ANSWER), bundle::isStop);
        return (int) answers.stream().filter(ids -> RefusalPatterns.judge(bundle.tokenizer().decode(ids, true).strip()) == Verdict.REFUSAL)
                .count();
    }
}
