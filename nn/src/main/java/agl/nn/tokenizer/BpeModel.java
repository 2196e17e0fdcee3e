package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongHeapPriorityQueue;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Byte-pair encoding (Sennrich et al., 2016, arXiv:1508.07909): a piece of text begins as single characters; of all adjacent
 * pairs, the one learned first is merged, repeatedly, until no pair is in the list. With a heap of candidate pairs over a linked
 * list of symbols, a piece of n characters takes O(n log n).
 */
final class BpeModel {
    private static final int NONE = -1;
    private static final int CACHE_WORDS = 20_000;
    private static final int CACHE_LENGTH = 64;
    /** Upper bound on ids: with larger ones, the table from ids to tokens would not fit in memory. */
    static final int MAX_ID = 1 << 24;

    /**
     * The settings other than vocabulary and merges.
     *
     * @param unkToken     replaces a character that is not in the vocabulary; null: the character is omitted
     * @param prefix       put before every character of a piece but the first ("" for none)
     * @param suffix       put after the last character of a piece ("" for none)
     * @param fuseUnk      whether adjacent unknown characters become one token
     * @param byteFallback whether an unknown character becomes the tokens of its bytes, {@code <0x00>}..{@code <0xFF>}
     * @param ignoreMerges whether a piece that is in the vocabulary becomes one token without merging
     */
    record Settings(String unkToken, String prefix, String suffix, boolean fuseUnk, boolean byteFallback, boolean ignoreMerges) {
    }

    private final Object2IntOpenHashMap<String> vocab;
    private final String[] tokens;
    private final Settings settings;
    /** Ids of single characters, by code point: the common case of the first step, without creating strings. */
    private final Int2IntOpenHashMap characters = new Int2IntOpenHashMap();
    private final int[] byteIds = new int[256];
    private final int unkId;
    /** (left id, right id) to rank, the index in the list of merges. */
    private final Long2IntOpenHashMap ranks;
    /** By rank: the id that the pair becomes. */
    private final int[] merged;
    private final Map<String, int[]> cache = new ConcurrentHashMap<>();

