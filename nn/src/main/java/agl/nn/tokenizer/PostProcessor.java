package agl.nn.tokenizer;

import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.ArrayList;
import java.util.List;

/** Puts special tokens around the ids of a text: tokenizer.json's {@code post_processor}, for one text at a time. */
@FunctionalInterface
interface PostProcessor {
    int[] process(int[] ids);

    static PostProcessor parse(Part part) {
        return switch (part.type()) {
            case "ByteLevel" -> ids -> ids; // only affects offsets, which are not tracked here
            case "TemplateProcessing" -> template(part);
            case "BertProcessing", "RobertaProcessing" -> around(List.of(idOfPair(part, "cls")), List.of(idOfPair(part, "sep")));
            case "Sequence" -> {
                List<PostProcessor> steps = part.children("processors").stream().map(PostProcessor::parse).toList();
                yield ids -> {
                    int[] out = ids;
                    for (PostProcessor step : steps) {
                        out = step.process(out);
                    }
                    return out;
                };
            }
            default -> throw part.unknown();
        };
    }

    private static PostProcessor template(Part part) {
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        boolean textSeen = false;
        for (Part piece : part.children("single")) {
            if (piece.has("Sequence")) {
                if (textSeen || !piece.child("Sequence").text("id").equals("A")) {
                    throw piece.wrong("the template for one text has another one in it");
                }
                textSeen = true;
            } else {
                String name = piece.child("SpecialToken").text("id");
                (textSeen ? after : before).addAll(ids(part.child("special_tokens").child(name)));
            }
        }
        if (!textSeen) {
            throw part.wrong("the template for one text has no place for it");
        }
        return around(before, after);
    }

    private static List<Integer> ids(Part token) {
        List<Integer> out = new ArrayList<>();
        for (JsonNode id : token.node().path("ids")) {
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || id.intValue() > BpeModel.MAX_ID) {
                throw token.wrong("id " + Json.quote(id.toString()) + " is not a token id");
            }
            out.add(id.intValue());
        }
        return out;
    }

    /** {@code ["</s>", 2]}. */
    private static int idOfPair(Part part, String field) {
        JsonNode pair = part.node().path(field);
        if (!pair.path(1).isIntegralNumber() || !pair.path(1).canConvertToInt() || pair.path(1).intValue() < 0
                || pair.path(1).intValue() > BpeModel.MAX_ID) {
            throw part.wrong("field " + field + " is not a pair of token and id");
        }
        return pair.path(1).intValue();
    }

    private static PostProcessor around(List<Integer> before, List<Integer> after) {
        return ids -> {
            IntArrayList out = new IntArrayList(before);
            out.addElements(out.size(), ids);
            out.addAll(after);
            return out.toIntArray();
        };
    }
}
