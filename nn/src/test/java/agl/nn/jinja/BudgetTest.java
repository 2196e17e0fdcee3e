package agl.nn.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Templates that would run or grow without end stop with one line, whatever they are made of. */
class BudgetTest {
    private static final String LONG = "{% set ns = namespace(s='aaaaaaaa') %}" + "{% set ns.s = ns.s ~ ns.s %}".repeat(18);

    private static final ThreadMXBean TIME = ManagementFactory.getThreadMXBean();

    private static String render(String template) {
        return Template.parse(template).render(Map.of("messages", List.of()), LocalDateTime.of(2031, 4, 9, 17, 5, 3));
    }

    private static void refused(String template) {
        long start = TIME.getCurrentThreadCpuTime();
        AglException e = assertThrows(AglException.class, () -> render(template), template.substring(0, Math.min(200, template.length())));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(TIME.getCurrentThreadCpuTime() - start < 10e9, template); // of the processor: a busy machine does not count
    }

    @Test
    @Timeout(value = 900, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void everyWayToRunOrGrow() {
        String nested = "{% for a in range(1000) %}".repeat(4) + "x" + "{% endfor %}".repeat(4);
        String lists = "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}".repeat(40);
        for (String template : List.of(
                LONG + "{% if (ns.s[:1000000] ~ 'b') in ns.s %}x{% endif %}",
                LONG + "{% for c in ns.s[:300000] %}{% set y = ns.s | upper %}{% endfor %}",
                LONG + "{% set l = namespace(l=[]) %}{% for c in ns.s[:100000] %}{% set l.l = l.l + [ns.s[1:]] %}{% endfor %}",
                LONG + "{% for c in ns.s[:9999] %}{{ ns.s }}{% endfor %}", LONG + "{% set x = ns.s.replace('a', 'aaaaaaaaaa') %}",
                LONG + "{% set x = ns.s.replace('', ns.s) %}",
                LONG + "{% set x = ns.s.join(ns.s) %}", LONG + "{% set x = ns.s | list | join(ns.s) %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s.split('a') | length %}{% endfor %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s | length %}{% set y = ns.s == ns.s ~ '' %}{% endfor %}",
                LONG + "{{ (ns.s ~ 'b').find(ns.s[1:] ~ 'c') }}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s | tojson %}{% endfor %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s[::-1] %}{% endfor %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = [ns.s] | string %}{% endfor %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s | title | trim | e %}{% endfor %}",
                LONG + "{% for c in ns.s[:99999] %}{% set x = ns.s.isalpha() %}{% set y = ns.s | indent %}{% endfor %}",
                LONG + "{{ ns.s.count(ns.s[:1000000] ~ 'b') }}",
                lists + "{{ a == b }}", lists + "{{ a in [b] }}", lists + "{{ a < b }}", lists + "{{ a }}", lists + "{{ a | tojson }}",
                lists + "{{ [a, b] | sort }}", lists + "{{ [a] | map('string') | list }}",
                nested, "{{ 'x' * 99999999999 }}", "{{ 'x' * 3000000 * 3000000 }}", "{{ [1] * 99999999 }}", "{{ range(10 ** 12) }}",
                "{{ range(100001) }}", "{{ 9 ** 99999 }}", "{{ 2 ** 100000 }}",
                "{% set ns = namespace(n=3) %}{% for i in range(9999) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "{{ 'x' | center(99999999) }}", "{{ 'x'.ljust(99999999) }}",
                "{{ '%99999999d' % 1 }}", "{{ 'x' | indent(99999999) }}", "{{ '\\t'.expandtabs(99999999) }}",
                "{{ [1] | tojson(indent=99999999) }}", "{{ [1] | batch(99999999, 0) | list }}",
                "{{ [1] | slice(99999999) | list }}", "{{ 1 | round(999999999) }}",
                "{% set x = 'xxxxxxxxxx' %}" + "{% set x = x + x %}".repeat(40),
                "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
                "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}", "{{ " + "{1:".repeat(50_000) + "1" + "}".repeat(50_000) + " }}",
                "{{ 1" + " + 1".repeat(200_000) + " }}", "{{ " + "not ".repeat(100_000) + "x }}",
                "{% if x %}".repeat(20_000), "{% if x %}".repeat(20_000) + "{% endif %}".repeat(20_000),
                "{{ " + "-".repeat(100_000) + "1 }}", "{{ x" + ".a".repeat(100_000) + " }}", "{{ x" + " | list".repeat(100_000) + " }}")) {
            refused(template);
        }
    }

    @Test void wrongNumbersOfArguments() {
        for (String template : List.of("{{ raise_exception() }}", "{{ [1] | selectattr() | list }}", "{{ [1] | map | list }}",
                "{{ strftime_now() }}", "{{ range() }}",
                "{{ 'x' | replace('x') }}", "{{ 'x' | upper(1) }}", "{{ [1] | batch }}", "{{ [1] | groupby }}", "{{ 'x'.replace('x') }}",
                "{{ 'x'.startswith() }}", "{{ {}.get() }}", "{{ [1].index() }}", "{{ 1 is divisibleby }}",
                "{{ 1 is eq }}", "{{ 1 is in }}", "{{ 'x'.upper(1) }}", "{{ cycler() }}", "{{ dict(1, 2) }}", "{{ 'x' | attr }}",
                "{{ {} | dictsort(by='x') }}", "{% for x in [1] %}{{ loop.cycle() }}{% endfor %}", "{{ 'x'.join() }}",
                "{{ [1] | first(1) }}", "{{ 1 | tojson(1, 2, 3, 4, 5) }}", "{{ 'x' | default(1, 2, 3) }}", "{{ [1] | sort(x=1) }}",
                "{{ namespace(1) }}", "{{ 'x'.center() }}", "{{ 'x' | truncate('y') }}", "{{ 'x' | round }}")) {
            refused(template);
        }
    }

    @Test void aLongConversationIsFarFromTheLimits() {
        List<Map<String, String>> messages = java.util.stream.IntStream.range(0, 400)
                .mapToObj(i -> Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "word ".repeat(400))).toList();
        String text = Template.parse(
                "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{% if '</think>' in m.content %}x{% endif %}{% endfor %}")
                .render(Map.of("messages", messages), LocalDateTime.of(2031, 4, 9, 17, 5, 3));
        assertEquals(400 * 1999 + 200 * 6 + 200 * 11, text.length());
    }
}
