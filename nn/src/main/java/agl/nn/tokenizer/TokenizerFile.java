package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.BpeModel.Settings;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The contents of a tokenizer.json: the model, and the other parts as trees. Vocabulary and merges are streamed: as trees, those of a
 * large model would take hundreds of megabytes.
 */
record TokenizerFile(String where, BpeModel model, Map<String, JsonNode> parts) {
    private static final Set<String> KNOWN = Set.of("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
            "post_processor", "decoder", "model");

    static TokenizerFile read(Path file) {
        return Json.read(file, parser -> new Reader(file.toString()).read(parser));
    }

    private static final class Reader {
        private final String where;
        private final Map<String, JsonNode> parts = new HashMap<>();
        private final Map<String, JsonNode> modelParts = new HashMap<>();
        private final Object2IntOpenHashMap<String> vocab = new Object2IntOpenHashMap<>();
        private final List<String> merges = new ArrayList<>();
        private boolean vocabSeen;
        private boolean mergesSeen;

        Reader(String where) {
            this.where = where;
            vocab.defaultReturnValue(-1);
        }

        TokenizerFile read(JsonParser parser) throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new AglException(where + ": not a tokenizer.json: expected an object");
            }
            boolean modelSeen = false;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (!KNOWN.contains(name)) {
                    throw new AglException(where + ": part " + Json.quote(name) + " is not supported");
                }
                JsonToken value = parser.nextToken();
                if (name.equals("model") && value == JsonToken.START_OBJECT) {
                    modelSeen = true;
                    readModel(parser);
                } else {
                    parts.put(name, Json.tree(parser));
                }
            }
            if (!modelSeen) {
                throw new AglException(where + ": not a tokenizer.json: has no model");
            }
            return new TokenizerFile(where, model(), parts);
        }

        private void readModel(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
                    vocabSeen = true;
                    readVocab(parser);
                } else if (name.equals("merges") && value == JsonToken.START_ARRAY) {
                    mergesSeen = true;
                    readMerges(parser);
                } else {
                    parser.skipChildren();
                    if (value.isScalarValue()) {
                        modelParts.put(name, Json.tree(parser));
                    }
                }
            }
        }

        private void readVocab(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String token = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw new AglException(where + ": model.vocab: id of " + Json.quote(token) + " is not a whole number");
                }
                long id = parser.getLongValue();
                if (id < 0 || id > BpeModel.MAX_ID) {
                    throw new AglException(where + ": model.vocab: id " + id + " of " + Json.quote(token) + " is out of range");
                }
                vocab.put(token, (int) id);
            }
        }

        /** Either {@code "left right"} or, since tokens may contain spaces, {@code ["left", "right"]}. */
        private void readMerges(JsonParser parser) throws IOException {
            for (JsonToken value = parser.nextToken(); value != JsonToken.END_ARRAY; value = parser.nextToken()) {
                if (value == JsonToken.VALUE_STRING) {
                    String line = parser.getText();
                    if (line.startsWith("#version")) {
                        continue;
                    }
                    int space = line.indexOf(' ');
                    if (space < 0 || space != line.lastIndexOf(' ')) {
                        throw badMerge(line);
                    }
                    merges.add(line.substring(0, space));
                    merges.add(line.substring(space + 1));
                } else {
                    int before = merges.size();
                    if (value != JsonToken.START_ARRAY) {
                        throw badMerge(String.valueOf(parser.getText()));
                    }
                    while (parser.nextToken() == JsonToken.VALUE_STRING && merges.size() < before + 3) {
                        merges.add(parser.getText());
                    }
                    if (parser.currentToken() != JsonToken.END_ARRAY || merges.size() != before + 2) {
                        throw badMerge(String.join(" ", merges.subList(before, merges.size())));
                    }
                }
            }
        }

        private AglException badMerge(String what) {
            return new AglException(where + ": model.merges[" + merges.size() / 2 + "]: " + Json.quote(what) + " is not a pair of tokens");
        }

        private BpeModel model() {
            JsonNode type = modelParts.get("type");
            if (type != null && !type.asText().equals("BPE")) {
                throw new AglException(where + ": model type " + Json.quote(type.asText()) + " is not supported, only BPE is");
            }
            if (!vocabSeen || !mergesSeen) {
                throw new AglException(where + ": model has no " + (vocabSeen ? "merges" : "vocab") + ", so it is not BPE");
            }
            JsonNode dropout = modelParts.get("dropout");
            if (dropout != null && dropout.asDouble() != 0) {
                throw new AglException(
                        where + ": model.dropout " + Json.quote(dropout.toString()) + " is not supported: ids would be random");
            }
            Settings settings = new Settings(text("unk_token", null), text("continuing_subword_prefix", ""), text("end_of_word_suffix", ""),
                    flag("fuse_unk"), flag("byte_fallback"), flag("ignore_merges"));
            return new BpeModel(vocab, merges, settings, where);
        }

        private String text(String name, String otherwise) {
            JsonNode value = modelParts.get(name);
            if (value == null || value.isNull()) {
                return otherwise;
            }
            if (!value.isTextual()) {
                throw new AglException(where + ": model." + name + " is not a string");
            }
            return value.textValue();
        }

        private boolean flag(String name) {
            JsonNode value = modelParts.get(name);
            if (value != null && !value.isNull() && !value.isBoolean()) {
                throw new AglException(where + ": model." + name + " is not true or false");
            }
            return value != null && value.booleanValue();
        }
    }
}
