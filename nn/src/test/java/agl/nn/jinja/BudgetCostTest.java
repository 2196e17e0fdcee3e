package agl.nn.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is counted: a step for an evaluation, a share of one for a character or an item that is made or looked at. */
class BudgetCostTest {
    private static final int N = 8000;

    /** Two million steps and not one more; values of 4,194,304 characters at most, each of which costs an eighth of a step. */
    @Test
    void whatABudgetCounts() {
        Budget steps = new Budget();
        steps.spend(1_999_998);
        steps.spend(0);
        steps.spend(-5);
        assertThrows(AglException.class, () -> steps.spend(0), "all are spent");
        Budget made = new Budget();
        for (int i = 0; i < 3; i++) {
            made.make(4 << 20);
        }
        made.spend(2_000_000 - 3 * (1 << 19));
        assertThrows(AglException.class, () -> made.make(1));
        assertThrows(AglException.class, () -> new Budget().make((4 << 20) + 1));
        Budget search = new Budget();
        search.search("x".repeat(80), "y".repeat(64));
        search.spend(2_000_000 - 10 - 80);
        assertThrows(AglException.class, () -> search.spend(1));
        Budget overflow = new Budget();
        overflow.spend(1);
        assertThrows(AglException.class, () -> overflow.spend(Long.MAX_VALUE));
        assertEquals("why not", Budget.wrong("why not").getMessage());
    }

    private static long spent(String expression, int n) {
        Budget budget = new Budget();
        Scope scope = new Scope(null, budget);
        Globals.define(scope, null);
        scope.set("s", "a".repeat(n));
        scope.set("t", "a".repeat(n - 1) + "b");
        scope.set("l", IntStream.range(1, n + 1).<Object>mapToObj(i -> (long) i).toList());
        scope.set("m", IntStream.range(1, n + 1).<Object>mapToObj(i -> (long) i).toList());
        new Statements(Lexer.tokens("{% set x = " + expression + " %}")).template().render(scope, new StringBuilder());
        long left = 0;
        try {
            while (true) {
                budget.spend(1);
                left++;
            }
        } catch (AglException e) {
            return 2_000_000 - left;
        }
    }

    /** Steps that 8,000 characters or items more take: an eighth, a quarter or all of them, times over where several values are made. */
    @Test
    void whatIsLongCostsInProportion() {
        Map<String, Integer> costs = Map.ofEntries(
                Map.entry("'%s' % s", 1000), Map.entry("'x' | indent(s | length)", 2000), Map.entry("'{}'.format(s)", 1000),
                Map.entry("1 in l", 2000), Map.entry("['a', 'b'] | join(s)", 2000), Map.entry("[1] | batch(s | length, 0) | list", 1000),
                Map.entry("[1] | slice(s | length) | list", 3000), Map.entry("[1] | tojson(indent=s | length)", 2000),
                Map.entry("[s] | string", 2000), Map.entry("l * 2", 2000), Map.entry("l + l", 16000), Map.entry("l == m", 8000),
                Map.entry("l | list", 2000), Map.entry("l | map('string') | list", 20000), Map.entry("l | select | list", 12000),
                Map.entry("l | string", 14750), Map.entry("l | tojson", 22750), Map.entry("l[1:]", 1000),
                Map.entry("range(s | length) | list", 3000), Map.entry("s * 3", 3000), Map.entry("s + s", 2000), Map.entry("s < t", 1000),
                Map.entry("s == t", 1000), Map.entry("s is lower", 1000), Map.entry("s | e", 5000), Map.entry("s | indent", 1000),
                Map.entry("s | list", 1000), Map.entry("s | replace('b', 'cc')", 3125), Map.entry("s | title", 4000),
                Map.entry("s | tojson", 1000), Map.entry("s | upper", 4000), Map.entry("s ~ s", 3000), Map.entry("s.center(9)", 2000),
                Map.entry("s.center(s | length + 8)", 2000), Map.entry("s.expandtabs()", 2000), Map.entry("s.find('b')", 2125),
                Map.entry("s.format()", 10000), Map.entry("s.join(['a', 'b'])", 3000), Map.entry("s.partition('b')", 2125),
                Map.entry("s.replace('', '-')", 4000), Map.entry("s.replace('b', 'cc')", 4125), Map.entry("s.split('b')", 2125),
                Map.entry("s.upper()", 1000), Map.entry("s[1:]", 1000), Map.entry("s[5]", 1000), Map.entry("s[::-1]", 2000));
        costs.forEach((expression, expected) ->
                assertEquals((long) expected, spent(expression, 2 * N) - spent(expression, N), expression));
    }
}
