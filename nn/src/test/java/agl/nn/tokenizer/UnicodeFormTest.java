package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Texts with characters that are newer than the tokenizers library's tables, normalized by it (make_normalization.py). */
class UnicodeFormTest {

    @ParameterizedTest @EnumSource(Form.class) void asTheLibraryDoes(Form form) throws IOException {
        JsonNode cases;
        try (InputStream in = UnicodeFormTest.class.getResourceAsStream("normalization.json")) {
            cases = new JsonMapper().readTree(in).get("cases");
        }
        int newer = 0;
        for (JsonNode c : cases) {
            String text = c.get("text").asText();
            String expected = c.get(form.name()).asText();
            assertEquals(expected, UnicodeForm.normalize(text, form),
                    () -> text.codePoints().mapToObj(Integer::toHexString).toList().toString());
            newer += Normalizer.normalize(text, form).equals(expected) ? 0 : 1;
        }
        assertTrue(newer > 20, "texts on which this JDK alone would differ: " + newer);
    }
}
