package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The special and added tokens in the files beside tokenizer.json, with the precedence of transformers 5:
 *
 * <pre>
 *   tokenizer_config.json    names (bos_token ...), more special tokens, added_tokens_decoder
 *   special_tokens_map.json  takes precedence over tokenizer_config.json, but is not read if that has an added_tokens_decoder
 *   added_tokens.json        tokens and ids; likewise not read in that case
 * </pre>
 *
 * @param named   special tokens by name, the standard names first
 * @param extra   special tokens without a name
 * @param decoder added tokens by the id in their file
 * @param closed  whether tokenizer_config.json has an added_tokens_decoder
 */
record TokenizerSettings(Map<String, AddedToken> named, List<AddedToken> extra, TreeMap<Integer, AddedToken> decoder, boolean closed) {
    private static final List<String> NAMES = List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token",
            "mask_token");
    private static final String EXTRA = "extra_special_tokens";
    private static final String ADDITIONAL = "additional_special_tokens";
    private static final String DECODER = "added_tokens_decoder";

    /** Defaults of each tokenizer class for names that its files omit. */
    private static final Map<String, Map<String, String>> CLASSES = Map.of(
            "LlamaTokenizer", Map.of("unk_token", "<unk>", "bos_token", "<s>", "eos_token", "</s>"),
            "GemmaTokenizer",
            Map.of("unk_token", "<unk>", "bos_token", "<bos>", "eos_token", "<eos>", "pad_token", "<pad>", "mask_token", "<mask>"),
            "Qwen2Tokenizer", Map.of("unk_token", "<|endoftext|>", "eos_token", "<|endoftext|>", "pad_token", "<|endoftext|>"),
            "GPT2Tokenizer", Map.of("unk_token", "<|endoftext|>", "bos_token", "<|endoftext|>", "eos_token", "<|endoftext|>"));

    /** Reads the folder; {@code byteLevel} says whether tokenizer.json is byte-level, in which case a LlamaTokenizer is a generic one. */
    static TokenizerSettings read(Path folder, BooleanSupplier byteLevel) {
        return new Reader(folder, byteLevel).settings();
    }

    /** The text of each named special token, for use in chat templates. */
    Map<String, String> texts() {
        Map<String, String> out = new LinkedHashMap<>();
        named.forEach((name, token) -> out.put(name, token.content()));
        return out;
    }

    /**
     * The tokens to add to those of tokenizer.json, in order; one that is already there gets these flags.
     *
     * @param inFile tokenizer.json's added_tokens
     */
    List<AddedToken> beside(List<AddedToken> inFile) {
        Map<Integer, AddedToken> known = new TreeMap<>(decoder);
        Map<String, AddedToken> byContent = new HashMap<>();
        known.values().forEach(t -> byContent.put(t.content(), t));
        if (!closed) {
            inFile.forEach(t -> {
                known.put(t.id(), t);
                byContent.put(t.content(), t);
            });
        }
        Set<String> specials = new HashSet<>(texts().values());
        List<AddedToken> out = new ArrayList<>(known.values());
        Set<String> there = new HashSet<>();
        Stream.concat(out.stream(), inFile.stream()).forEach(t -> there.add(t.content()));
        named.forEach((name, token) -> {
            if (!there.contains(token.content())) {
                out.add(NAMES.contains(name) ? byContent.getOrDefault(token.content(), token) : token);
            }
        });
        extra.stream().filter(token -> !there.contains(token.content())).forEach(out::add);
        out.replaceAll(token -> specials.contains(token.content()) ? token.asSpecial() : token);
        return out;
    }

    private static final class Reader {
        private final Path folder;
        private final JsonNode config;
        private final JsonNode map;
        private final boolean closed;
        private final BooleanSupplier byteLevel;

        Reader(Path folder, BooleanSupplier byteLevel) {
            this.folder = folder;
            this.byteLevel = byteLevel;
            config = object("tokenizer_config.json");
            closed = config.hasNonNull(DECODER);
            map = closed ? JsonNodeFactory.instance.objectNode() : object("special_tokens_map.json");
            if (config.path("split_special_tokens").asBoolean()) {
                throw new AglException(folder.resolve("tokenizer_config.json") + ": split_special_tokens is not supported");
            }
        }

        private JsonNode object(String name) {
            Path file = folder.resolve(name);
            JsonNode node = Files.exists(file) ? Json.read(file) : JsonNodeFactory.instance.objectNode();
            if (!node.isObject()) {
                throw new AglException(file + ": is not a JSON object");
            }
            return node;
        }

        TokenizerSettings settings() {
            return new TokenizerSettings(named(), extra(), decoder(), closed);
        }

        private Map<String, AddedToken> named() {
            Map<String, AddedToken> out = new LinkedHashMap<>();
            Map<String, String> classTokens = classTokens();
            for (String name : NAMES) {
                JsonNode value = map.has(name) ? map.get(name) : config.path(name);
                AddedToken token = value.isMissingNode() && classTokens.containsKey(name) ? AddedToken.special(classTokens.get(name))
                        : token(value, name);
                if (token != null) {
                    out.put(name, token);
                }
            }
            // Model-specific names, such as image_token.
            for (JsonNode file : List.of(map, config, map.path(EXTRA), config.path(EXTRA))) {
                boolean all = file == map.path(EXTRA) || file == config.path(EXTRA);
                for (Map.Entry<String, JsonNode> field : file.isObject() ? file.properties() : Set.<Map.Entry<String, JsonNode>>of()) {
                    boolean name = all || field.getKey().endsWith("_token") && !NAMES.contains(field.getKey());
                    if (name && (field.getValue().isTextual() || field.getValue().hasNonNull("content"))) {
                        out.putIfAbsent(field.getKey(), token(field.getValue(), field.getKey()));
                    }
                }
            }
            return out;
        }

        private Map<String, String> classTokens() {
            String name = config.path("tokenizer_class").asText("");
            name = name.endsWith("Fast") ? name.substring(0, name.length() - "Fast".length()) : name;
            return name.equals("LlamaTokenizer") && byteLevel.getAsBoolean() ? Map.of() : CLASSES.getOrDefault(name, Map.of());
        }

        /** extra_special_tokens, else additional_special_tokens; those of special_tokens_map.json join the first and replace the second. */
        private List<AddedToken> extra() {
            boolean some = config.has(EXTRA) || config.has(ADDITIONAL);
            List<AddedToken> out = new ArrayList<>(some ? tokens(ownExtra()) : tokens(map.path(ADDITIONAL)));
            if (map.path(EXTRA).isArray()) {
                if (!some) {
                    out.clear();
                }
                out.addAll(tokens(map.get(EXTRA)));
            }
            return out;
        }

        private JsonNode ownExtra() {
            return config.path(EXTRA).isEmpty() && config.has(ADDITIONAL) ? config.get(ADDITIONAL) : config.path(EXTRA);
        }

        private List<AddedToken> tokens(JsonNode list) {
            List<AddedToken> out = new ArrayList<>();
            for (JsonNode value : list.isArray() ? list : List.<JsonNode>of()) {
                AddedToken token = token(value, EXTRA);
                if (token != null) {
                    out.add(token);
                }
            }
            return out;
        }

        private AddedToken token(JsonNode value, String name) {
            if (value.isMissingNode() || value.isNull()) {
                return null;
            }
            if (value.isTextual()) {
                return AddedToken.special(value.textValue());
            }
            if (!value.path("content").isTextual()) {
                throw new AglException(folder + ": " + Json.quote(name) + " must be a text or an object with content, found "
                        + Json.quote(value.toString()));
            }
            return token(value, name, -1, true);
        }

        private AddedToken token(JsonNode value, String name, int id, boolean otherwiseSpecial) {
            Part part = Part.of(value, folder + ": " + Json.quote(name));
            boolean special = part.flag("special", otherwiseSpecial);
            return AddedToken.of(part, id, special, part.flag("normalized", !special));
        }

        private TreeMap<Integer, AddedToken> decoder() {
            TreeMap<Integer, AddedToken> out = new TreeMap<>();
            if (closed) {
                for (Map.Entry<String, JsonNode> field : config.get(DECODER).properties()) {
                    int id = id(field.getKey(), "tokenizer_config.json: " + DECODER);
                    out.put(id, token(field.getValue(), DECODER + ", " + id, id, false));
                }
                return out;
            }
            Set<String> specials = specialTexts();
            for (Map.Entry<String, JsonNode> field : object("added_tokens.json").properties()) {
                int id = id(field.getValue().asText(), "added_tokens.json");
                boolean special = specials.contains(field.getKey());
                out.put(id, new AddedToken(id, field.getKey(), false, false, false, !special, special));
            }
            return out;
        }

        /**
         * Tokens whose entry in added_tokens.json is special. Objects in special_tokens_map.json count, objects in tokenizer_config.json
         * do not.
         */
        private Set<String> specialTexts() {
            Set<String> out = new HashSet<>();
            for (String name : NAMES) {
                JsonNode value = map.has(name) ? map.get(name) : config.path(name);
                out.add(map.path(name).path("content").asText(value.asText()));
            }
            ownExtra().forEach(value -> out.add(value.asText()));
            tokens(map.path(EXTRA)).forEach(token -> out.add(token.content()));
            return out;
        }

        private int id(String text, String where) {
            if (!text.matches("\\d{1,8}") || Integer.parseInt(text) > BpeModel.MAX_ID) {
                throw new AglException(folder + ": " + where + ": " + Json.quote(text) + " is not a token id");
            }
            return Integer.parseInt(text);
        }
    }
}
