package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.AglException;
import agl.nn.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    private record Letters(boolean endsTexts, int bosId, int eosId) implements Tokenizer {
        Letters() {
            this(false, BOS, EOS);
        }

        @Override
        public int[] encode(String text, boolean addSpecial) {
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

        @Override
        public String decode(int[] ids, boolean skipSpecial) {
            StringBuilder text = new StringBuilder();
            Arrays.stream(ids).filter(id -> !(skipSpecial && (id == BOS || id == EOS)))
                    .forEach(id -> text.append(id == MERGED ? "ab" : String.valueOf((char) id)));
            return text.toString();
        }

        @Override
        public int vocabSize() {
            return 128;
        }

        @Override
        public int padId() {
            return -1;
        }

        @Override
        public Integer tokenId(String token) {
            return token.length() == 1 ? Integer.valueOf(token.charAt(0)) : null;
        }

        @Override
        public String token(int id) {
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
        assertEquals("00000111", masked(e), "the example itself stays as it was");
    }

    @Test
    void theTrainedPromptIsTheOneAskedLater() {
        for (String response : List.of("c", "bc", "b")) {
            ExampleEncoder encoder = new ExampleEncoder(new Letters(), PromptTemplate.of("{instruction}a"), 100);
            int[] prompt = encoder.prompt("x", "");
            EncodedExample e = encoder.encode(new Example("x", response));
            assertArrayEquals(prompt, Arrays.copyOf(e.tokens(), prompt.length));
            assertArrayEquals(ids(BOS, "xa" + response, EOS), e.tokens()); // not MERGED, which would swallow the prompt's end
        }
    }

    @Test
    void tokenizersThatEndEveryTextOrKnowNoSpecialTokens() {
        EncodedExample ended = new ExampleEncoder(new Letters(true, BOS, EOS), QA, 100).encode(new Example("q", "r"));
        assertArrayEquals(ids(BOS, "q=r", EOS), ended.tokens());
        EncodedExample bare = new ExampleEncoder(new Letters(false, -1, -1), QA, 100).encode(new Example("q", "r"));
        assertArrayEquals(ids("q=r"), bare.tokens());
        assertEquals("001", masked(bare));
    }

    @Test
    void aChatTemplateBringsItsOwnSpecialTokens() {
        PromptTemplate chat = PromptTemplate.chat(user -> "<" + user + ">");
        EncodedExample e = new ExampleEncoder(new Letters(), chat, 100).encode(new Example("q", "i", "r"));
        assertArrayEquals(ids("<q\n\ni>r", EOS), e.tokens());
        assertArrayEquals(ids("<q>"), new ExampleEncoder(new Letters(), chat, 100).prompt("q", ""));
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
        EncodedExample e = new ExampleEncoder(new Letters(), QA, maxLength).encode(new Example("p".repeat(promptLength), "r".repeat(responseLength)));
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
