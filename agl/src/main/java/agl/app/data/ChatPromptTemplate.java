package agl.app.data;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.ChatTemplate.Message;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model's own chat template. The prompt is the conversation up to the answer, with the generation prompt; the answer is what the
 * template appends when the assistant's turn is included: think blocks, spaces and the end of the turn come from the template.
 *
 * <p>Some templates end their generation prompt with text, such as {@code <think>}, that they do not write before a given answer. Then an
 * example's prompt ends where the two texts diverge, as in TRL's SFTTrainer. If a template renders the user's turn differently when an
 * answer follows, or omits the answer, the answer is appended to the unmodified prompt. The turn's remark reports either case.
 */
final class ChatPromptTemplate implements PromptTemplate {
    private final ChatTemplate template;
    /** Templates that print the date print the same date throughout a run. */
    private final LocalDateTime now = LocalDateTime.now();

    /** @throws AglException if the template ignores what the user says, so that all prompts would be the same */
    ChatPromptTemplate(ChatTemplate template) {
        this.template = template;
        if (render(new Request("one")).equals(render(new Request("two")))) {
            throw new AglException("the chat template ignores what the user says; choose another one with --template");
        }
    }

    @Override public String render(Request request) {
        return template.apply(request.messages(), true, now);
    }

    @Override public Turn turn(Request request, String response) {
        String prompt = render(request);
        String whole = whole(request, response);
        int end = common(prompt, whole);
        String answer = whole.substring(end);
        if (!answer.contains(response.strip()) && whole.equals(whole(request, "!" + response))) {
            return bare(prompt, response, "writes no answer");
        }
        if (end == prompt.length()) {
            return new Turn(prompt, answer, true, null);
        }
        if (!sameUserTurn(prompt, end, template.apply(request.messages(), false, now))) {
            return bare(prompt, response, "writes the user's turn differently when an answer follows (" + excerpt(prompt, end)
                    + " without, " + excerpt(whole, end) + " with it)");
        }
        return new Turn(whole.substring(0, end), answer, true, "the chat template ends a prompt with " + Json.quote(prompt.substring(end))
                + " when it asks, and does not write that before an answer that is given: examples are trained without it");
    }

    private static Turn bare(String prompt, String response, String why) {
        return new Turn(prompt, response, false,
                "the chat template " + why + ": answers follow the prompt unchanged, with the end token; --template sets another form");
    }

    @Override public String opening(Request request, String opening) {
        Turn turn = turn(request, opening);
        int end = turn.answer().lastIndexOf(opening.strip());
        // If the generation prompt differs from the prompt in training, the opening follows it directly.
        return turn.remark() == null && end >= 0 ? turn.answer().substring(0, end + opening.strip().length()) : opening;
    }

    @Override public boolean addSpecial() {
        return false;
    }

    @Override public Map<String, String> described() {
        Map<String, String> described = new LinkedHashMap<>();
        described.put("template", "chat");
        described.put("template_sha256", sha256(template.source()));
        return described;
    }

    private String whole(Request request, String response) {
        List<Message> messages = new ArrayList<>(request.messages());
        messages.add(new Message("assistant", response));
        return template.apply(messages, false, now);
    }

    /** The texts may diverge in the generation prompt (and in white space before it), not earlier. */
    private static boolean sameUserTurn(String prompt, int end, String userTurn) {
        return end >= prompt.substring(0, common(prompt, userTurn)).stripTrailing().length();
    }

    private static String excerpt(String text, int at) {
        return Json.quote(text.substring(Math.max(0, at - 20), Math.min(text.length(), at + 20)));
    }

    private static int common(String a, String b) {
        int end = 0;
        while (end < Math.min(a.length(), b.length()) && a.charAt(end) == b.charAt(end)) {
            end++;
        }
        return end;
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has SHA-256
        }
    }
}
