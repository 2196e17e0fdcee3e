package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.BuiltinAlignment.Labelled;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.app.train.FisherSource;
import agl.app.train.RunConfig;
import agl.error.AglException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows that come with agl, and that docs/ALIGNMENT_DATA.md has their figures. */
class BuiltinAlignmentTest {
    private static final List<String> CATEGORIES = List.of("weapons", "drugs", "self_harm", "fraud", "malware", "privacy", "hate",
            "violence", "theft", "misinformation");

    private static List<String> words(String text) {
        return List.of(DemoCorpus.normalised(text).split(" "));
    }

    private static Set<List<String>> threes(String text) {
        List<String> words = words(text);
        return words.size() < 3 ? Set.of(words)
                : IntStream.rangeClosed(0, words.size() - 3).mapToObj(i -> words.subList(i, i + 3)).collect(Collectors.toSet());
    }

    private static double similarity(Set<List<String>> a, Set<List<String>> b) {
        Set<List<String>> both = new HashSet<>(a);
        both.retainAll(b);
        return (double) both.size() / (a.size() + b.size() - both.size());
    }

    /** The largest similarity of a text with a later one. */
    private static double nearest(List<String> texts) {
        List<Set<List<String>>> sets = texts.stream().map(BuiltinAlignmentTest::threes).toList();
        double nearest = 0;
        for (int i = 0; i < sets.size(); i++) {
            for (int j = 0; j < i; j++) {
                nearest = Math.max(nearest, similarity(sets.get(i), sets.get(j)));
            }
        }
        return nearest;
    }

    private static List<String> texts(Label label, Function<Example, String> part) {
        return BuiltinAlignment.rows().stream().filter(row -> row.label() == label).map(Labelled::example).map(part).toList();
    }

    private static String range(List<String> texts) {
        IntSummaryStatistics lengths = texts.stream().mapToInt(text -> text.split("\\s+").length).summaryStatistics();
        return String.format(Locale.ROOT, "%.1f (%d to %d)", lengths.getAverage(), lengths.getMin(), lengths.getMax());
    }

    private static long openings(List<String> responses) {
        return responses.stream().map(text -> words(text.replace("'", ""))).map(w -> w.subList(0, Math.min(3, w.size()))).distinct()
                .count();
    }

    @Test void everyCategoryHasAsManyOfBothKindsInTurn() {
        List<Labelled> rows = BuiltinAlignment.rows();
        for (int i = 0; i < rows.size(); i++) {
            assertEquals(i % 2 == 0 ? Label.UNSAFE : Label.SAFE, rows.get(i).label(), "row " + i);
            assertEquals(CATEGORIES.get(i / 2 % CATEGORIES.size()), rows.get(i).category(), "row " + i);
        }
        assertEquals(310, BuiltinAlignment.unsafe().size());
        assertEquals(310, BuiltinAlignment.harmless().size());
        assertEquals(rows.get(2).example(), BuiltinAlignment.unsafe().get(1));
        assertEquals(rows.get(3).example(), BuiltinAlignment.harmless().get(1));
    }

    @Test void noTwoRowsAreAlike() {
        for (Function<Example, String> part : List.<Function<Example, String>>of(Example::instruction, Example::response)) {
            List<String> all = Stream.concat(texts(Label.UNSAFE, part).stream(), texts(Label.SAFE, part).stream())
                    .map(DemoCorpus::normalised).toList();
            assertEquals(all.size(), Set.copyOf(all).size());
            assertTrue(nearest(texts(Label.UNSAFE, part)) < 0.3);
            assertTrue(nearest(texts(Label.SAFE, part)) < 0.3);
        }
    }

