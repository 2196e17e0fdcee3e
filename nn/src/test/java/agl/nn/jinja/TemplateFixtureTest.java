package agl.nn.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigInteger;
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
        Map<String, Object> variables = new HashMap<>(Map.of("messages", messages, "add_generation_prompt",
                row.get("prompt").booleanValue(), "bos_token", "<s>", "eos_token", "</s>"));
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
    @Test void whatTemplatesUseIsNotRefused() {
        Set<String> all = Set.of("loop", "namespace", "items", "white space", "escapes", "macros", "tojson", "in", "concat", "printing",
                "named arguments", "comments");
        for (JsonNode row : rows()) {
            boolean exempt = row.get("template").textValue().contains("include");
            if (all.contains(row.get("kind").textValue()) && !row.get("expected").isNull() && !exempt) {
                assertEquals(row.get("expected").textValue(), render(row));
            }
        }
    }

    @Test void whatIsNotSupportedIsRefusedWhenTheTemplateIsRead() {
        for (String template : List.of("{% if false %}{{ x | frobnicate }}{% endif %}", "{% if false %}{{ x is frobnicated }}{% endif %}",
                "{% if false %}{{ frobnicate(1) }}{% endif %}",
                "{% if false %}{{ x.frobnicate() }}{% endif %}", "{% if false %}{% frobnicate %}{% endif %}",
                "{% if false %}{{ [1] | map('frobnicate') }}{% endif %}",
                "{% if false %}{{ [1] | select('frobnicated') }}{% endif %}")) {
            AglException refused = assertThrows(AglException.class, () -> Template.parse(template), template);
            assertTrue(refused.getMessage().contains("frobnicate") && refused.getMessage().endsWith("is not supported"),
                    refused.getMessage());
        }
    }

    /** What jinja2 renders and this refuses, so that nothing wrong is written: each names what it is about. */
    @Test
    void whatIsRefusedWhenItIsRendered() {
        for (String[] row : new String[][] {{"{{ 1.5.real }}", "attribute real of a number"},
                {"{{ true.real }}", "attribute real of a truth value"},
                {"{{ range(3).start }}", "attribute start of a range"}, {"{{ {}.keys().mapping }}", "attribute mapping of a view"},
                {"{{ ([1] | map('string')).close }}", "attribute close of a generator"},
                {"{{ ('a' | safe).encode('x') }}", "method encode of a string"},
                {"{{ ('a' | safe).replace('a', 'b') }}", "method replace of an escaped string"},
                {"{{ 'a'.isprintable() }}", "method isprintable"},
                {"{{ ('%s' | safe) | format(1) }}", "format of an escaped string"}, {"{{ '%#x' % 5 }}", "format %x"},
                {"{{ '%#f' % 5 }}", "format %f"},
                {"{{ '%a' % '\u00e9' }}", "format %a"}, {"{{ '%10001d' % 5 }}", "above 10000"}, {"{{ '%100000d' % 5 }}", "above 10000"},
                {"{{ '%.10001f' % 5 }}", "above 10000"}, {"{{ (-8.0) ** 0.5 }}", "a fractional power of a negative number"},
                {"{{ 1.5 | round(401) }}", "round to 401"},
                {"{{ 15 | round(-401) }}", "round to -401"}, {"{{ 'a' is sameas 'a' }}", "sameas of equal"},
                {"{{ 1.5 is sameas 1.5 }}", "sameas of equal"},
                {"{{ 257 is sameas 257 }}", "sameas of equal"}, {"{{ (-6) is sameas(-6) }}", "sameas of equal"},
                {"{{ {}.keys() == {}.keys() }}", "views of mappings"}, {"{{ '\u6f22'.isnumeric() }}", "ideographs"},
                {"{{ 'x'.expandtabs(1001) }}", "expandtabs to 1001"},
                {"{{ 'x'.expandtabs(-1) }}", "expandtabs to -1"}, {"{{ '5' | int(5, 37) }}", "int with base 37"},
                {"{{ '5' | int(5, 1) }}", "int with base 1"},
                {"{{ '-'.join([('a' | safe)]) }}", "join of escaped strings"},
                {"{{ (('a' * 300) | safe) | truncate(5) }}", "truncate of an escaped string"},
                {"{{ [1, 2][0, 1] }}", "more than one index"}, {"{{ '\u00c9'.casefold() }}", "casefold is supported for ASCII only"},
                {"{{ 2 ** 14001 }}", "more than 14000 bits"}, {"{{ 2 ** 13999 * 2 }}", "more than 14000 bits"},
                {"{{ cycler() }}", "cycler needs items"}, {"{{ range }}", "cannot print a function"},
                {"{{ namespace() }}", "cannot print a namespace"},
                {"{{ [1] | select }}", "cannot print a generator"}, {"{{ {[1]: 2} }}", "a list cannot be"},
                {"{{ {{}.keys(): 2} }}", "a view cannot be"},
                {"{{ x(1) if false }}{{ f(a=1) }}{% macro f(b) %}{% endmacro %}", "is not supported"},
                {"{{ missing | indent }}", "\"missing\" is undefined"},
                {"{{ 'x' | replace(old='x', y='y') }}", "no argument named y"}, {"{{ 'x' | replace('x', old='y') }}", "two values for old"},
                {"{{ 'x'.find() }}", "find takes 1 to 3 arguments, got 0"}, {"{{ 'x'.upper(1) }}", "upper takes 0 arguments, got 1"}}) {
            AglException refused = assertThrows(AglException.class, () -> Template.parse(row[0]).render(Map.of(), TIME), row[0]);
            assertTrue(refused.getMessage().contains(row[1]), refused.getMessage());
        }
        for (String[] row : new String[][] {{"{{ 'a'.real is defined }}{{ [1].start is defined }}", "FalseFalse"},
                {"{{ ('%10000d' % 5) | length }}", "10000"}, {"{{ 'x'.expandtabs(1000) }}", "x"},
                {"{{ '%.10000d' % 5 == '0' * 9999 ~ '5' }}", "True"},
                {"{{ (-6) is sameas(-5) }}{{ (-5) is sameas(-5) }}{{ 256 is sameas 256 }}", "FalseTrueTrue"},
                {"{{ (2 ** 13999) % 1000 }}", String.valueOf(BigInteger.TWO.pow(13999).mod(BigInteger.valueOf(1000)))}}) {
            assertEquals(row[1], Template.parse(row[0]).render(Map.of(), TIME), row[0]);
        }
    }
}
