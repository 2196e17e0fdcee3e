package agl.lora;

import agl.error.AglException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Selects the layers of a model that an adapter adapts, by PEFT's rules.
 *
 * @param names          target_modules as a list: an entry matches a layer whose name equals it or ends in "." + entry
 * @param pattern        target_modules as one regular expression over the whole layer name, or null; {@value #ALL_LINEAR}: every linear
 *                       layer except the head
 * @param exclude        exclude_modules as a list; with {@code excludeIsPattern}, a list of one pattern
 * @param layers         layers_to_transform: indices of the layers in which {@code names} are matched; empty for all
 * @param layersPattern  layers_pattern: names of the layer lists whose index counts ("h", "layers"); empty for any
 */
public record Targets(List<String> names, String pattern, List<String> exclude, boolean excludeIsPattern, List<Integer> layers,
        List<String> layersPattern) {
    /** PEFT's keyword for every linear layer except the head. */
    public static final String ALL_LINEAR = "all-linear";
    private static final int MAX_PATTERN = 1000;

    public Targets {
        names = List.copyOf(names);
        exclude = List.copyOf(exclude);
        layers = List.copyOf(layers);
        layersPattern = List.copyOf(layersPattern);
        if (pattern == null && names.isEmpty()) {
            throw new AglException("target_modules is empty: name the layers to adapt, for example q_proj,v_proj");
        }
        if (pattern != null && !pattern.equalsIgnoreCase(ALL_LINEAR)) {
            compile(pattern, "target_modules");
        }
        if (excludeIsPattern) {
            compile(exclude.getFirst(), "exclude_modules");
        }
        layersPattern.forEach(p -> compile(p, "layers_pattern"));
    }

    /** From a user's setting: comma-separated names, "all-linear", or a regular expression (has a character that no name has). */
    public static Targets of(String text) {
        boolean pattern = text.equalsIgnoreCase(ALL_LINEAR) || text.chars().anyMatch(c -> "*|()[]\\^$+?".indexOf(c) >= 0);
        List<String> names = pattern ? List.of()
                : java.util.Arrays.stream(text.split(",")).map(String::trim).filter(t -> !t.isEmpty()).toList();
        return new Targets(names, pattern ? text : null, List.of(), false, List.of(), List.of());
    }

    /** Whether the layer of that name is adapted. */
    public boolean matches(String layer) {
        if (excludeIsPattern ? matches(compile(exclude.getFirst(), "exclude_modules"), layer).matches() : endsWithOneOf(layer, exclude)) {
            return false;
        }
        if (pattern != null) {
            return pattern.equalsIgnoreCase(ALL_LINEAR) || matches(compile(pattern, "target_modules"), layer).matches();
        }
        return names.contains(layer) || endsWithOneOf(layer, names) && (layers.isEmpty() || layers.contains(layerNumber(layer)));
    }

    /** The {@link #names} that match none of these layers. */
    public List<String> unmatched(Collection<String> layers) {
        return names.stream().filter(name -> layers.stream().noneMatch(layer -> endsWithOneOf(layer, List.of(name)))).toList();
    }

    /** The same without the names that match none of these layers. */
    Targets within(Collection<String> layers) {
        List<String> kept = new ArrayList<>(names);
        kept.removeAll(unmatched(layers));
        return kept.size() == names.size() || kept.isEmpty() ? this
                : new Targets(kept, pattern, exclude, excludeIsPattern, layers(), layersPattern);
    }

    /** The first number between two dots, after a name that layers_pattern allows; −1 for none. */
    private int layerNumber(String layer) {
        for (String p : layersPattern.isEmpty() ? List.of("[^.]*") : layersPattern) {
            Matcher m = matches(
                    Pattern.compile((layersPattern.isEmpty() ? ".*?\\." : "(?:^|.*?\\.)") + translated(p) + "\\.(?<agl>\\d{1,9})\\."),
                    layer);
            if (m.lookingAt()) {
                return Integer.parseInt(m.group("agl"));
            }
        }
        return -1;
    }

    private static boolean endsWithOneOf(String layer, List<String> names) {
        return names.stream().anyMatch(n -> layer.equals(n) || layer.endsWith("." + n));
    }

    /** Compiles an untrusted pattern; throws an {@link AglException} if it is invalid. */
    static Pattern compile(String pattern, String key) {
        try {
            if (pattern.length() > MAX_PATTERN) {
                throw new AglException(
                        key + ": a regular expression of " + pattern.length() + " characters; at most " + MAX_PATTERN + " are allowed");
            }
            return Pattern.compile(translated(pattern));
        } catch (IllegalArgumentException e) { // PatternSyntaxException and what Pattern throws on odd flags
            throw new AglException(key + " \"" + agl.nn.checkpoint.Json.quote(pattern) + "\" is not a valid regular expression");
        }
    }

    /** Python writes a named group (?P&lt;x&gt;…). */
    private static String translated(String pattern) {
        return pattern.replace("(?P<", "(?<");
    }

    /** Matches with a step limit: a pattern such as (a+)+b can take exponentially long. */
    static Matcher matches(Pattern pattern, String text) {
        return pattern.matcher(new Counted(text, new int[1]));
    }

    /** A text that aborts a runaway regular expression after too many reads. */
    private record Counted(CharSequence text, int[] reads) implements CharSequence {
        private static final int LIMIT = 10_000_000;

        @Override public char charAt(int i) {
            if (++reads[0] > LIMIT) {
                throw new AglException("a regular expression of the adapter's settings takes too long on the layer name " + text);
            }
            return text.charAt(i);
        }

        @Override public int length() {
            return text.length();
        }

        @Override public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override public String toString() {
            return text.toString();
        }
    }

    /** As a user would write it. */
    @Override public String toString() {
        return pattern != null ? pattern : String.join(",", names);
    }
}