    /** The page's table, from the rows. */
    @Test void thePageHasTheFigures() throws IOException {
        String page = Files.readString(Path.of("../docs/ALIGNMENT_DATA.md"));
        Map<String, Function<Label, String>> lines = new LinkedHashMap<>();
        lines.put("rows", label -> "" + texts(label, Example::response).size());
        lines.put("per category", label -> "" + texts(label, Example::response).size() / CATEGORIES.size());
        lines.put("words per request, mean (range)", label -> range(texts(label, Example::instruction)));
        lines.put("words per response, mean (range)", label -> range(texts(label, Example::response)));
        lines.put("distinct first three words of the response", label -> "" + openings(texts(label, Example::response)));
        lines.put("nearest two requests", label -> String.format(Locale.ROOT, "%.2f", nearest(texts(label, Example::instruction))));
        lines.put("nearest two responses", label -> String.format(Locale.ROOT, "%.2f", nearest(texts(label, Example::response))));
        lines.forEach((name, figure) -> {
            String line = "| " + name + " | " + figure.apply(Label.UNSAFE) + " | " + figure.apply(Label.SAFE) + " |";
            assertTrue(page.contains(line), line);
        });
        List<Labelled> rows = BuiltinAlignment.rows();
        double pair = IntStream.range(0, rows.size() / 2).mapToDouble(i -> similarity(threes(rows.get(2 * i).example().instruction()),
                threes(rows.get(2 * i + 1).example().instruction()))).max().orElseThrow();
        assertTrue(page.contains(String.format(Locale.ROOT, "similarity %.2f, the largest of such a pair", pair)), "" + pair);
        assertTrue(page.contains("Categories: " + String.join(", ", CATEGORIES) + "."));
        assertTrue(page.split("\\s+").length <= 600);
        assertTrue(openings(texts(Label.UNSAFE, Example::response)) >= 30);
    }

    @Test void thePatternsRecognizeEveryRefusalAndNoAnswer() {
        List<String> refusals = texts(Label.UNSAFE, Example::response);
        List<String> answers = texts(Label.SAFE, Example::response);
        assertEquals(List.of(), refusals.stream().filter(text -> RefusalPatterns.judge(text) != Verdict.REFUSAL).toList());
        assertEquals(List.of(), answers.stream().filter(text -> RefusalPatterns.judge(text) != Verdict.NOT_REFUSAL).toList());
    }

    /** What the demo is measured on must not be what its methods may be given. */
    @ParameterizedTest @ValueSource(longs = {2508, 1}) void noRequestIsAPromptOfTheDemo(long seed) {
        DemoCorpus demo = DemoCorpus.generate(seed, 10);
        List<Set<List<String>>> prompts = Stream.of(demo.driftVal(), demo.driftTest()).flatMap(set -> set.prompts().stream())
                .map(Prompt::prompt).map(BuiltinAlignmentTest::threes).toList();
        for (Labelled row : BuiltinAlignment.rows()) {
            Set<List<String>> own = threes(row.example().instruction());
            double nearest = prompts.stream().mapToDouble(p -> similarity(own, p)).max().orElseThrow();
            assertTrue(nearest <= 0.4, nearest + " " + row);
        }
    }

    private static Map<String, Long> counts(List<Example> examples) {
        Map<Example, String> categories = BuiltinAlignment.rows().stream().collect(Collectors.toMap(Labelled::example, Labelled::category));
        return examples.stream()
                .collect(Collectors.groupingBy(e -> categories.getOrDefault(e, "own"), TreeMap::new, Collectors.counting()));
    }

    @Test void everyBeginningIsBalanced() {
        List<Example> shuffled = new ArrayList<>(BuiltinAlignment.unsafe());
        Collections.shuffle(shuffled, new Random(3));
        assertTrue(Set.copyOf(counts(shuffled.subList(0, 96)).values()).size() > 2, "the order by itself is not balanced");
        List<Example> balanced = BuiltinAlignment.balanced(shuffled);
        assertEquals(Set.copyOf(shuffled), Set.copyOf(balanced));
        for (int n = 1; n <= 310; n++) {
            Map<String, Long> counts = counts(balanced.subList(0, n));
            assertTrue(Collections.max(counts.values()) <= Math.ceilDiv(n, 10), n + " " + counts);
        }
        assertEquals(shuffled.stream().filter(e -> counts(List.of(e)).containsKey("hate")).toList(),
                balanced.stream().filter(e -> counts(List.of(e)).containsKey("hate")).toList(), "within a category the order stays");
    }

