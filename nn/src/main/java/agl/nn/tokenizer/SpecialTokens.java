package agl.nn.tokenizer;

import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * The ids that begin, end and pad a text, -1 if there is none: from the tokenizer's settings, else from config.json (which gives ids; the
 * first of several).
 */
record SpecialTokens(int bos, int eos, int pad) {
    static SpecialTokens read(Path folder, TokenizerSettings settings, Function<String, Integer> idOf) {
        return new SpecialTokens(find(folder, settings, "bos", idOf), find(folder, settings, "eos", idOf),
                find(folder, settings, "pad", idOf));
    }

    private static int find(Path folder, TokenizerSettings settings, String kind, Function<String, Integer> idOf) {
        AddedToken named = settings.named().get(kind + "_token");
        Integer known = named == null ? null : idOf.apply(named.content());
        if (known != null) {
            return known;
        }
        Path config = folder.resolve("config.json");
        if (!Files.exists(config)) {
            return -1;
        }
        JsonNode node = Json.read(config).path(kind + "_token_id");
        JsonNode id = node.isArray() ? node.path(0) : node;
        return id.isIntegralNumber() && id.canConvertToInt() && id.intValue() >= 0 ? id.intValue() : -1;
    }
}
