package agl.nn.tokenizer;

import agl.nn.checkpoint.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Splits a text into the pieces within which tokens are merged: tokenizer.json's {@code pre_tokenizer}. */
@FunctionalInterface
interface PreTokenizer {
    /**
     * A piece of the text.
     *
     * @param text  never empty
     * @param first whether it is at the very start of the encoded text (for Metaspace's scheme "first")
     */
    record Piece(String text, boolean first) {
    }

    void split(Piece piece, Consumer<Piece> out);

    static PreTokenizer parse(Part part) {
        return switch (part.type()) {
            case "ByteLevel" -> byteLevel(part.flag("add_prefix_space", true), part.flag("use_regex", true));
            case "Split" -> split(part);
            case "Digits" -> cutting(TextPattern.characters(Characters::isNumber),
                    part.flag("individual_digits", false) ? Cut.ISOLATED : Cut.CONTIGUOUS);
            case "Metaspace" -> metaspace(part);
            case "Punctuation" -> cutting(TextPattern.characters(Characters::isPunctuation), Cut.parse(part, Cut.ISOLATED));
            case "Whitespace" -> // the matches of \w+|[^\w\s]+
                cutting(TextPattern.regex(Pattern.compile("\\s+|\\w+|[^\\w\\s]+", Pattern.UNICODE_CHARACTER_CLASS)), Cut.ISOLATED,
                        Characters::isWhiteSpace);
            case "WhitespaceSplit" -> cutting(TextPattern.characters(Characters::isWhiteSpace), Cut.REMOVED);
            case "CharDelimiterSplit" -> {
                int delimiter = part.codePoint("delimiter");
                yield cutting(TextPattern.characters(c -> c == delimiter), Cut.REMOVED);
            }
            case "Sequence" -> sequence(part.children("pretokenizers").stream().map(PreTokenizer::parse).toList());
            default -> throw part.unknown();
        };
    }

    private static PreTokenizer sequence(List<PreTokenizer> steps) {
        return (piece, out) -> {
            List<Piece> pieces = List.of(piece);
            for (PreTokenizer step : steps) {
                List<Piece> next = new ArrayList<>();
                for (Piece p : pieces) {
                    step.split(p, next::add);
                }
                pieces = next;
            }
            pieces.forEach(out);
        };
    }

    /** The text's bytes, each as its character; first split into GPT-2's words if requested. */
    private static PreTokenizer byteLevel(boolean addPrefixSpace, boolean useRegex) {
        TextPattern words = TextPattern.regex(OnigRegex.compile(OnigRegex.GPT2, "ByteLevel"));
        return (piece, out) -> {
            String text = addPrefixSpace && !piece.text.startsWith(" ") ? " " + piece.text : piece.text;
            if (useRegex) {
                Cut.ISOLATED.cut(text, words.spans(text),
                        (start, end) -> out.accept(new Piece(Bytes.encode(text.substring(start, end)), piece.first && start == 0)));
            } else {
                out.accept(new Piece(Bytes.encode(text), piece.first));
            }
        };
    }

    private static PreTokenizer split(Part part) {
        TextPattern pattern = TextPattern.parse(part);
        boolean invert = part.flag("invert", false);
        TextPattern used = invert
                ? text -> pattern.spans(text).stream().map(s -> new TextPattern.Span(s.start(), s.end(), !s.match())).toList() : pattern;
        return cutting(used, Cut.parse(part, null));
    }

    private static PreTokenizer metaspace(Part part) {
        String mark = Character.toString(part.codePoint("replacement"));
        String scheme = part.has("prepend_scheme") ? part.text("prepend_scheme") : part.flag("add_prefix_space", true) ? "always" : "never";
        if (!scheme.equals("always") && !scheme.equals("first") && !scheme.equals("never")) {
            throw part.wrong("prepend_scheme " + Json.quote(scheme) + " is not supported");
        }
        boolean split = part.flag("split", true);
        TextPattern marks = TextPattern.characters(c -> c == mark.codePointAt(0));
        return (piece, out) -> {
            String marked = piece.text.replace(" ", mark);
            boolean prepend = !marked.startsWith(mark) && (scheme.equals("always") || scheme.equals("first") && piece.first);
            Piece whole = new Piece(prepend ? mark + marked : marked, piece.first);
            if (split) {
                cutting(marks, Cut.MERGED_WITH_NEXT).split(whole, out);
            } else {
                out.accept(whole);
            }
        };
    }

    private static PreTokenizer cutting(TextPattern pattern, Cut cut) {
        return cutting(pattern, cut, c -> false);
    }

    /** Splits at {@code pattern}; drops pieces whose first character is {@code dropped}. */
    private static PreTokenizer cutting(TextPattern pattern, Cut cut, java.util.function.IntPredicate dropped) {
        return (piece, out) -> cut.cut(piece.text, pattern.spans(piece.text), (start, end) -> {
            if (!dropped.test(piece.text.codePointAt(start))) {
                out.accept(new Piece(piece.text.substring(start, end), piece.first && start == 0));
            }
        });
    }

    /** What happens to the matches when a text is split at them. */
    enum Cut {
        /** They are dropped. */
        REMOVED,
        /** Each is a piece of its own. */
        ISOLATED,
        /** Each belongs to the piece before it. */
        MERGED_WITH_PREVIOUS,
        /** Each belongs to the piece after it. */
        MERGED_WITH_NEXT,
        /** Adjacent ones form one piece. */
        CONTIGUOUS;

        @FunctionalInterface
        interface Range {
            void accept(int start, int end);
        }

        static Cut parse(Part part, Cut otherwise) {
            if (otherwise != null && !part.has("behavior")) {
                return otherwise;
            }
            return switch (part.text("behavior")) {
                case "Removed" -> REMOVED;
                case "Isolated" -> ISOLATED;
                case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
                case "MergedWithNext" -> MERGED_WITH_NEXT;
                case "Contiguous" -> CONTIGUOUS;
                default -> throw part.wrong("behavior " + Json.quote(part.text("behavior")) + " is not supported");
            };
        }

        /** Passes on the pieces of {@code text} in order, none empty. */
        void cut(String text, List<TextPattern.Span> spans, Range out) {
            int start = 0; // of the piece being gathered
            for (int i = 0; i < spans.size(); i++) {
                TextPattern.Span span = spans.get(i);
                boolean next = i + 1 < spans.size() && spans.get(i + 1).match();
                boolean last = i + 1 == spans.size();
                boolean ends = last || switch (this) {
                    case REMOVED, ISOLATED -> true;
                    case MERGED_WITH_PREVIOUS -> span.match() || !next;
                    case MERGED_WITH_NEXT -> !span.match() || next;
                    case CONTIGUOUS -> span.match() != next;
                };
                if (ends) {
                    if (span.end() > start && !(this == REMOVED && span.match())) {
                        out.accept(start, span.end());
                    }
                    start = span.end();
                }
            }
        }
    }
}