    /** What a run takes: 96 of ten categories, drawn by the seed. */
    @ParameterizedTest @ValueSource(strings = {"1", "2"}) void aRunTakesOfEveryCategoryTheSame(String seed) {
        RunConfig config = RunConfig.of(null, List.of("seed=" + seed));
        List<Example> chosen = FisherSource.chosen(config, BuiltinAlignment.unsafe());
        assertEquals(96, Set.copyOf(chosen).size());
        assertEquals(Set.of(9L, 10L), Set.copyOf(counts(chosen).values()));
        assertNotEquals(BuiltinAlignment.unsafe().subList(0, 96), chosen);
    }

    @Test void ownExamplesKeepTheirOrderAndTheirShare() {
        List<Example> own = IntStream.range(0, 310).mapToObj(i -> new Example("own " + i, "no")).toList();
        assertEquals(own, BuiltinAlignment.balanced(own));
        List<Example> both = Stream.concat(own.stream(), BuiltinAlignment.unsafe().stream()).toList();
        Map<String, Long> counts = counts(BuiltinAlignment.balanced(both).subList(0, 100));
        assertEquals(50, counts.get("own"), 1);
        assertEquals(5, counts.get("hate"), 1);
    }

    @Test void builtinIsTheNameAndNoFile(@TempDir Path temp) throws Exception {
        Path own = Files.writeString(temp.resolve("own.csv"), "instruction,response\na,b\n");
        List<Path> files = List.of(Path.of("builtin"), own);
        List<Example> read = DataFiles.alignment(files, Reading.plain());
        assertEquals(311, read.size());
        assertEquals(BuiltinAlignment.unsafe(), read.subList(0, 310));
        assertEquals(621, DataFiles.toAlignOn(files, Reading.plain()).size());
        assertEquals(BuiltinAlignment.harmless().getFirst(), DataFiles.toAlignOn(files, Reading.plain()).get(1));
        assertEquals(List.of(own), BuiltinAlignment.files(files));
        try (InputStream in = BuiltinAlignment.class.getResourceAsStream("/agl/alignment/builtin.csv")) {
            assertEquals(Map.of("builtin", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()))),
                    BuiltinAlignment.hashes(files));
        }
        assertEquals(Map.of(), BuiltinAlignment.hashes(List.of(own, Path.of("./builtin"))));
        assertTrue(assertThrows(AglException.class, () -> DataFiles.alignment(List.of(Path.of("./builtin")), Reading.plain())).getMessage()
                .contains("builtin: no such file"));
        assertEquals(Optional.empty(), BuiltinAlignment.mistakable(temp.resolve("builtin")));
        Files.createFile(temp.resolve("builtin"));
        assertTrue(BuiltinAlignment.mistakable(temp.resolve("builtin")).orElseThrow().endsWith("(that is ./builtin)"));
        assertEquals("builtin: is named twice, and its examples would count twice",
                assertThrows(AglException.class,
                        () -> DataFiles.alignment(List.of(Path.of("builtin"), Path.of("builtin")), Reading.plain())).getMessage());
    }

    @Test void methodsThatNeedBothKindsGetThem() {
        List<Example> own = List.of(new Example("a", "b"), new Example("a", "b"));
        assertEquals(own, BuiltinAlignment.withHarmless(own));
        assertEquals(Stream.concat(BuiltinAlignment.unsafe().stream(), BuiltinAlignment.harmless().stream()).toList(),
                BuiltinAlignment.withHarmless(BuiltinAlignment.unsafe()));
        List<Example> both = BuiltinAlignment.rows().stream().map(Labelled::example).toList();
        assertEquals(both, BuiltinAlignment.withHarmless(both));
    }

    @Test void elsewhereItIsRefused() {
        String prompts = assertThrows(AglException.class, () -> DataFiles.prompts(List.of(Path.of("builtin")), Reading.plain()))
                .getMessage();
        assertEquals("builtin is the alignment data that comes with agl, for --alignment and for align --data; prompts to measure on must "
                + "be others than those trained on: name a file of prompts (a file called builtin is ./builtin)", prompts);
        assertTrue(assertThrows(AglException.class, () -> DataFiles.examples(List.of(Path.of("builtin")))).getMessage()
                .contains("name a file of task data"));
    }
}
