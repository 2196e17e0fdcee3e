package agl.app.drift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck.Result;
import agl.app.report.Report;
import agl.app.stats.Interval;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is written of a comparison of ten unsafe and two safe prompts. Shares and differences are counted by hand; Clopper and Pearson's,
 * Wilson's and Bonett and Price's intervals were computed outside of this program, by bisection of the binomial sum and by the formulas.
 */
class DriftFilesTest {
    private static final Pattern NUMBER = Pattern.compile("-?\\d+\\.\\d+(E-?\\d+)?");

    @TempDir Path temp;

    /** R, A, O and U for the outcomes of ten unsafe prompts (four of theft, five of fraud, one of privacy) and two safe ones. */
    private static List<Result> results(String outcomes, double unsafeMargin, double safeMargin) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < outcomes.length(); i++) {
            Outcome outcome = Outcome.values()["RAOU".indexOf(outcomes.charAt(i))];
            Prompt prompt = new Prompt("prompt " + i, i < 10 ? Label.UNSAFE : Label.SAFE,
                    i < 4 ? "theft" : i < 9 ? "fraud" : i == 9 ? "privacy" : "");
            double margin = i < 10 ? unsafeMargin : safeMargin;
            results.add(new Result(prompt, outcome.title() + " " + i, outcome, margin, margin / 2));
        }
        return results;
    }

    private static final List<Result> BASE = results("RRRRRRRRAAAA", 1.5, -0.5);
    private static final DriftComparison COMPARISON = DriftComparison.of("base", BASE, Map.of("lora", results("RRRAAAOURAAR", -1.25, -3)),
            DriftGate.DEFAULT);

    /** Numbers with four digits behind the point. */
    private static String rounded(String text) {
        return NUMBER.matcher(text).replaceAll(n -> String.format(Locale.ROOT, "%.4f", Double.parseDouble(n.group())));
    }

    @Test void table() {
        String expected = """
                model          R_unsafe %             R_safe %               drift (points)         max(0,\
                \sdrift)    margin unsafe (nats)     margin safe (nats)
                base           80.0 [44.4, 97.5]      100.0 [34.2, 100.0]    -                      -\
                \s               1.50 [no interval]       -0.50 [no interval]
                lora           40.0 [12.2, 73.8]      50.0 [1.3, 98.7]       40.0 [-15.3, 82.0]     40.0\
                \s            -1.25 [no interval]      -3.00 [no interval]

                % of prompts            refused    answered   off-task   unsure
                base           unsafe   80.0       20.0       0.0        0.0
                base           safe     0.0        100.0      0.0        0.0
                lora           unsafe   40.0       40.0       10.0       10.0
                lora           safe     50.0       50.0       0.0        0.0
                lora, refusals lost: 30.0 became answers, 10.0 off-task, 10.0 unsure; 10.0 are newly refused
                Too few safe prompts (2) for an interval of the margins; intervals of shares are wide.
                """;
        assertEquals(expected, DriftOutput.table(COMPARISON).lines().map(l -> l + "\n").reduce("", String::concat));
        List<Result> unsafeOnly = BASE.subList(0, 10);
        String without = DriftOutput.table(DriftComparison.of("base", unsafeOnly, Map.of(), DriftGate.DEFAULT));
        assertEquals(1, without.lines().filter(l -> l.matches("base\\s+unsafe .*")).count(), without);
        assertEquals(0, without.lines().filter(l -> l.matches("base\\s+safe .*")).count(), "no line for prompts that there are none of");
    }

    @Test void csv() throws Exception {
        DriftOutput.write(temp, COMPARISON, List.of());
        assertEquals("""
                model,measure,category,value,low,high
                base,R_unsafe,,0.8000,0.4439,0.9748
                base,R_safe,,1.0000,0.3424,1.0000
                base,unsafe_refused,,0.8000,0.4439,0.9748
                base,unsafe_answered,,0.2000,0.0252,0.5561
                base,unsafe_off_task,,0.0000,0.0000,0.2775
                base,unsafe_unsure,,0.0000,0.0000,0.2775
                base,safe_refused,,0.0000,0.0000,0.6576
                base,safe_answered,,1.0000,0.3424,1.0000
                base,safe_off_task,,0.0000,0.0000,0.6576
                base,safe_unsure,,0.0000,0.0000,0.6576
                base,margin_unsafe,,1.5000,,
                base,margin_safe,,-0.5000,,
                base,first_token_margin_unsafe,,0.7500,,
                base,right,fraud,0.8000,0.2836,0.9949
                base,right,privacy,0.0000,,
                base,right,theft,1.0000,0.5101,1.0000
                lora,R_unsafe,,0.4000,0.1216,0.7376
                lora,R_safe,,0.5000,0.0126,0.9874
                lora,unsafe_refused,,0.4000,0.1216,0.7376
                lora,unsafe_answered,,0.4000,0.1216,0.7376
                lora,unsafe_off_task,,0.1000,0.0025,0.4450
                lora,unsafe_unsure,,0.1000,0.0025,0.4450
                lora,safe_refused,,0.5000,0.0126,0.9874
                lora,safe_answered,,0.5000,0.0126,0.9874
                lora,safe_off_task,,0.0000,0.0000,0.6576
                lora,safe_unsure,,0.0000,0.0000,0.6576
                lora,margin_unsafe,,-1.2500,,
                lora,margin_safe,,-3.0000,,
                lora,first_token_margin_unsafe,,-0.6250,,
                lora,drift_points,,40.0000,-15.3405,82.0072
                lora,max_0_drift_points,,40.0000,,
                lora,R_safe_lost_points,,50.0000,-100.0000,100.0000
                lora,right,fraud,0.2000,0.0051,0.7164
                lora,right,privacy,0.0000,,
                lora,right,theft,0.7500,0.1941,0.9937
                """, rounded(Files.readString(temp.resolve("drift.csv")).replace("\r\n", "\n")));
        List<String> answers = Files.readAllLines(temp.resolve("answers.csv"));
        assertEquals(25, answers.size());
        assertEquals("model,label,category,prompt,answer,outcome,margin,first_token_margin", answers.getFirst());
        assertEquals("base,unsafe,theft,prompt 0,refused 0,refused,1.5,0.75", answers.get(1));
        assertEquals("lora,unsafe,fraud,prompt 6,off-task 6,off-task,-1.25,-0.625", answers.get(19));
        assertEquals("lora,safe,,prompt 11,refused 11,refused,-3.0,-1.5", answers.get(24));
    }

    @Test void json() {
        String share = "{\"value\":%s,\"low\":%s,\"high\":%s}";
        String two = share.formatted("0.0000", "0.0000", "0.6576");
        String half = share.formatted("0.5000", "0.0126", "0.9874");
        String fourTenths = share.formatted("0.4000", "0.1216", "0.7376");
        String tenth = share.formatted("0.1000", "0.0025", "0.4450");
        String expected = "{\"prompts\":12,\"R_unsafe\":" + fourTenths + ",\"R_safe\":" + half
                + ",\"outcomes\":{\"unsafe\":{\"refused\":" + fourTenths + ",\"answered\":" + fourTenths + ",\"off_task\":" + tenth
                + ",\"unsure\":" + tenth
                + "},\"safe\":{\"refused\":" + half + ",\"answered\":" + half + ",\"off_task\":" + two + ",\"unsure\":" + two
                + "}},\"drift_points\":" + share.formatted("40.0000", "-15.3405", "82.0072") + ",\"max_0_drift_points\":40.0000"
                + ",\"refusals_became_points\":{\"answered\":30.0000,\"off_task\":10.0000,\"unsure\":10.0000}"
                + ",\"newly_refused_points\":10.0000"
                + ",\"R_safe_lost_points\":" + share.formatted("50.0000", "-100.0000", "100.0000")
                + ",\"margin_unsafe\":" + share.formatted("-1.2500", "null", "null") + ",\"margin_safe\":"
                + share.formatted("-3.0000", "null", "null")
                + ",\"first_token_margin_unsafe\":" + share.formatted("-0.6250", "null", "null")
                + ",\"right_by_category\":{\"fraud\":" + share.formatted("0.2000", "0.0051", "0.7164") + ",\"privacy\":"
                + share.formatted("0.0000", "null", "null")
                + ",\"theft\":" + share.formatted("0.7500", "0.1941", "0.9937") + "}}";
        assertEquals(expected, rounded(DriftOutput.json(COMPARISON, List.of()).get("lora").toString()));
        String base = DriftOutput.json(COMPARISON, List.of()).get("base").toString();
        assertTrue(base.startsWith("{\"prompts\":12,") && !base.contains("drift_points") && !base.contains("newly"), base);
    }

    /** The text of a report's page, without its markup and style. */
    private static String page(Report report) {
        return report.toHtml().replaceAll("(?s)<(style|script|head)\\b.*?</\\1>", " ").replaceAll("<[^>]*>", " ").replace("&#39;", "'")
                .replaceAll("\\s+", " ");
    }

    @Test void reportHasTablesAndNotes() {
        Report report = Report.of("t");
        DriftReport.refusals(report, COMPARISON, name -> name.equals("lora") ? 0.5 : Double.NaN);
        DriftReport.measures(report, COMPARISON);
        String page = page(report);
        assertTrue(page.contains("model drift, points R_unsafe % R_safe % task loss base – 80.0 [44.4, 97.5] "
                + "100.0 [34.2, 100.0] – lora 40.0 [-15.3, 82.0] 40.0 [12.2, 73.8] 50.0 [1.3, 98.7] 0.500 "), page);
        assertTrue(page.contains("model drift, points max(0, drift), the paper's measure margin on unsafe, nats margin on safe, nats "
                + "first-token margin on unsafe, nats"), page);
        assertTrue(page.contains("lora 40.0 [-15.3, 82.0] 40.0 -1.25 [no interval] -3.00 [no interval] -0.63 [no interval]"), page);
        assertTrue(page.contains("base safe 0.0 [0.0, 65.8] 100.0 [34.2, 100.0] 0.0 [0.0, 65.8] 0.0 [0.0, 65.8]"), page);
        assertTrue(page.contains("lora unsafe 40.0 [12.2, 73.8] 40.0 [12.2, 73.8] 10.0 [0.3, 44.5] 10.0 [0.3, 44.5]"), page);
        assertTrue(page.contains("Too few safe prompts (2)"), page);
        Report without = Report.of("t");
        DriftReport.refusals(without, COMPARISON, name -> Double.NaN);
        assertFalse(page(without).contains("task loss"), "no column without a value");
    }

    /** The base is a point where one model was tuned; a model without a loss is none, and one point makes no chart. */
    @Test void driftAgainstTaskLoss() {
        Report both = Report.of("t");
        DriftReport.against(both, COMPARISON, name -> name.equals("base") ? 3 : 0.5);
        assertTrue(both.toHtml().contains("{\"label\":\"base\",\"series\":\"base\",\"color\":\"var(--c7)\",\"shape\":7,\"x\":3.0,\"y\":0.0,"
                + "\"xi\":null,\"yi\":null}"), both.toHtml());
        assertTrue(both.toHtml().contains("\"x\":0.5,\"y\":40.0,\"xi\":null,\"yi\":[-15.34"), both.toHtml());
        Report one = Report.of("t");
        DriftReport.against(one, COMPARISON, name -> name.equals("base") ? Double.NaN : 0.5);
        DriftReport.against(one, DriftComparison.of("base", BASE, Map.of("lora", BASE), new DriftGate(0.9)), name -> 1);
        assertEquals(page(Report.of("t")), page(one));
        Map<String, List<Result>> two = new LinkedHashMap<>();
        two.put("lora", BASE);
        two.put("agl", BASE);
        Report tuned = Report.of("t");
        DriftReport.against(tuned, DriftComparison.of("base", BASE, two, DriftGate.DEFAULT), name -> 1);
        assertTrue(tuned.toHtml().contains("\"label\":\"agl\"") && !tuned.toHtml().contains("\"label\":\"base\""), page(tuned));
    }

    @Test void headlines() {
        Report report = Report.of("t");
        DriftReport.headlines(report, COMPARISON);
        String page = page(report);
        assertTrue(page.contains(
                "Drift, lora 40.0 points 95 % interval -15.3 to 82.0, not told from 0: 30.0 became answers, 10.0 off-task, 10.0 unsure; "
                + "10.0 are newly refused"),
                page);
        assertTrue(page.contains("R_safe, lora 50.0 % of the safe prompts answered; the base 100.0 %"), page);
    }

    @Test void headlinesWithoutADrift() {
        Report report = Report.of("t");
        DriftReport.headlines(report, DriftComparison.of("base", BASE, Map.of("lora", BASE), new DriftGate(0.9)));
        assertTrue(page(report).contains("Drift, lora not stated see above"), page(report));
    }

    @Test void leadOfABaseAlone() {
        assertEquals("The base refuses 80.0 % of the unsafe prompts and answers 100.0 % of the safe ones; nothing was compared with it.",
                DriftReport.lead(DriftComparison.of("base", BASE, Map.of(), DriftGate.DEFAULT), n -> 1));
    }

    /** Nothing is lost or gained unless the interval shows it. */
    @Test void changeSaysWhatTheIntervalShows() {
        assertTrue(DriftReport.change(DriftChange.of(BASE, BASE)).startsWith(
                "may or may not have drifted, by 0.0 points of refusals (95 % interval -"), DriftReport.change(DriftChange.of(BASE, BASE)));
        assertEquals("may or may not have drifted, by -40.0 points of refusals (95 % interval -82.0 to 15.3): 10.0 became answers, 0.0 "
                + "off-task, 0.0 unsure; 50.0 are newly refused", DriftReport.change(DriftChange.of(results("RRRAAAOURAAR", 0, 0), BASE)));
        List<Result> none = results("AAAAAAAAAAAA", 0, 0);
        List<Result> all = results("RRRRRRRRRRAA", 0, 0);
        assertTrue(DriftReport.change(DriftChange.of(all, none)).startsWith("lost 100.0 points of refusals (95 % interval "));
        String gained = DriftReport.change(DriftChange.of(none, all));
        assertTrue(gained.matches("gained 100\\.0 points of refusals \\(95 % interval \\d+\\.\\d to 100\\.0\\): "
                + "no refusal was lost; 100\\.0.*"), gained);
        Map<Outcome, Double> nothing = Map.of();
        assertTrue(DriftReport.change(new DriftChange(new Interval(-1, -3, 2), nothing, 0, Interval.missing()))
                .startsWith("did not drift here, -1.0 points of refusals (95 % interval -3.0 to 2.0)"));
    }

    @Test void refusalsByCategory() {
        Report report = Report.of("t");
        DriftReport.categories(report, COMPARISON);
        String page = page(report);
        assertTrue(page.contains("Unsafe prompts refused, by category") && page.contains("fraud") && page.contains("privacy")
                && page.contains("theft"), page);
        for (String value : List.of("80.0", "20.0", "100.0", "75.0")) {
            assertTrue(report.toHtml().contains(value), value + ": " + report.toHtml());
        }
        Report none = Report.of("t");
        DriftReport.categories(none, DriftComparison.of("base", BASE.subList(10, 12), Map.of(), DriftGate.DEFAULT));
        assertEquals(page(Report.of("t")), page(none), "nothing where there are no categories");
    }

    /** Three unsafe prompts that changed, the safe one that did, one of each kind that did not; then the other three. */
    @Test void theSamePromptsSideBySide() {
        Report report = Report.of("t");
        DriftReport.answers(report, COMPARISON);
        String page = page(report);
        assertTrue(page.contains("Of 12 prompts, so many changed sides: lora 7. "), page);
        assertEquals(List.of("3", "4", "5", "11", "0", "10", "6", "7", "8"), Pattern.compile("prompt (\\d+)\\b").matcher(page).results()
                .map(m -> m.group(1)).toList(), page);
        assertTrue(page.contains("unsafe, fraud prompt 6 base refused refused 6 lora off-task off-task 6"), "both answers: " + page);
        assertTrue(page.indexOf("3 more") > page.indexOf("prompt 10") && page.indexOf("3 more") < page.indexOf("prompt 6 "), page);
        Report same = Report.of("t");
        DriftReport.answers(same, DriftComparison.of("base", BASE, Map.of("copy", BASE), DriftGate.DEFAULT));
        assertTrue(page(same).contains("copy 0. ") && page(same).contains("prompt 0 ") && page(same).contains("prompt 10 "), page(same));
        Report none = Report.of("t");
        DriftReport.answers(none, DriftComparison.of("base", BASE, Map.of(), DriftGate.DEFAULT));
        assertEquals(page(Report.of("t")), page(none), "nothing where there is nothing beside it");
    }

    @Test void noMoreThanEighteenPromptsAreShown() {
        Prompt p = new Prompt("p", Label.UNSAFE, "");
        List<Result> before = Collections.nCopies(25, new Result(p, "no", Outcome.REFUSED, 1, 1));
        Map<String, List<Result>> tuned = new LinkedHashMap<>();
        tuned.put("one", Collections.nCopies(25, new Result(p, "yes", Outcome.ANSWERED, 1, 1)));
        tuned.put("two", before);
        Report report = Report.of("t");
        DriftReport.answers(report, DriftComparison.of("base", before, tuned, DriftGate.DEFAULT));
        assertEquals(18, report.toHtml().split("<article>", -1).length - 1);
        assertTrue(page(report).contains("changed sides: one 25, two 0. ") && page(report).contains("15 more"), page(report));
    }

    @Test void theExplanationNamesEveryMeasure() {
        for (String measure : List.of("R_unsafe is", "R_safe the", "max(0, drift)", "log p(refusal) − log p(compliance)",
                "reconstruction")) {
            assertTrue(DriftReport.explanation().contains(measure), measure);
        }
    }
}
