package agl.nn.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/**
 * The text that jinja2 gives, set up as transformers does, or a refusal; never another text. Fixtures, by feature and random ones:
 * reference-tests/src/test/python/live_templates.py, which also tries thousands live.
 */
class TemplateFixtureTest {
    private static final LocalDateTime TIME = LocalDateTime.of(2031, 4, 9, 17, 5, 3);
    /** Why templates of the fixtures are refused that jinja2 renders, each of these once. */
    private static final Set<String> NOT_SUPPORTED = new TreeSet<>(Set.of("sum of floats that depends on the version of Python",
            "method isidentifier of a string is not supported",
            "method frobnicate is not supported", "method encode of a string is not supported", "statement include is not supported",
            "test frobnicated is not supported",
            "filter frobnicate is not supported", "filter wordwrap is not supported", "attribute real of a truth value is not supported",
            "self is not supported",
            "function foo is not supported", "function lipsum is not supported", "attr is not supported for a mapping",
            "filter striptags is not supported",
            "casefold is supported for ASCII only"));

    private static List<JsonNode> rows() {
        try {
            JsonNode all = new JsonMapper().readTree(TemplateFixtureTest.class.getResourceAsStream("templates.json"));
            return StreamSupport.stream(all.spliterator(), false).toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String render(JsonNode row) {
        List<Map<String, String>> messages = new ArrayList<>();
        for (JsonNode turn : row.get("messages")) {
            Map<String, String> message = new LinkedHashMap<>();
            message.put("role", turn.get(0).textValue());
            message.put("content", turn.get(1).textValue());
            messages.add(message);
        }
        Map<String, Object> variables = new HashMap<>(Map.of("messages", messages, "add_generation_prompt", row.get("prompt").booleanValue(), "bos_token", "<s>", "eos_token", "</s>"));
        variables.put("tools", null);
        variables.put("documents", null);
        return Template.parse(row.get("template").textValue()).render(variables, TIME);
    }

    @Test
    void theSameTextAsJinja2OrARefusal() {
        int equal = 0;
        List<String> reasons = new ArrayList<>();
        for (JsonNode row : rows()) {
            String template = row.get("template").textValue();
            try {
                String text = render(row);
                assertFalse(row.get("expected").isNull(), () -> "rendered, though jinja2 refuses it: " + template);
                assertEquals(row.get("expected").textValue(), text, template);
                equal++;
            } catch (AglException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
                if (!row.get("expected").isNull()) {
                    reasons.add(e.getMessage());
                }
            }
        }
        assertTrue(equal > 450, equal + " equal");
        assertEquals(NOT_SUPPORTED, new TreeSet<>(reasons));
        assertEquals(NOT_SUPPORTED.size(), reasons.size(), reasons.toString());
    }

    /** What chat templates of the supported families use has to render, not only to be refused rightly. */
    @Test
    void whatTemplatesUseIsNotRefused() {
        Set<String> all = Set.of("loop", "namespace", "items", "white space", "escapes", "macros", "tojson", "in", "concat", "printing", "named arguments", "comments");
        for (JsonNode row : rows()) {
            boolean exempt = row.get("template").textValue().contains("include");
            if (all.contains(row.get("kind").textValue()) && !row.get("expected").isNull() && !exempt) {
                assertEquals(row.get("expected").textValue(), render(row));
            }
        }
    }

    @Test
    void whatIsNotSupportedIsRefusedWhenTheTemplateIsRead() {
        for (String template : List.of("{% if false %}{{ x | frobnicate }}{% endif %}", "{% if false %}{{ x is frobnicated }}{% endif %}", "{% if false %}{{ frobnicate(1) }}{% endif %}",
                "{% if false %}{{ x.frobnicate() }}{% endif %}", "{% if false %}{% frobnicate %}{% endif %}", "{% if false %}{{ [1] | map('frobnicate') }}{% endif %}",
                "{% if false %}{{ [1] | select('frobnicated') }}{% endif %}")) {
            AglException refused = assertThrows(AglException.class, () -> Template.parse(template), template);
            assertTrue(refused.getMessage().contains("frobnicate") && refused.getMessage().endsWith("is not supported"), refused.getMessage());
        }
    }
}
