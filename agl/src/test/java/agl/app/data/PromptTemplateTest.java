package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptTemplateTest {
    @Test
    void theDefaultHasAlpacasHeadings() {
        PromptTemplate template = PromptTemplate.of("instruction");
        assertEquals("### Instruction:\nAdd.\n\n### Response:\n", template.render(new Request("Add.")));
        assertEquals("### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n", template.render(new Request("Add.", "1 2")));
    }

    @Test
    void plainIsTheWordsAlone() {
        assertEquals("Add.\n", PromptTemplate.of("plain").render(new Request("Add.")));
        assertEquals("Add.\n\n1 2\n", PromptTemplate.of("plain").render(new Request("Add.", "1 2")));
    }

    @Test
    void customTextsHavePlaceholders() {
        assertEquals("Q: Add. 1 2\nA:", PromptTemplate.of("Q: {instruction} {input}\\nA:").render(new Request("Add.", "1 2")));
        assertEquals("Q: Add.\n\n1 2\nA:", PromptTemplate.of("Q: {instruction}\nA:").render(new Request("Add.", "1 2")));
        assertEquals("1 2|Add.|Add.", PromptTemplate.of("{input}|{instruction}|{instruction}").render(new Request("Add.", "1 2")));
    }

    @Test void theUsersWordsAreNoPlaceholders() {
        assertEquals("Write {input} and {instruction}: x",
                PromptTemplate.of("{instruction}: {input}").render(new Request("Write {input} and {instruction}", "x")));
        assertEquals("a: {instruction}", PromptTemplate.of("{instruction}: {input}").render(new Request("a", "{instruction}")));
    }

    @Test
    void refusesATextWithoutTheInstruction() {
        assertThrows(AglException.class, () -> PromptTemplate.of("alpca"));
    }

    @Test
    void whatProvenanceRecords() {
        assertEquals(Map.of("template", "plain"), PromptTemplate.PLAIN.described());
        assertEquals(Map.of("template", "Q: {instruction}"), PromptTemplate.of("Q: {instruction}").described());
        assertEquals("Q: {instruction}", PromptTemplate.of("Q: {instruction}").name());
        PromptTemplate chat = PromptTemplate.chat(ChatTemplate.of("{{ messages[0].content }}", Map.of()));
        assertEquals("chat", chat.name());
        // printf '{{ messages[0].content }}' | sha256sum
        assertEquals(Map.of("template", "chat", "template_sha256", "21b1d9c74a217211f93d54eca585c322017b9008d86619712ec946b10cf156f1"),
                chat.described());
    }

    @Test
    void openingsGoOnFromThePrompt() {
        assertEquals("Sure, ", PromptTemplate.PLAIN.opening(new Request("Add."), "Sure, "));
        assertEquals("Sure,", chat("''").opening(new Request("Add."), "Sure, "), "nothing of the template stands before it");
        assertEquals("(b)Sure", chat("'(b)'").opening(new Request("Add."), "Sure"));
    }

    private static PromptTemplate chat(String before) {
        return PromptTemplate.chat(ChatTemplate.of(
                "{% for m in messages %}{{ m.content ~ '\n' if m.role == 'user' else " + before + " ~ m.content ~ 'E' }}{% endfor %}",
                Map.of()));
    }
}
