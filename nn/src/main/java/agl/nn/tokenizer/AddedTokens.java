package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import it.unimi.dsi.fastutil.ints.Int2ObjectOpenHashMap;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The tokens that are matched literally in the text. Their ids are those of the tokenizers library: the vocabulary's if the token is
 * in it, otherwise consecutive from the vocabulary's size on, whatever their file says.
 */
final class AddedTokens {
    private final Map<String, AddedToken> byContent = new HashMap<>();
    private final Int2ObjectOpenHashMap<AddedToken> byId = new Int2ObjectOpenHashMap<>();
    private final Set<String> special = new HashSet<>();
    private final Finder raw = new Finder();
    private final Finder normalized = new Finder();
    private final Object2IntOpenHashMap<String> normalizedForms = new Object2IntOpenHashMap<>();
    private final Int2ObjectOpenHashMap<String> decoded = new Int2ObjectOpenHashMap<>();
    private int size;

    /** @param tokens in the order in which they are added; of several with the same content, the last one's flags count */
    AddedTokens(List<AddedToken> tokens, BpeModel model, Normalizer normalizer, String where) {
        normalizedForms.defaultReturnValue(-1);
        Map<String, AddedToken> numbered = new LinkedHashMap<>();
        int next = model.count();
        SequencedSet<String> renumbered = new LinkedHashSet<>();
        for (AddedToken token : tokens) {
            String content = token.content();
            if (content.isEmpty()) {
                continue;
            }
            boolean known = numbered.containsKey(content) || model.id(content) >= 0;
            int id = numbered.containsKey(content) ? numbered.get(content).id() : known ? model.id(content) : next++;
            if (!known && model.token(id) != null) {
                throw new AglException(where + ": added token " + Json.quote(content) + " would get id " + id + ", which is that of "
                        + Json.quote(model.token(id))
                        + " in the vocabulary: its ids have gaps");
            }
            if (token.id() >= 0 && token.id() != id) {
                renumbered.add(Json.quote(content) + " is " + id + ", not " + token.id());
            }
            numbered.put(content, token.withId(id));
            // As in the library, these two persist if the flags change later.
            if (token.special()) {
                special.add(content);
            }
            if (token.normalized()) {
                decoded.put(id, normalizer.normalize(content));
            }
        }
        if (!renumbered.isEmpty()) {
            System.getLogger(AddedTokens.class.getName()).log(System.Logger.Level.WARNING,
                    where + ": added tokens are numbered consecutively after the vocabulary, as in the "
                            + "tokenizers library, not as in their file: " + renumbered.getFirst()
                            + (renumbered.size() > 1 ? ", and " + (renumbered.size() - 1) + " more" : ""));
        }
        for (AddedToken token : numbered.values()) {
            add(token, normalizer, where);
        }
    }

    private void add(AddedToken token, Normalizer normalizer, String where) {
        byContent.put(token.content(), token);
        byId.put(token.id(), token);
        decoded.putIfAbsent(token.id(), token.content());
        String form = token.normalized() ? normalizer.normalize(token.content()) : token.content();
        if (token.normalized() && normalizedForms.put(form, token.id()) != -1) {
            // The library picks an arbitrary one of the two.
            throw new AglException(where + ": added token " + Json.quote(token.content()) + ": another one has the same normalized form");
        }
        if (!form.isEmpty()) {
            (token.normalized() ? normalized : raw).add(form, token);
        }
        size = Math.max(size, token.id() + 1);
    }

    AddedToken byContent(String content) {
        return byContent.get(content);
    }

    AddedToken byId(int id) {
        return byId.get(id);
    }

    /** The token text that decoding starts from: the normalized form, which the decoder undoes; null if the id is not an added token. */
    String decoded(int id) {
        return decoded.get(id);
    }

    boolean isSpecial(String token) {
        return special.contains(token);
    }

    /** One more than the largest id. */
    int size() {
        return size;
    }

    /** Splits {@code text} at the tokens that are matched in raw text. */
    void cutRaw(String text, Consumer<String> rest, IntConsumer token) {
        raw.cut(text, rest, token);
    }

    /** Splits {@code text} at the tokens that are matched in normalized text. */
    void cutNormalized(String text, Consumer<String> rest, IntConsumer token) {
        normalized.cut(text, rest, token);
    }

    /** Searches for many strings at once: the leftmost match, and the longest of several at the same position. */
    private static final class Finder {
        private static final class Node {
            private final Map<Character, Node> children = new HashMap<>();
            private AddedToken token;
        }

        private final Node root = new Node();

        void add(String form, AddedToken token) {
            Node node = root;
            for (int i = 0; i < form.length(); i++) {
                node = node.children.computeIfAbsent(form.charAt(i), c -> new Node());
            }
            node.token = token;
        }

        void cut(String text, Consumer<String> rest, IntConsumer out) {
            int done = 0;
            for (int at = 0; at < text.length() && !root.children.isEmpty(); ) {
                AddedToken token = null;
                int end = at;
                Node node = root.children.get(text.charAt(at));
                for (int i = at + 1; node != null; i++) {
                    if (node.token != null) {
                        token = node.token;
                        end = i;
                    }
                    node = i < text.length() ? node.children.get(text.charAt(i)) : null;
                }
                if (token == null) {
                    at++;
                    continue;
                }
                int start = at;
                int stop = end;
                at = end; // the search continues here, even if the match is dropped or absorbs more
                if (token.singleWord() && (start > 0 && Characters.isWord(text.codePointBefore(start))
                        || stop < text.length() && Characters.isWord(text.codePointAt(stop)))) {
                    continue;
                }
                while (token.lstrip() && start > done && Characters.isWhiteSpace(text.charAt(start - 1))) {
                    start--;
                }
                while (token.rstrip() && stop < text.length() && Characters.isWhiteSpace(text.charAt(stop))) {
                    stop++;
                }
                if (done < start) {
                    rest.accept(text.substring(done, start));
                }
                out.accept(token.id());
                done = stop;
            }
            if (done < text.length()) {
                rest.accept(text.substring(done));
            }
        }
    }
}
