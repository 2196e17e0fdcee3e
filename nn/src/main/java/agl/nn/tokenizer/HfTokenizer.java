package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.PreTokenizer.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tokenizer read from Hugging Face's {@code tokenizer.json}. It gives the same ids as the {@code tokenizers} library:
 *
 * <pre>
 *   text -> added tokens matched -> normalizer -> pre-tokenizer -> BPE in each piece -> post-processor -> ids
 *   ids  -> tokens -> decoder -> text
 * </pre>
 *
 * An unsupported part is rejected when the file is loaded. The file's {@code truncation} and {@code padding} are not applied:
 * they are the training run's settings, not the model's.
 * Format: <a href="https://github.com/huggingface/tokenizers">github.com/huggingface/tokenizers</a>.
 */
public final class HfTokenizer implements Tokenizer {
    private final BpeModel model;
    private final AddedTokens added;
    private final Normalizer normalizer;
    private final PreTokenizer preTokenizer;
    private final PostProcessor postProcessor;
    private final Decoder decoder;
    private final SpecialTokens special;
    /** The model knows only ids below this. */
    private final int vocabulary;

    private HfTokenizer(TokenizerFile file, Path folder) {
        String where = file.where();
        model = file.model();
        normalizer = part(file, "normalizer") == null ? text -> text : Normalizer.parse(part(file, "normalizer"));
        preTokenizer = part(file, "pre_tokenizer") == null ? (piece, out) -> out.accept(piece)
                : PreTokenizer.parse(part(file, "pre_tokenizer"));
        postProcessor = part(file, "post_processor") == null ? ids -> ids : PostProcessor.parse(part(file, "post_processor"));
        decoder = part(file, "decoder") == null ? tokens -> List.of(String.join(" ", tokens)) : Decoder.parse(part(file, "decoder"));
        TokenizerSettings settings = TokenizerSettings.read(folder, () -> isByteLevel(file));
        List<AddedToken> tokens = addedTokens(file);
        tokens.addAll(settings.beside(tokens));
        added = new AddedTokens(tokens, model, normalizer, where);
        special = SpecialTokens.read(folder, settings, this::tokenId);
        vocabulary = Integer.MAX_VALUE;
    }

    /** The same tokenizer for a model with fewer tokens. */
    private HfTokenizer(HfTokenizer other, int vocabulary) {
        model = other.model;
        added = other.added;
        normalizer = other.normalizer;
        preTokenizer = other.preTokenizer;
        postProcessor = other.postProcessor;
        decoder = other.decoder;
        special = other.special;
        this.vocabulary = vocabulary;
    }

    /**
     * The same tokenizer for a model of {@code vocabulary} tokens. Some tokenizers have tokens that their model lacks (Gemma 3's small
     * models: one for images); a text is rejected only if it contains such a token.
     */
    public HfTokenizer forVocabulary(int vocabulary) {
        if (model.count() > vocabulary) {
            throw new AglException(
                    "the tokenizer has " + model.count() + " tokens, the model only " + vocabulary + ": they do not belong together");
        }
        return new HfTokenizer(this, vocabulary);
    }

    /** Whether the tokenizer of a folder, if there is one, is byte-level. */
    static boolean isByteLevel(Path folder) {
        return Files.exists(folder.resolve("tokenizer.json")) && isByteLevel(TokenizerFile.read(folder.resolve("tokenizer.json")));
    }

    private static boolean isByteLevel(TokenizerFile file) {
        return List.of("pre_tokenizer", "decoder").stream()
                .anyMatch(name -> String.valueOf(file.parts().get(name)).contains("\"ByteLevel\""));
    }

    /** Reads {@code tokenizer.json} in a folder, or the file itself, and the special tokens in the files beside it. */
    public static HfTokenizer load(Path folderOrFile) {
        Path file = Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
        if (!Files.exists(file)) {
            throw new AglException(missing(file));
        }
        return new HfTokenizer(TokenizerFile.read(file), file.toAbsolutePath().getParent());
    }

    /** The message for a missing file: what is there instead, and what to do. */
    private static String missing(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        for (String other : new String[] {"tokenizer.model", "tokenizer.bin", "vocab.json", "tekken.json"}) {
            if (Files.exists(folder.resolve(other))) {
                return file + ": no such file, and " + other + " beside it is not read: text needs a tokenizer.json (transformers' "
                        + "AutoTokenizer writes one with save_pretrained)";
            }
        }
        return file + ": no such file; text needs a tokenizer.json";
    }

    private static Part part(TokenizerFile file, String name) {
        JsonNode node = file.parts().get(name);
        return node == null || node.isNull() ? null : Part.of(node, file.where() + ": " + name);
    }

    private static List<AddedToken> addedTokens(TokenizerFile file) {
        List<AddedToken> tokens = new ArrayList<>();
        JsonNode list = file.parts().get("added_tokens");
        if (list != null && !list.isNull()) {
            if (!list.isArray()) {
                throw new AglException(file.where() + ": added_tokens is not an array");
            }
            for (JsonNode token : list) {
                tokens.add(AddedToken.parse(Part.of(token, file.where() + ": added_tokens[" + tokens.size() + "]")));
            }
        }
        return tokens;
    }

    @Override public int[] encode(String text, boolean addSpecial) {
        IntArrayList ids = new IntArrayList();
        boolean[] first = {true};
        added.cutRaw(wellFormed(text), rest -> {
            added.cutNormalized(normalizer.normalize(rest), piece -> {
                preTokenizer.split(new Piece(piece, first[0]), word -> model.encode(word.text(), ids));
                first[0] = false;
            }, id -> {
                ids.add(id);
                first[0] = false;
            });
            first[0] = false;
        }, id -> {
            ids.add(id);
            first[0] = false;
        });
        int[] all = addSpecial ? postProcessor.process(ids.toIntArray()) : ids.toIntArray();
        for (int id : all) {
            if (id >= vocabulary) {
                throw new AglException("the text contains token " + Json.quote(token(id)) + " with id " + id
                        + ", but the model's vocabulary has only " + vocabulary
                        + " tokens");
            }
        }
        return all;
    }

    @Override public String decode(int[] ids, boolean skipSpecial) {
        List<String> tokens = new ArrayList<>(ids.length);
        for (int id : ids) {
            String token = added.decoded(id) != null ? added.decoded(id) : model.token(id);
            if (token != null && !(skipSpecial && added.isSpecial(token))) {
                tokens.add(token);
            }
        }
        return String.join("", decoder.decode(tokens));
    }

    @Override public int vocabSize() {
        return Math.max(model.size(), added.size());
    }

    @Override public int bosId() {
        return special.bos();
    }

    @Override public int eosId() {
        return special.eos();
    }

    @Override public int padId() {
        return special.pad();
    }

    @Override public Integer tokenId(String token) {
        AddedToken known = added.byContent(token);
        int id = known != null ? known.id() : model.id(token);
        return id < 0 ? null : id;
    }

    @Override public String token(int id) {
        AddedToken known = added.byId(id);
        return known != null ? known.content() : model.token(id);
    }

    /** An unpaired surrogate is not a character: UTF-8 cannot encode it. */
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                StringBuilder out = new StringBuilder(text.length());
                text.codePoints()
                        .forEach(c -> out.appendCodePoint(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c));
                return out.toString();
            }
        }
        return text;
    }
}
