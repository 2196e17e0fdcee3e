package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate.Message;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same text as the real transformers library gives. Fixtures: reference-tests/src/test/python/make_chat_fixtures.py. */
class ChatTemplateTest {
    private static final JsonNode FIXTURE = fixture();
    private static final Map<String, String> SPECIAL = Map.of("bos_token", "<s>", "eos_token", "</s>");

    @TempDir
    Path folder;

    private static JsonNode fixture() {
        try {
            return new JsonMapper().readTree(ChatTemplateTest.class.getResourceAsStream("chat.json"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<String> own() {
        return FIXTURE.get("own").properties().stream().map(Map.Entry::getKey).toList();
    }

    static List<String> shared() {
        return FIXTURE.get("shared").properties().stream().map(Map.Entry::getKey).toList();
    }

    /** What the template makes of every conversation, without and with the generation prompt; null where it refuses. */
    private static List<String> apply(ChatTemplate template) {
        List<String> out = new ArrayList<>();
        LocalDateTime time = LocalDateTime.parse(FIXTURE.get("time").textValue());
        for (JsonNode conversation : FIXTURE.get("conversations")) {
            List<Message> messages = new ArrayList<>();
            conversation.forEach(turn -> messages.add(new Message(turn.get(0).textValue(), turn.get(1).textValue())));
            for (boolean prompt : new boolean[] {false, true}) {
                try {
                    out.add(template.apply(messages, prompt, time));
                } catch (AglException e) {
                    assertFalse(e.getMessage().contains("\n"), e.getMessage());
                    assertFalse(e.getMessage().contains("not supported"), e.getMessage());
                    out.add(null);
                }
            }
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("own")
    void sameTextAsTheRealLibrary(String name) {
        JsonNode expected = FIXTURE.get("own").get(name);
        List<String> actual = apply(ChatTemplate.of(expected.get("template").textValue(), SPECIAL));
        assertEquals(expected.get("results").size(), actual.size());
        for (int i = 0; i < actual.size(); i++) {
            assertEquals(expected.get("results").get(i).textValue(), actual.get(i), name + ", conversation " + i / 2);
        }
    }

    @ParameterizedTest
    @MethodSource("shared")
    void sameTextForRealModels(String place) throws NoSuchAlgorithmException {
        Path folder = TokenizerFixtureTest.tokenizer("shared-" + place.replaceFirst("/", "-"));
        List<String> actual = apply(ChatTemplate.load(folder));
        JsonNode expected = FIXTURE.get("shared").get(place);
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < actual.size(); i++) {
            String text = actual.get(i);
            byte[] hash = text == null ? null : MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            assertEquals(expected.get(i).textValue(), hash == null ? null : HexFormat.of().formatHex(hash),
                    place + ", conversation " + i / 2 + ": " + text);
        }
    }

    @Test
    void whereTheTemplateComesFrom() throws IOException {
        assertNull(ChatTemplate.load(folder));
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"eos_token\":{\"content\":\"<e>\"},\"chat_template\":\"{{ messages[0].content }}{{ eos_token }}\"}");
        List<Message> hello = List.of(new Message("user", "Hello"));
        assertEquals("Hello<e>", ChatTemplate.load(folder).apply(hello, true));
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"t\"},{\"name\":\"default\",\"template\":\"d{{ eos_token "
                + "}}\"}]}");
        assertEquals("d", ChatTemplate.load(folder).apply(hello, true));
        // transformers: "This model has multiple chat templates with no default specified!"
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\":[{\"name\":\"rag\",\"template\":\"t\"}]}");
        assertTrue(
                assertThrows(AglException.class, () -> ChatTemplate.load(folder)).getMessage().contains("without one named \"default\""));
        Files.writeString(folder.resolve("chat_template.jinja"), "j{% if add_generation_prompt %}{{ messages | length }}{% endif %}\n");
        assertEquals("j1", ChatTemplate.load(folder).apply(hello, true));
    }

    @Test
    void noneAndOtherThingsThanTexts() throws IOException {
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{}");
        assertNull(ChatTemplate.load(folder));
        Files.writeString(config, "{\"chat_template\":null}");
        assertNull(ChatTemplate.load(folder));
        Files.writeString(config, "{\"chat_template\":[{\"name\":\"default\",\"template\":null}]}");
        assertNull(ChatTemplate.load(folder));
        Files.writeString(config, "{\"chat_template\":5}");
        assertEquals(config + ": chat_template is not a string", assertThrows(AglException.class, () ->
                ChatTemplate.load(folder)).getMessage());
        Files.writeString(config, "{\"chat_template\":\"{{ x\"}");
        assertTrue(assertThrows(AglException.class, () -> ChatTemplate.load(folder)).getMessage().startsWith(config + ": chat template: "));
        Files.writeString(config, "{\"tokenizer_class\":\"LlamaTokenizer\",\"chat_template\":\"{{ bos_token }}{{ eos_token }}\"}");
        assertEquals("<s></s>", ChatTemplate.load(folder).apply(List.of(), true), "what its class names");
        assertEquals("{{ bos_token }}{{ eos_token }}", ChatTemplate.load(folder).source());
        Files.writeString(folder.resolve("tokenizer.json"),
                "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{},\"merges\":[]}}");
        assertEquals("", ChatTemplate.load(folder).apply(List.of(), true), "but not where the tokenizer is byte-level");
    }

    /** transformers: special_tokens_map.json counts where tokenizer_config.json has no added_tokens_decoder. */
    @Test
    void whichFileNamesASpecialToken() throws IOException {
        List<Message> hello = List.of(new Message("user", "Hello"));
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"eos_token\": {\"content\": \"<m>\"}, \"bos_token\": \"<b>\"}");
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"eos_token\": \"<c>\", \"chat_template\": \"{{ bos_token }}{{ eos_token }}\"}");
        assertEquals("<b><m>", ChatTemplate.load(folder).apply(hello, true));
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"eos_token\": \"<c>\", \"added_tokens_decoder\": {}, \"chat_template\": \"{{ bos_token }}{{ eos_token }}\"}");
        assertEquals("<c>", ChatTemplate.load(folder).apply(hello, true));
    }

    @Test void whatIsNotSupportedIsNamed() {
        for (String[] bad : new String[][] {{"{% include 'x' %}", "include"}, {"{{ 'a' | frobnicate }}", "frobnicate"},
            {"{{ 'a' is frobnicated }}", "frobnicated"},
            {"{{ 'a'.frobnicate() }}", "frobnicate"}, {"{% if x %}", "endif"}, {"{% for x in y %}", "endfor"}, {"{{ x ", "{{"},
            {"{{ 'x }}", "{{"}, {"{{ ) }}", ")"},
            {"{{ a b }}", "b"}, {"{{ }}", "value"}, {"{% endif %}", "endif"}, {"{{ missing() }}", "missing"}, {"{{ @ }}", "@"},
            {"{{ messages | map('length') }}", "generator"}, {"{{ 1 // 0 }}", "//"},
            {"{{ raise_exception('why') }}", "why"}, {"{{ 'x'[::0] }}", "step"}, {"{% break %}", "break"}, {"{# x", "{#"},
            {"{{ '\\U99999999' }}", "escape"}}) {
            AglException refused = assertThrows(AglException.class, () -> ChatTemplate.of(bad[0], SPECIAL).apply(List.of(), true), bad[0]);
            assertTrue(refused.getMessage().contains(bad[1]) && !refused.getMessage().contains("\n"), refused.getMessage());
        }
    }

    @Test
    @Timeout(value = 300, unit = TimeUnit.SECONDS,
            threadMode = Timeout.ThreadMode.SEPARATE_THREAD) void hostileTemplatesEndInOneClearLine() {
        List<String> bad = new ArrayList<>(List.of("{{ " + "(".repeat(100_000), "{{ 1" + " + 1".repeat(200_000) + " }}",
                "{{ " + "not ".repeat(100_000) + "x }}", "{% if x %}".repeat(20_000),
                "{% set x = 'xxxxxxxxxx' %}" + "{% set x = x + x %}".repeat(40) + "{{ x }}",
                "{% for a in 'xxxxxxxxxx' %}".repeat(9) + "{{ a }}" + "{% endfor %}".repeat(9)));
        SplittableRandom random = new SplittableRandom(4);
        for (int round = 0; round < 1500; round++) {
            StringBuilder text = new StringBuilder(
                    FIXTURE.get("own").get(own().get(random.nextInt(own().size()))).get("template").textValue());
            for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.insert(at, "{}%-|.[]('\"=".charAt(random.nextInt(12)));
                    default -> text.setLength(at + 1);
                }
            }
            bad.add(text.toString());
        }
        List<Message> messages = List.of(new Message("system", "s"), new Message("user", "u"), new Message("assistant", "a"));
        int refused = 0;
        for (String template : bad) {
            try {
                ChatTemplate.of(template, SPECIAL).apply(messages, true);
            } catch (AglException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 500, "only " + refused + " refused");
    }
}
