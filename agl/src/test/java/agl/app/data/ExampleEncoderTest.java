package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.Tokenizer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExampleEncoderTest {
    private static final int BOS = 1;
    private static final int EOS = 2;
    private static final int MERGED = 3;

    /** A token per character, but "ab" is one token, so that a seam can fall inside a token. */
    record Letters(boolean endsTexts, int bosId, int eosId) implements Tokenizer {
        Letters() {
            this(false, BOS, EOS);
        }

        @Override public int[] encode(String text, boolean addSpecial) {
            List<Integer> ids = new ArrayList<>();
            if (addSpecial && bosId >= 0) {
                ids.add(bosId);
            }
            text.replace("ab", "\u0003").chars().forEach(ids::add);
            if (addSpecial && endsTexts) {
                ids.add(eosId);
            }
            return ids.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override public String decode(int[] ids, boolean skipSpecial) {
            StringBuilder text = new StringBuilder();
            Arrays.stream(ids).filter(id -> !(skipSpecial && (id == BOS || id == EOS)))
                    .forEach(id -> text.append(id == MERGED ? "ab" : String.valueOf((char) id)));
            return text.toString();
        }

        @Override public int vocabSize() {
            return 128;
        }

        @Override public int padId() {
            return -1;
        }

        @Override public Integer tokenId(String token) {
            return token.length() == 1 ? Integer.valueOf(token.charAt(0)) : null;
        }

        @Override public String token(int id) {
            return String.valueOf((char) id);
        }
    }

    private static final PromptTemplate QA = PromptTemplate.of("{instruction}=");

    private static int[] ids(Object... parts) {
        return Arrays.stream(parts).flatMapToInt(p -> p instanceof String s ? s.chars() : IntStream.of((Integer) p)).toArray();
    }

    private static String masked(EncodedExample e) {
        return IntStream.range(0, e.length()).mapToObj(i -> e.lossMask()[i] ? "1" : "0").reduce("", String::concat);
    }

    @Test
    void theLossIsOnResponseAndEndOnly() {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, 100).encode(new Example("2+3", "5!"));
        assertArrayEquals(ids(BOS, "2+3=5!", EOS), e.tokens());
        assertEquals("00000111", masked(e));
        assertEquals(3, e.lossTokens());
        assertFalse(e.truncated());
    }

    @Test
    void anOpeningEndsWithItsLastAnswerToken() {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, 100).encode(new Example("2+3", "5!"));
        assertArrayEquals(ids(BOS, "2+3=5"), e.opening(1).tokens());
        assertEquals("000001", masked(e.opening(1)));
        assertTrue(e.opening(2).truncated());
        assertArrayEquals(e.tokens(), e.opening(3).tokens());
        assertArrayEquals(e.tokens(), e.opening(99).tokens());
        assertFalse(e.opening(3).truncated());
    }

    @Test
    void answersPartAtTheFirstTokenThatDiffers() {
        ExampleEncoder encoder = new ExampleEncoder(new Letters(), QA, 100);
        EncodedExample e = encoder.encode(new Example("2+3", "5!"));
        assertEquals(0, e.commonAnswerTokens(encoder.encode(new Example("2+3", "6!"))));
        assertEquals(1, e.commonAnswerTokens(encoder.encode(new Example("2+3", "5?"))));
        assertEquals(3, e.commonAnswerTokens(e));
        // Prompts that were cut differently have their answers' tokens at other places.
        EncodedExample cut = new ExampleEncoder(new Letters(), QA, 6).encode(new Example("2+3", "5!"));
        assertTrue(cut.truncated());
        assertEquals(3, cut.commonAnswerTokens(e));
        // An answer without end token that the other one begins with.
        assertEquals(2, e.commonAnswerTokens(e.opening(2)));
    }

    @Test
    void aPartOfAnAnswerHasNeitherWhatComesBeforeNorWhatComesAfterInTheLoss() {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, 100).encode(new Example("2+3", "5!"));
        assertEquals("0000001", masked(e.answerPart(1, 1)));
        assertArrayEquals(ids(BOS, "2+3=5!"), e.answerPart(1, 1).tokens());
        assertEquals("00000011", masked(e.answerPart(1, 2)));
        assertEquals("00000011", masked(e.answerPart(1, 0)));
        assertEquals("00000001", masked(e.answerPart(2, 9)));
        assertEquals("00000000", masked(e.answerPart(3, 2)));
        assertEquals("00000111", masked(e.answerPart(0, 0)));
        assertEquals("00000000", masked(e.answerPart(9, 0)));
        assertEquals("00000111", masked(e), "the example itself stays as it was");
    }

    @Test
    void theTrainedPromptIsTheOneAskedLater() {
        for (String response : List.of("c", "bc", "b")) {
            ExampleEncoder encoder = new ExampleEncoder(new Letters(), PromptTemplate.of("{instruction}a"), 100);
            int[] prompt = encoder.prompt(new Request("x"));
            EncodedExample e = encoder.encode(new Example("x", response));
            assertArrayEquals(prompt, Arrays.copyOf(e.tokens(), prompt.length));
            assertArrayEquals(ids(BOS, "xa" + response, EOS), e.tokens()); // not MERGED, which would swallow the prompt's end
        }
    }

    /** A tokenizer that is Letters but for what it makes of a text and of the wish for special tokens. */
    private static Tokenizer letters(UnaryOperator<String> text, boolean special) {
        return (Tokenizer) Proxy.newProxyInstance(Tokenizer.class.getClassLoader(), new Class<?>[] {Tokenizer.class},
                (self, method, args) -> method.getName().equals("encode")
                        ? new Letters().encode(text.apply((String) args[0]), special && (Boolean) args[1])
                        : method.invoke(new Letters(), args));
    }

    /** SentencePiece puts a marker before every text; the response behind a prompt has none, nor has one that is encoded by itself. */
    @Test
    void theResponseIsEncodedAsItGoesOn() {
        Tokenizer marking = letters(text -> "_" + text, true);
        assertArrayEquals(ids(BOS, "_q=r", EOS), new ExampleEncoder(marking, QA, 100).encode(new Example("q", "r")).tokens());
        ExampleEncoder seam = new ExampleEncoder(marking, PromptTemplate.of("{instruction}a"), 100);
        assertArrayEquals(ids(BOS, "_xabc", EOS), seam.encode(new Example("x", "bc")).tokens());
        assertTrue(seam.remarks().containsKey("seam"), seam.remarks().toString());
    }

    /** Nothing is left of "#": neither of an answer nor of a prompt. */
    @Test
    void textsThatTheTokenizerDrops() {
        Tokenizer dropping = letters(text -> text.replace("#", ""), true);
        ExampleEncoder encoder = new ExampleEncoder(dropping, QA, 100);
        EncodedExample e = encoder.encode(new Example("q", "#"));
        assertEquals(Map.of(), encoder.remarks(), "no token reaches across the seam");
        assertArrayEquals(ids(BOS, "q=", EOS), e.tokens());
        assertEquals("0001", masked(e));
        assertArrayEquals(ids(BOS), new ExampleEncoder(dropping, PromptTemplate.of("{instruction}"), 100).prompt(new Request("#")));
    }

    @Test void aTokenizerThatAddsNoBosToATemplateThatHasOne() {
        assertArrayEquals(ids(BOS, "q="),
                new ExampleEncoder(letters(text -> text, false), PromptTemplate.of("\u0001{instruction}="), 100).prompt(new Request("q")));
    }

    /** The first id of a vocabulary may be the end of text, or the beginning. */
    @Test
    void specialTokensWithIdZero() {
        ExampleEncoder end = new ExampleEncoder(new Letters(false, BOS, 0), QA, 100);
        assertArrayEquals(ids(BOS, "q=r", 0), end.encode(List.of(new Example("q", "r"), new Example("p", "r"))).getFirst().tokens());
        assertEquals(Map.of(), end.remarks());
        ExampleEncoder begin = new ExampleEncoder(new Letters(false, 0, EOS), QA, 8);
        assertArrayEquals(ids(0, "89=xyz", EOS), begin.encode(new Example("0123456789", "xyz")).tokens());
    }

    @Test
    void aPromptThatFitsStaysTheOneItIs() {
        ExampleEncoder encoder = new ExampleEncoder(new Letters(), QA, 100);
        int[] prompt = encoder.prompt(new Request("2+3"));
        assertSame(prompt, encoder.fit(prompt, prompt.length));
        assertArrayEquals(ids(BOS, "+3="), encoder.fit(prompt, prompt.length - 1));
    }

    @Test
    void examplesAndPromptsAreWhole() {
        assertEquals("", new Example("a", null, "b").input());
        assertEquals(new Prompt("a", Label.SAFE, "", ""), new Prompt("a", Label.SAFE, null, null));
        assertThrows(AglException.class, () -> new Prompt(null, Label.SAFE, ""));
        assertThrows(AglException.class, () -> new Prompt(" \n", Label.SAFE, ""));
        assertThrows(AglException.class, () -> new EncodedExample(new int[2], new boolean[1], false));
    }

    @Test
    void tokenizersThatEndEveryTextOrKnowNoSpecialTokens() {
        EncodedExample ended = new ExampleEncoder(new Letters(true, BOS, EOS), QA, 100).encode(new Example("q", "r"));
        assertArrayEquals(ids(BOS, "q=r", EOS), ended.tokens());
        EncodedExample bare = new ExampleEncoder(new Letters(false, -1, -1), QA, 100).encode(new Example("q", "r"));
        assertArrayEquals(ids("q=r"), bare.tokens());
        assertEquals("001", masked(bare));
    }

    @Test void aChatTemplateBringsItsOwnSpecialTokens() {
        PromptTemplate chat = PromptTemplate.chat(ChatTemplate
                .of("{% for m in messages %}{{ '<' ~ m.content ~ '>' if m.role == 'user' else m.content ~ 'E' }}{% endfor %}", Map.of()));
        EncodedExample e = new ExampleEncoder(new Letters(), chat, 100).encode(new Example("q", "i", "r"));
        assertArrayEquals(ids("<q\n\ni>rE"), e.tokens());
        assertEquals("00000011", masked(e));
        assertArrayEquals(ids("<q>"), new ExampleEncoder(new Letters(), chat, 100).prompt(new Request("q")));
    }

    @Test
    void aChatTemplateThatDropsTheUsersWordsIsRefused() {
        assertThrows(AglException.class, () -> chat("'U'", "'A' ~ m.content", ""));
    }

    private static PromptTemplate chat(String user, String assistant, String generation) {
        return PromptTemplate.chat(ChatTemplate.of("{% for m in messages %}{{ " + user + " if m.role == 'user' else " + assistant
                + " }}{% endfor %}{% if add_generation_prompt %}" + generation + "{% endif %}", Map.of()));
    }

    /**
     * Case 16, 17 and 19 of the chat templates: spaces, the turn's end with a line break, a think block, each as the template writes it.
     */
    @Test
    void theAnswerIsWhatTheTemplateWritesAfterThePrompt() {
        String[][] cases = {{"'[' ~ m.content ~ ']'", "' ' ~ m.content ~ ' E'", "", "[q]", " r E"},
            {"'U' ~ m.content ~ 'E\n'", "'A' ~ m.content ~ 'E\n'", "A", "UqE\nA", "rE\n"},
            {"'U' ~ m.content ~ 'E'", "'A(think)' ~ m.content ~ 'E'", "A", "UqEA", "(think)rE"}};
        for (String[] c : cases) {
            ExampleEncoder encoder = new ExampleEncoder(new Letters(), chat(c[0], c[1], c[2]), 100);
            EncodedExample e = encoder.encode(new Example("q", "r"));
            assertArrayEquals(ids(c[3] + c[4]), e.tokens());
            assertEquals("0".repeat(c[3].length()) + "1".repeat(c[4].length()), masked(e));
            assertArrayEquals(ids(c[3]), encoder.prompt(new Request("q")));
            // 'E' is no end token of Letters.
            assertTrue(encoder.remarks().get("end").contains("does not learn to stop"), encoder.remarks().toString());
        }
    }

    @Test
    void aGenerationPromptThatIsNotWrittenBeforeAnAnswer() {
        ExampleEncoder encoder = new ExampleEncoder(new Letters(), chat("'U' ~ m.content", "'A' ~ m.content ~ '\u0002'", "A<t>"), 100);
        EncodedExample e = encoder.encode(new Example("q", "r"));
        assertArrayEquals(ids("UqAr", EOS), e.tokens()); // as TRL's SFTTrainer: the prompt ends where the texts part
        assertEquals("00011", masked(e));
        assertEquals(1, encoder.remarks().size());
        assertTrue(encoder.remarks().get("template").contains("<t>"), encoder.remarks().toString());
        assertArrayEquals(ids("UqA<t>"), encoder.prompt(new Request("q")));
        assertArrayEquals(ids("I"), encoder.continuation(new Request("q"), "I"));
        // Here the texts part where the user's turn ends.
        ExampleEncoder directly = new ExampleEncoder(new Letters(), chat("'U' ~ m.content", "'A' ~ m.content ~ '\u0002'", "G<t>"), 100);
        assertArrayEquals(ids("UqAr", EOS), directly.encode(new Example("q", "r")).tokens());
        assertTrue(directly.remarks().get("template").contains("ends a prompt with G<t> when it asks"), directly.remarks().toString());
    }

    @Test void whereTheTemplateDoesNotWriteTheAnswerItFollowsBare() {
        String[][] cases = {
            {"m.content ~ ('!' if loop.last else '?')", "m.content", "A", "q!A",
                "user's turn differently when an answer follows (q!A without, q?r with it)"},
            {"m.content", "''", "A", "qA", "writes no answer"},
            {"m.content", "''", "", "q", "writes no answer"}, {"m.content", "'E'", "A", "qA", "writes no answer"}};
        for (String[] c : cases) {
            ExampleEncoder encoder = new ExampleEncoder(new Letters(), chat(c[0], c[1], c[2]), 100);
            EncodedExample e = encoder.encode(new Example("q", "r"));
            assertArrayEquals(ids(c[3] + "r", EOS), e.tokens());
            assertEquals(2, e.lossTokens());
            assertTrue(encoder.remarks().get("template").contains(c[4]), encoder.remarks().toString());
        }
    }

    /** Case 03 of training: an end token that the template itself writes belongs to the prompt; a token is not written twice. */
    @Test
    void endAndBeginTokensOfTheTemplateItself() {
        EncodedExample e = new ExampleEncoder(new Letters(), PromptTemplate.of("{instruction}\u0002"), 100).encode(new Example("q", "r"));
        assertArrayEquals(ids(BOS, "q", EOS, "r", EOS), e.tokens());
        assertEquals("00011", masked(e));
        EncodedExample closing = new ExampleEncoder(new Letters(true, BOS, EOS), PromptTemplate.of("\u0001{instruction}="), 100)
                .encode(new Example("q", "r\u0002"));
        assertArrayEquals(ids(BOS, "q=r", EOS), closing.tokens());
        assertEquals("00011", masked(closing));
    }

    @Test
    void anEndTokenThatOnlyTheModelsSettingsName() {
        EncodedExample e = new ExampleEncoder(new Letters(false, BOS, -1), QA, 100, 7, id -> id == 7).encode(new Example("q", "r"));
        assertArrayEquals(ids(BOS, "q=r", 7), e.tokens());
        ExampleEncoder none = new ExampleEncoder(new Letters(false, BOS, -1), QA, 100, -1, id -> false);
        none.encode(new Example("q", "r"));
        assertTrue(none.remarks().get("end").contains("no end token"));
    }

    @Test void anOpeningHasTheIdsThatTrainingGivesAnAnswer() {
        for (PromptTemplate template : List.of(QA, PromptTemplate.of("{instruction}a"),
                chat("m.content ~ 'a'", "'(b)' ~ m.content ~ 'E'", ""))) {
            ExampleEncoder encoder = new ExampleEncoder(new Letters(), template, 100);
            int[] prompt = encoder.prompt(new Request("q"));
            int[] opening = encoder.continuation(new Request("q"), "b c");
            int[] tokens = encoder.encode(new Example("q", "b c d")).tokens();
            assertTrue(new Letters().decode(opening, true).endsWith("b c"), Arrays.toString(opening));
            assertArrayEquals(Arrays.copyOfRange(tokens, prompt.length, prompt.length + opening.length), opening);
        }
    }

    @Test
    void aLongPromptLosesItsBeginning() {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, 8).encode(new Example("0123456789", "xyz"));
        assertArrayEquals(ids(BOS, "89=xyz", EOS), e.tokens());
        assertEquals("00001111", masked(e));
        assertTrue(e.truncated());
    }

    @Test
    void aLongResponseLosesItsEndAndItsEndToken() {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, 8).encode(new Example("q", "uvwxyz"));
        assertArrayEquals(ids(BOS, "q=uvwxy"), e.tokens());
        assertEquals("00011111", masked(e));
        EncodedExample both = new ExampleEncoder(new Letters(), QA, 8).encode(new Example("0123456789", "uvwxyz"));
        assertArrayEquals(ids(BOS, "89=uvwx"), both.tokens());
        assertEquals(2, EncodedExample.countTruncated(List.of(e, both)));
    }

    @Property(tries = 300, seed = "20250802")
    void nothingIsLongerThanAllowedAndSomethingIsAlwaysLearnt(@ForAll @IntRange(min = 1, max = 30) int promptLength,
            @ForAll @IntRange(min = 1, max = 30) int responseLength, @ForAll @IntRange(min = 4, max = 70) int maxLength) {
        EncodedExample e = new ExampleEncoder(new Letters(), QA, maxLength)
                .encode(new Example("p".repeat(promptLength), "r".repeat(responseLength)));
        int whole = promptLength + responseLength + 3;
        assertEquals(Math.min(whole, maxLength), e.length());
        assertEquals(whole > maxLength, e.truncated());
        assertTrue(e.lossTokens() >= 1);
        assertFalse(e.lossMask()[0]);
        assertTrue(e.lossMask()[e.length() - 1]);
        assertEquals(BOS, e.tokens()[0]);
        boolean responseWhole = e.lossTokens() == responseLength + 1;
        assertEquals(responseWhole, e.tokens()[e.length() - 1] == EOS);
    }

    @Test
    void refusesALengthThatHoldsNothing() {
        assertThrows(AglException.class, () -> new ExampleEncoder(new Letters(), QA, 1));
    }
}
