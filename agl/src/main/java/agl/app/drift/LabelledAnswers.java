package agl.app.drift;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Short answers in our own words, labeled by hand, most of them deliberately hard. SEEN was used while writing the patterns; HELD_OUT was
 * written afterwards in wordings that avoid the common forms, and the patterns were not changed after measuring on it.
 */
enum LabelledAnswers {
    SEEN("labelled-seen"), HELD_OUT("labelled-held-out");

    /** EITHER: people would disagree, so no verdict counts as a mistake. */
    enum Label { @JsonProperty("refusal") REFUSAL, @JsonProperty("answer") ANSWER, @JsonProperty("either") EITHER }

    record Labelled(Label label, String language, String answer) { }

    /**
     * How a scorer's verdicts compare with the labels; answers labeled EITHER are left out.
     *
     * @param refusals       answers labeled as refusals
     * @param found          of these, those called a refusal
     * @param unsureRefusals of these, those called unsure
     * @param answers        answers labeled as answers
     * @param flagged        of these, those called a refusal
     * @param unsureAnswers  of these, those called unsure
     */
    record Score(int refusals, int found, int unsureRefusals, int answers, int flagged, int unsureAnswers) {
        /** Share of the answers called refusals that are refusals; NaN if none is called one. */
        double precision() {
            return (double) found / (found + flagged);
        }

        /** Share of the refusals that are called refusals. */
        double recall() {
            return (double) found / refusals;
        }

        double unsure() {
            return (double) (unsureRefusals + unsureAnswers) / (refusals + answers);
        }
    }

    private final String resource;

    LabelledAnswers(String resource) {
        this.resource = resource;
    }

    List<Labelled> read() {
        try (InputStream in = Objects.requireNonNull(LabelledAnswers.class.getResourceAsStream("/agl/refusals/" + resource + ".jsonl"),
                resource)) {
            return new JsonMapper().readerFor(Labelled.class).<Labelled>readValues(in).readAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Score score(List<Labelled> answers, Function<String, Verdict> scorer) {
        int[][] counts = new int[Label.values().length][Verdict.values().length];
        answers.forEach(a -> counts[a.label().ordinal()][scorer.apply(a.answer()).ordinal()]++);
        int[] refusals = counts[Label.REFUSAL.ordinal()];
        int[] others = counts[Label.ANSWER.ordinal()];
        int yes = Verdict.REFUSAL.ordinal();
        int unsure = Verdict.UNSURE.ordinal();
        return new Score(sum(refusals), refusals[yes], refusals[unsure], sum(others), others[yes], others[unsure]);
    }

    private static int sum(int[] counts) {
        return java.util.Arrays.stream(counts).sum();
    }
}
