package agl.app.report;

import java.util.Locale;

/** Text and numbers as shown in a page. */
public final class Html {
    private Html() {
    }

    /** {@code text} with HTML's special characters escaped: safe between tags and inside a quoted attribute. */
    public static String escape(Object text) {
        String s = String.valueOf(text);
        StringBuilder out = new StringBuilder(s.length() + 16);
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                // Control characters are not allowed in HTML, but a model may generate one.
                default -> out.append(c < ' ' && c != '\n' && c != '\t' || c == 0x7f ? '\ufffd' : c);
            }
        }
        return out.toString();
    }

    /** The symbol of a model or method, which {@code figure.js} draws as in the charts. */
    static String key(String name, Palette.Style style) {
        return "<span class=\"key\" data-series=\"" + escape(Palette.unmarked(name)) + "\" data-color=\"" + style.css() + "\" data-shape=\""
                + style.shape() + "\"></span>";
    }

    /** A number with up to four significant digits, an en dash for NaN, a true minus sign. */
    public static String number(double x) {
        double size = Math.abs(x);
        if (x == Math.rint(x) && size < 1e6) {
            return signed(Long.toString((long) x));
        }
        if (size >= 1e-3 && size < 1e6) {
            return fixed(x, Math.max(0, 3 - (int) Math.floor(Math.log10(size)))).replaceFirst("\\.?0+$", "");
        }
        return scientific(x);
    }

    private static String scientific(double x) {
        if (Double.isNaN(x)) {
            return "–";
        }
        return Double.isInfinite(x) ? x > 0 ? "∞" : "−∞" : signed(String.format(Locale.ROOT, "%.3e", x));
    }

    /** With a fixed number of decimals. */
    public static String fixed(double x, int decimals) {
        return Double.isFinite(x) ? signed(String.format(Locale.ROOT, "%." + decimals + "f", x)) : scientific(x);
    }

    private static String signed(String number) {
        return number.replace('-', '−');
    }

    /**
     * A column of numbers with the same number of decimals, so that they can be compared down the page: enough to show four digits of the
     * largest. If the column spans too many orders of magnitude for that, each number is formatted by itself.
     */
    static String[] column(double[] values) {
        double largest = 0;
        double smallest = Double.POSITIVE_INFINITY;
        for (double v : values) {
            if (Double.isFinite(v) && v != 0) {
                largest = Math.max(largest, Math.abs(v));
                smallest = Math.min(smallest, Math.abs(v));
            }
        }
        String[] texts = new String[values.length];
        int decimals = Math.max(0, 3 - (int) Math.floor(Math.log10(Math.max(largest, 1e-3))));
        boolean even = largest < 1e6 && (largest == 0 || smallest >= 5 * Math.pow(10, -decimals));
        while (even && decimals > 0 && allWith(values, decimals - 1, decimals)) {
            decimals--;
        }
        for (int i = 0; i < values.length; i++) {
            texts[i] = even ? fixed(values[i], decimals) : number(values[i]);
        }
        return texts;
    }

    /** Whether {@code fewer} decimals say the same as {@code decimals}. */
    private static boolean allWith(double[] values, int fewer, int decimals) {
        for (double v : values) {
            if (Double.isFinite(v) && !fixed(v, decimals).equals(fixed(v, fewer) + (fewer == 0 ? ".0" : "0"))) {
                return false;
            }
        }
        return true;
    }
}