    /**
     * @param vocab  token to id, default value -1
     * @param merges left, right, left, right, ... in the order they were learned
     * @param where  the file, for messages
     */
    BpeModel(Object2IntOpenHashMap<String> vocab, List<String> merges, Settings settings, String where) {
        this.vocab = vocab;
        this.settings = settings;
        int max = NONE;
        for (int id : vocab.values()) {
            max = Math.max(max, id);
        }
        tokens = new String[max + 1];
        characters.defaultReturnValue(NONE);
        for (Object2IntOpenHashMap.Entry<String> entry : vocab.object2IntEntrySet()) {
            String token = entry.getKey();
            int id = entry.getIntValue();
            if (tokens[id] != null) {
                throw new AglException(where + ": tokens " + Json.quote(token) + " and " + Json.quote(tokens[id]) + " both have id " + id);
            }
            tokens[id] = token;
            if (!token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))) {
                characters.put(token.codePointAt(0), id);
            }
        }
        for (int b = 0; b < 256; b++) {
            byteIds[b] = vocab.getInt("<0x" + HexFormat.of().withUpperCase().toHexDigits((byte) b) + ">");
        }
        unkId = vocab.getInt(settings.unkToken); // -1 if there is none
        int prefixLength = settings.prefix.length();
        merged = new int[merges.size() / 2];
        ranks = new Long2IntOpenHashMap(merged.length);
        ranks.defaultReturnValue(NONE);
        for (int rank = 0; rank < merged.length; rank++) {
            String left = merges.get(2 * rank);
            String right = merges.get(2 * rank + 1);
            int leftId = vocab.getInt(left);
            int rightId = vocab.getInt(right);
            merged[rank] = right.length() < prefixLength ? NONE : vocab.getInt(left + right.substring(prefixLength));
            if (leftId < 0 || rightId < 0 || merged[rank] < 0) {
                throw new AglException(where + ": merge " + rank + ", " + Json.quote(left) + " with " + Json.quote(right)
                        + ": one of its tokens is not in the vocabulary");
            }
            ranks.put(pair(leftId, rightId), rank); // as in the reference, the later of two equal merges counts
        }
    }

    /** The id of a token, or -1. */
    int id(String token) {
        return vocab.getInt(token);
    }

    /** The token of an id, or null. */
    String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }

    /** One more than the largest id. */
    int size() {
        return tokens.length;
    }

    /** Number of tokens, less than {@link #size} if the ids have gaps. */
    int count() {
        return vocab.size();
    }

    /** Appends the ids of one piece of text. */
    void encode(String piece, IntArrayList out) {
        if (settings.ignoreMerges) {
            int whole = vocab.getInt(piece);
            if (whole >= 0) {
                out.add(whole);
                return;
            }
        }
        int[] ids = cache.get(piece);
        if (ids == null) {
            ids = merge(symbols(piece));
            if (piece.length() <= CACHE_LENGTH && cache.size() < CACHE_WORDS) {
                cache.put(piece, ids);
            }
        }
        out.addElements(out.size(), ids);
    }

    /** The ids of the single characters. */
    private IntArrayList symbols(String piece) {
        IntArrayList symbols = new IntArrayList(piece.length());
        boolean plain = settings.prefix.isEmpty() && settings.suffix.isEmpty();
        boolean pendingUnk = false; // an unknown character is added late, so that adjacent ones can join it
        for (int i = 0; i < piece.length(); ) {
            int c = piece.codePointAt(i);
            int next = i + Character.charCount(c);
            String text = plain ? null
                    : (i == 0 ? "" : settings.prefix) + Character.toString(c) + (next == piece.length() ? settings.suffix : "");
            i = next;
            int id = plain ? characters.get(c) : vocab.getInt(text);
            if (id >= 0) {
                if (pendingUnk) {
                    symbols.add(unkId);
                    pendingUnk = false;
                }
                symbols.add(id);
            } else if (!(settings.byteFallback && addBytes(plain ? Character.toString(c) : text, symbols)) && settings.unkToken != null) {
                if (unkId < 0) {
                    throw new AglException(
                            "tokenizer: unknown token " + Json.quote(settings.unkToken) + " is needed but not in the vocabulary");
                }
                if (pendingUnk && !settings.fuseUnk) {
                    symbols.add(unkId);
                }
                pendingUnk = true;
            }
        }
        if (pendingUnk) {
            symbols.add(unkId);
        }
        return symbols;
    }

    /** Adds the tokens of the bytes if all of them are in the vocabulary. */
    private boolean addBytes(String text, IntArrayList symbols) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (byte b : bytes) {
            if (byteIds[b & 0xFF] < 0) {
                return false;
            }
        }
        for (byte b : bytes) {
            symbols.add(byteIds[b & 0xFF]);
        }
        return true;
    }

    private int[] merge(IntArrayList symbols) {
        int n = symbols.size();
        int[] id = symbols.toIntArray();
        int[] next = new int[n];
        int[] previous = new int[n];
        boolean[] gone = new boolean[n];
        // Candidates, rank and position packed into one long: smallest rank first, leftmost first among equals.
        LongHeapPriorityQueue heap = new LongHeapPriorityQueue(n);
        for (int i = 0; i < n; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < n ? i + 1 : NONE;
            push(heap, id, i, next[i]);
        }
        int left = n;
        while (!heap.isEmpty()) {
            long top = heap.dequeueLong();
            int at = (int) top;
            int becomes = merged[(int) (top >>> 32)];
            if (gone[at] || next[at] == NONE) {
                continue;
            }
            int right = next[at];
            int rank = ranks.get(pair(id[at], id[right]));
            if (rank == NONE || merged[rank] != becomes) {
                continue; // one of the two has been merged with another symbol meanwhile
            }
            id[at] = becomes;
            gone[right] = true;
            left--;
            next[at] = next[right];
            if (next[at] != NONE) {
                previous[next[at]] = at;
            }
            push(heap, id, previous[at], at);
            push(heap, id, at, next[at]);
        }
        int[] out = new int[left];
        for (int i = 0, o = 0; i < n; i++) {
            if (!gone[i]) {
                out[o++] = id[i];
            }
        }
        return out;
    }

    private void push(LongHeapPriorityQueue heap, int[] id, int left, int right) {
        if (left != NONE && right != NONE) {
            int rank = ranks.get(pair(id[left], id[right]));
            if (rank != NONE) {
                heap.enqueue((long) rank << 32 | left);
            }
        }
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }
}
