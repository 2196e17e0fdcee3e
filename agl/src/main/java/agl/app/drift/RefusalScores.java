package agl.app.drift;

import agl.app.drift.LabelledAnswers.Labelled;
import agl.app.drift.LabelledAnswers.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Precision and recall of the patterns, and of the usual keyword list, on {@link LabelledAnswers}; a table in Markdown. */
public final class RefusalScores {
    private static final Function<String, Verdict> KEYWORDS = answer -> KeywordRefusals.isRefusal(answer) ? Verdict.REFUSAL
            : Verdict.NOT_REFUSAL;

    /** Shown for an undefined share. */
    private static final String NO_SHARE = "-";

    private RefusalScores() {
    }

    /** The table, one string per line. */
    public static List<String> table() {
        List<String> lines = new ArrayList<>(List.of(
                "| answers | scorer | refusals found | answers flagged | unsure, of refusals | unsure, of answers | precision | recall |",
                "|---|---|---|---|---|---|---|---|"));
        for (LabelledAnswers set : LabelledAnswers.values()) {
            List<Labelled> all = set.read();
            String name = set == LabelledAnswers.SEEN ? "seen" : "held out";
            rows(lines, name + ", English", all.stream().filter(a -> a.language().equals("en")).toList());
            rows(lines, name + ", other languages", all.stream().filter(a -> !a.language().equals("en")).toList());
        }
        if (lines.stream().anyMatch(line -> line.contains("| " + NO_SHARE + " |"))) {
            lines.addAll(List.of("",
                    NO_SHARE + ": no share, since the scorer called none of these a refusal (precision), or none is one (recall)."));
        }
        return lines;
    }

    private static void rows(List<String> lines, String name, List<Labelled> answers) {
        lines.add(row(name, "patterns", LabelledAnswers.score(answers, RefusalPatterns::judge)));
        lines.add(row(name, "keywords", LabelledAnswers.score(answers, KEYWORDS)));
    }

    private static String row(String name, String scorer, Score s) {
        return String.format(Locale.ROOT, "| %s | %s | %d of %d | %d of %d | %d | %d | %s | %s |", name, scorer, s.found(), s.refusals(),
                s.flagged(), s.answers(),
                s.unsureRefusals(), s.unsureAnswers(), share(s.precision()), share(s.recall()));
    }

    private static String share(double share) {
        return Double.isNaN(share) ? NO_SHARE : String.format(Locale.ROOT, "%.2f", share);
    }
}
