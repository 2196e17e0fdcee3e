package agl.nn.tokenizer;

import agl.nn.checkpoint.OutputFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntOpenHashSet;
import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;
import it.unimi.dsi.fastutil.longs.Long2ObjectOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import it.unimi.dsi.fastutil.objects.Object2IntLinkedOpenHashMap;
import it.unimi.dsi.fastutil.objects.Object2LongLinkedOpenHashMap;
import it.unimi.dsi.fastutil.objects.ObjectHeapPriorityQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al., 2016, arXiv:1508.07909; over bytes as in GPT-2): start with the 256 bytes; as
 * long as there is room, make a token of the adjacent pair that is most frequent in the texts,
 *
 * <pre>   (a, b) = argmax count(a, b),   of equally frequent pairs the one with the smaller ids,   vocabulary += ab, </pre>
 *
 * and replace every such pair with it. Each distinct word (GPT-2's split) is processed once, so that the cost grows with the number
 * of distinct words. The same texts give the same tokenizer, identical to that of the reference library's trainer.
 */
public final class BpeTrainer {
    private record Merge(int left, int right, int whole) {
    }

    private record Candidate(long pair, long count) {
        static final Comparator<Candidate> BEST_FIRST = Comparator.comparingLong((Candidate c) -> -c.count)
                .thenComparingLong(Candidate::pair);
    }

    private final List<String> specialTokens;
    private final Object2IntLinkedOpenHashMap<String> vocab = new Object2IntLinkedOpenHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private final List<Merge> merges = new ArrayList<>();

    // The current state: each word's ids and count; each pair's count and words.
    private final List<IntArrayList> words = new ArrayList<>();
    private long[] wordCounts;
    private final Long2LongOpenHashMap pairCounts = new Long2LongOpenHashMap();
    private final Long2ObjectOpenHashMap<IntOpenHashSet> pairWords = new Long2ObjectOpenHashMap<>();

    private BpeTrainer(List<String> specialTokens) {
        this.specialTokens = List.copyOf(specialTokens);
    }

    /**
     * Learns from {@code texts}.
     *
     * @param vocabSize     total number of tokens, at least 256 plus the special ones; fewer if the texts run out of pairs
     * @param specialTokens get the first ids; nothing is learned from their occurrences in a text
     */
    public static BpeTrainer train(Iterable<String> texts, int vocabSize, List<String> specialTokens) {
        if (vocabSize < 256 + specialTokens.size()) {
            throw new IllegalArgumentException(
                    "a vocabulary of " + vocabSize + " has no room for 256 bytes and " + specialTokens.size() + " special tokens");
        }
        BpeTrainer trainer = new BpeTrainer(specialTokens);
        specialTokens.forEach(trainer::token);
        IntStream.range(0, 256).map(Bytes::toChar).sorted().forEach(c -> trainer.token(Character.toString(c)));
        trainer.countWords(texts);
        trainer.learn(vocabSize);
        return trainer;
    }

    /** Number of tokens. */
    public int size() {
        return tokens.size();
    }

    private int token(String text) {
        if (!vocab.containsKey(text)) {
            vocab.put(text, tokens.size());
            tokens.add(text);
        }
        return vocab.getInt(text);
    }

    private void countWords(Iterable<String> texts) {
        Pattern special = specialTokens.isEmpty() ? null
                : Pattern.compile(specialTokens.stream().map(Pattern::quote).collect(Collectors.joining("|")));
        Pattern split = OnigRegex.compile(OnigRegex.GPT2, "BpeTrainer");
        Object2LongLinkedOpenHashMap<String> counts = new Object2LongLinkedOpenHashMap<>();
        for (String text : texts) {
            for (String part : special == null ? new String[] {text} : special.split(text)) {
                Matcher matcher = split.matcher(part);
                while (matcher.find()) {
                    counts.addTo(Bytes.encode(matcher.group()), 1);
                }
            }
        }
        wordCounts = counts.values().toLongArray();
        for (String word : counts.keySet()) {
            IntArrayList ids = new IntArrayList(word.length());
            word.chars().forEach(c -> ids.add(vocab.getInt(Character.toString(c))));
            words.add(ids);
        }
    }

    private void learn(int vocabSize) {
        ObjectHeapPriorityQueue<Candidate> queue = new ObjectHeapPriorityQueue<>(Candidate.BEST_FIRST);
        LongOpenHashSet changed = new LongOpenHashSet();
        for (int w = 0; w < words.size(); w++) {
            count(w, wordCounts[w], changed);
        }
        changed.forEach(pair -> queue.enqueue(new Candidate(pair, pairCounts.get(pair))));
        while (tokens.size() < vocabSize && !queue.isEmpty()) {
            Candidate best = queue.dequeue();
            if (best.count != pairCounts.get(best.pair)) {
                continue; // outdated: the pair's count has changed since and was queued again
            }
            if (best.count < 1) {
                break;
            }
            int left = (int) (best.pair >>> 32);
            int right = (int) best.pair;
            int whole = token(tokens.get(left) + tokens.get(right));
            merges.add(new Merge(left, right, whole));
            changed.clear();
            for (int w : pairWords.remove(best.pair).toIntArray()) {
                count(w, -wordCounts[w], changed);
                merge(words.get(w), left, right, whole);
                count(w, wordCounts[w], changed);
            }
            changed.forEach(pair -> queue.enqueue(new Candidate(pair, pairCounts.get(pair))));
        }
    }

    /** Adds {@code times} to the count of each pair in word {@code w}. */
    private void count(int w, long times, LongOpenHashSet changed) {
        IntArrayList ids = words.get(w);
        for (int i = 0; i + 1 < ids.size(); i++) {
            long pair = (long) ids.getInt(i) << 32 | ids.getInt(i + 1);
            pairCounts.addTo(pair, times);
            changed.add(pair);
            if (times > 0) {
                pairWords.computeIfAbsent(pair, p -> new IntOpenHashSet()).add(w);
            }
        }
    }

    private static void merge(IntArrayList ids, int left, int right, int whole) {
        int kept = 0;
        for (int i = 0; i < ids.size(); i++) {
            boolean here = ids.getInt(i) == left && i + 1 < ids.size() && ids.getInt(i + 1) == right;
            ids.set(kept++, here ? whole : ids.getInt(i));
            i += here ? 1 : 0;
        }
        ids.size(kept);
    }

    /** The tokenizer as a tokenizer.json. */
    public String toJson() {
        JsonMapper mapper = new JsonMapper();
        ObjectNode root = mapper.createObjectNode().put("version", "1.0").putNull("truncation").putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (String token : specialTokens) {
            added.addObject().put("id", vocab.getInt(token)).put("content", token).put("single_word", false).put("lstrip", false)
                    .put("rstrip", false).put("normalized", false).put("special", true);
        }
        root.putNull("normalizer");
        root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true).put("use_regex",
                true);
        root.putNull("post_processor");
        root.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", true).put("trim_offsets", true).put("use_regex", true);
        ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout").putNull("unk_token")
                .putNull("continuing_subword_prefix")
                .putNull("end_of_word_suffix").put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode ids = model.putObject("vocab");
        vocab.object2IntEntrySet().forEach(entry -> ids.put(entry.getKey(), entry.getIntValue()));
        ArrayNode pairs = model.putArray("merges");
        merges.forEach(merge -> pairs.addArray().add(tokens.get(merge.left)).add(tokens.get(merge.right)));
        return json(mapper, root);
    }

    /**
     * Writes tokenizer.json and tokenizer_config.json into {@code folder}.
     *
     * @param bos          one of the special tokens, or null; likewise {@code eos} and {@code pad}
     * @param chatTemplate a Jinja template for {@code chat_template}, or null
     */
    public void write(Path folder, String bos, String eos, String pad, String chatTemplate) {
        JsonMapper mapper = new JsonMapper();
        ObjectNode config = mapper.createObjectNode().put("tokenizer_class", "PreTrainedTokenizerFast").put("clean_up_tokenization_spaces",
                false);
        config.put("bos_token", bos).put("eos_token", eos).put("pad_token", pad);
        if (chatTemplate != null) {
            config.put("chat_template", chatTemplate);
        }
        OutputFile.writeText(folder.resolve("tokenizer.json"), toJson());
        OutputFile.writeText(folder.resolve("tokenizer_config.json"), json(mapper, config));
    }

    private static String json(JsonMapper mapper, ObjectNode node) {
        try {
            return mapper.writeValueAsString(node) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // a tree of strings and numbers can always be written
        }
    }
}
