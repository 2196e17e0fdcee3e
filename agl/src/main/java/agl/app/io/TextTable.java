package agl.app.io;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A table of text for the command line. What does not fit the terminal's width goes into further blocks below, each with the first columns
 * again; no cell is ever cut.
 */
public final class TextTable {
    /** A row, or a line of text between rows (then {@code cells} has one element). */
    private record Line(List<String> cells, boolean heading) { }

    private final List<String> header;
    private final int repeated;
    private final int[] least;
    private final boolean[] right;
    private final List<Line> lines = new ArrayList<>();
    private int gap = 2;

    /**
     * @param repeated number of leading columns that name a row
     * @param header   a name for each column
     */
    public TextTable(int repeated, List<String> header) {
        this.repeated = repeated;
        this.header = List.copyOf(header);
        this.least = new int[header.size()];
        this.right = new boolean[header.size()];
    }

    /** The least widths of the columns from the first on, without the gap after each. */
    public TextTable widths(int... widths) {
        System.arraycopy(widths, 0, least, 0, Math.min(widths.length, least.length));
        return this;
    }

    /** Sets the spaces between columns. */
    public TextTable gap(int spaces) {
        gap = spaces;
        return this;
    }

    /** Aligns a column to the right. */
    public TextTable right(int column) {
        right[column] = true;
        return this;
    }

    public TextTable row(List<?> cells) {
        if (cells.size() != header.size()) {
            throw new IllegalArgumentException(cells.size() + " cells for " + header.size() + " columns");
        }
        lines.add(new Line(cells.stream().map(String::valueOf).toList(), false));
        return this;
    }

    /** A line of its own between rows; every block shows it. */
    public TextTable heading(String text) {
        lines.add(new Line(List.of(text), true));
        return this;
    }

    /** The table in the width of the terminal; lines end with the system's line separator and without spaces. */
    public String text() {
        return text(Terminal.width());
    }

    /** The table in at most {@code width} columns, unless one column alone needs more. */
    public String text(int width) {
        int[] widths = new int[header.size()];
        for (int c = 0; c < widths.length; c++) {
            int column = c;
            widths[c] = lines.stream().filter(l -> !l.heading).mapToInt(l -> length(l.cells.get(column)))
                    .reduce(Math.max(least[c], length(header.get(c))), Math::max);
        }
        StringBuilder s = new StringBuilder();
        int names = Arrays.stream(widths, 0, repeated).map(w -> w + gap).sum();
        for (int from = repeated; from == repeated || from < widths.length;) {
            int to = Math.min(from + 1, widths.length);
            int used = names + (to > from ? widths[from] : 0);
            while (to < widths.length && used + (long) gap + widths[to] <= width) {
                used += gap + widths[to++];
            }
            if (from > repeated) {
                s.append(System.lineSeparator());
            }
            block(s, widths, from, to);
            from = Math.max(to, from + 1);
        }
        return s.toString();
    }

    private void block(StringBuilder s, int[] widths, int from, int to) {
        line(s, header, widths, from, to);
        for (Line line : lines) {
            if (line.heading) {
                s.append(line.cells.getFirst()).append(System.lineSeparator());
            } else {
                line(s, line.cells, widths, from, to);
            }
        }
    }

    private void line(StringBuilder s, List<String> cells, int[] widths, int from, int to) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < to; c++) {
            if (c < repeated || c >= from) {
                String pad = " ".repeat(widths[c] - length(cells.get(c)));
                line.append(right[c] ? pad + cells.get(c) : cells.get(c) + pad).append(" ".repeat(gap));
            }
        }
        s.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
