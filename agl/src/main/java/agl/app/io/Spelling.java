package agl.app.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Which name a misspelt word may stand for. */
public final class Spelling {
    private Spelling() {
    }

    /** "; did you mean NAME?" for a word that is nearly one of the names, otherwise nothing. */
    public static String hint(String word, Collection<String> names) {
        return nearest(word, names).map(name -> "; did you mean " + name + "?").orElse("");
    }

    /** The name that differs least, if it is near enough to be a slip. */
    static Optional<String> nearest(String word, Collection<String> names) {
        int most = Math.max(2, word.length() / 4);
        return names.stream().filter(name -> distance(word, name) <= most && distance(word, name) < name.length() / 2)
                .min(Comparator.<String>comparingInt(name -> distance(word, name)).thenComparing(name -> name));
    }

    /** Letters to insert, delete, replace or exchange with their neighbour, until {@code a} is {@code b}. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                d[i][j] = Math.min(d[i - 1][j - 1] + (same ? 0 : 1), 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
