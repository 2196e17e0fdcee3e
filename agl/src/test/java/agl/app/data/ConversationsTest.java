package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate;
import agl.nn.tokenizer.ChatTemplate.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversations and columns under other names, as people have them. */
class ConversationsTest {
    @TempDir Path folder;

    private Path file(String name, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (name.endsWith(".gz")) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
                out.write(bytes);
            }
            bytes = packed.toByteArray();
        }
        return Files.write(folder.resolve(name), bytes);
    }

    /** "s:text" is a message of the system, u, a and t of user, assistant and tool. */
    private static List<Message> messages(String... texts) {
        Map<Character, String> roles = Map.of('s', "system", 'u', "user", 'a', "assistant", 't', "tool");
        return Arrays.stream(texts).map(t -> new Message(roles.get(t.charAt(0)), t.substring(2))).toList();
    }

    private static Example example(String response, String... asked) {
        return new Example(Request.of(messages(asked), ""), response);
    }

    private static String json(String role, String content, String... turns) {
        List<String> objects = new ArrayList<>();
        for (int i = 0; i < turns.length; i += 2) {
            objects.add("{\"" + role + "\":\"" + turns[i] + "\",\"" + content + "\":\"" + turns[i + 1] + "\"}");
        }
        return "[" + String.join(",", objects) + "]";
    }

    private static final String OPENAI = json("role", "content", "system", "Be brief.", "user", "Hi", "assistant", "Hello.", "user",
            "Two and two?", "assistant", "Four.");
    private static final String SHAREGPT = json("from", "value", "system", "Be brief.", "human", "Hi", "gpt", "Hello.", "human",
            "Two and two?", "gpt", "Four.");

    static List<String[]> sameConversation() {
        String asked = json("role", "content", "system", "Be brief.", "user", "Hi");
        String answered = json("role", "content", "assistant", "Hello.", "user", "Two and two?", "assistant", "Four.");
        return List.of(new String[] {"a.jsonl", "{\"messages\":" + OPENAI + "}"},
                new String[] {"a.json", "[{\"messages\":" + OPENAI + "}]"},
                new String[] {"a.jsonl.gz", "{\"conversations\":" + SHAREGPT + ",\"instruction\":\"\",\"history\":[]}"},
                new String[] {"b.jsonl", "{\"prompt\":\"Hi\",\"messages\":"
                        + OPENAI.replace("\"Hi\"", "[{\"type\":\"text\",\"text\":\"Hi\"}]") + "}"},
                new String[] {"c.jsonl", "{\"conversation\":" + OPENAI + "}"},
                new String[] {"a.csv", "messages\n\"" + OPENAI.replace("\"", "\"\"") + "\"\n"},
                new String[] {"a.tsv.gz", "conversations\tlabel\n" + SHAREGPT + "\tx\n"},
                new String[] {"d.jsonl", "{\"prompt\":" + asked + ",\"completion\":" + answered + "}"},
                new String[] {"d.csv", "prompt,completion\n" + quoted(asked) + "," + quoted(answered) + "\n"},
                new String[] {"d.tsv", "instruction\toutput\n" + asked + "\t" + answered + "\n"},
                new String[] {"f.jsonl", "{\"instruction\":" + asked + ",\"output\":" + answered + "}"},
                new String[] {"e.jsonl", "{\"messages\":"
                        + OPENAI.replace("\"content\":\"Hi\"", "\"content\":\"Hi\",\"tool_calls\":[]") + "}"});
    }

    private static String quoted(String field) {
        return "\"" + field.replace("\"", "\"\"") + "\"";
    }

    /** Messages as Python prints them are not read, nor taken for the text of a question or an answer. */
    @Test void messagesThatAreNotReadAreNotTakenForText() throws IOException {
        String python = json("role", "content", "user", "Hi").replace('"', '\'');
        for (String column : List.of("prompt", "instruction", "messages")) {
            Path file = file("python.csv", column + ",completion\n" + quoted(python) + ",Hello.\n");
            String message = assertThrows(AglException.class, () -> DataFiles.examples(List.of(file))).getMessage();
            assertTrue(message.startsWith(file + ", row 1: column " + column + ": not valid JSON"), message);
        }
        Path prompts = file("prompts.csv", "prompt,label\n" + quoted(json("role", "content", "user", "Hi")) + ",safe\n");
        String message = assertThrows(AglException.class, () -> DataFiles.prompts(prompts, Reading.plain())).getMessage();
        assertEquals(prompts + ", row 1: column prompt holds a list of messages; a prompt is one question, as text", message);
        String other = "[{\"id\":1}]";
        assertEquals(List.of(new Example(other, other)), DataFiles.examples(List.of(file("other.csv", "prompt,completion\n" + quoted(other)
                + "," + quoted(other) + "\n"))));
    }

    @Test void answersThatAFileLeavesOutAreNotTrainedOn() throws IOException {
        for (String field : List.of("weight\":0", "train\":false", "loss\":false")) {
            String messages = OPENAI.replace("\"content\":\"Hello.", "\"" + field + ",\"content\":\"Hello.");
            Path file = file("a.jsonl", "{\"messages\":" + messages + "}");
            String message = assertThrows(AglException.class, () -> DataFiles.examples(List.of(file))).getMessage();
            assertTrue(message.startsWith(file + ", row 1: message 3: " + field.replaceAll("\".*", "") + ": answers are not"), message);
        }
    }

    @ParameterizedTest
    @MethodSource("sameConversation")
    void everyAnswerIsAnExampleAfterWhatComesBeforeIt(String name, String text) throws IOException {
        Path file = file(name, text);
        Example first = example("Hello.", "s:Be brief.", "u:Hi");
        Example second = example("Four.", "s:Be brief.", "u:Hi", "a:Hello.", "u:Two and two?");
        List<List<Example>> rows = DataFiles.rows(List.of(file), Reading.plain());
        assertEquals(List.of(List.of(first, second)), rows);
        assertEquals("Two and two?", second.instruction());
        assertEquals(file + ", row 1", rows.getFirst().getLast().request().place());
        assertEquals(List.of(second), DataFiles.examples(List.of(file), new Reading(List.of(), "last")));
    }

    @Test void oneQuestionWithItsAnswerIsARowInAlpacaForm() throws IOException {
        Example sky = new Example("What colour is the sky?", "Blue.");
        String turns = json("from", "value", "human", "What colour is the sky?", "gpt", "Blue.");
        for (String row : List.of("{\"conversations\":" + turns + "}", "{\"prompt\":\"What colour is the sky?\",\"completion\":\"Blue.\"}",
                "{\"prompt\":" + json("role", "content", "user", "What colour is the sky?") + ",\"completion\":\"Blue.\"}",
                "{\"prompt\":\"What colour is the sky?\",\"completion\":" + json("role", "content", "assistant", "Blue.") + "}",
                "{\"instruction\":\"What colour is the sky?\",\"prompt\":\"Below is ...\",\"output\":\"Blue.\",\"completion\":\"x\"}")) {
            assertEquals(List.of(sky), DataFiles.examples(List.of(file("a.jsonl", row))), row);
        }
    }

    @Test void aColumnCanHoldTheSystemMessage() throws IOException {
        Example expected = example("b", "s:Be terse.", "u:a\n\ni");
        Path openOrca = file("o.jsonl", "{\"id\":1,\"system_prompt\":\"Be terse.\",\"question\":\"a\\n\\ni\",\"response\":\"b\"}");
        assertEquals(List.of(expected), mapped(openOrca, "prompt=question"));
        for (String row : List.of("{\"instruction\":\"a\",\"input\":\"i\",\"output\":\"b\",\"system\":\"Be terse.\"}",
                "{\"system\":\"Be terse.\",\"conversations\":" + json("from", "value", "human", "a\\n\\ni", "gpt", "b") + "}",
                "{\"system\":\"Be terse.\",\"prompt\":" + json("role", "content", "user", "a\\n\\ni") + ",\"completion\":\"b\"}")) {
            assertEquals(List.of(expected), DataFiles.examples(List.of(file("s.jsonl", row))), row);
        }
        assertEquals(List.of(new Example("a", "b")),
                DataFiles.examples(List.of(file("none.csv", "instruction,response,system\na,b,None\n"))));
        assertEquals(List.of(expected), mapped(file("m.jsonl", "{\"prompt\":\"a\\n\\ni\",\"response\":\"b\",\"rule\":\"Be terse.\"}"),
                "system=rule"));
        Path prompts = file("p.csv", "prompt,label,system\na,safe,s\n");
        assertTrue(assertThrows(AglException.class, () -> DataFiles.prompts(List.of(prompts), Reading.plain())).getMessage()
                .contains("row 1: column system: prompts have no system message"));
    }

    @Test void onlyTheCompletionIsTrainedOn() throws IOException {
        String row = "{\"prompt\":" + json("role", "content", "user", "a", "assistant", "b", "user", "c") + ",\"completion\":"
                + json("role", "content", "assistant", "d") + "}";
        assertEquals(List.of(example("d", "u:a", "a:b", "u:c")), DataFiles.examples(List.of(file("a.jsonl", row))));
    }

    @Test void whatIsLeftOutIsSaid() throws IOException {
        Path file = file("left.jsonl", "{\"messages\":" + json("role", "content", "system", "s", "assistant", "I begin.", "user", "q",
                "assistant", "r", "tool", "t", "assistant", "v", "user", "and?") + "}\n{\"messages\":" + json("from", "value", "human", "q",
                        "gpt", "r").replace("\"from\"", "\"id\":1,\"from\"") + "}");
        Reading all = Reading.plain();
        List<Example> read = new ArrayList<>();
        String said = StandardError.during(() -> read.addAll(DataFiles.examples(List.of(file), all)));
        assertEquals(List.of(example("r", "s:s", "a:I begin.", "u:q"), example("v", "s:s", "a:I begin.", "u:q", "a:r", "t:t"),
                new Example("q", "r")), read);
        List<String> left = List.of(file + ": turns of the assistant before any question are context only: 1",
                file + ": conversations whose last messages nobody answers, so that these are not used: 1",
                file + ": not used: fields of messages: id");
        assertEquals(left, all.leftOut());
        left.forEach(line -> assertTrue(said.contains(line), said));
        Reading last = new Reading(List.of(), "last");
        assertEquals(2, DataFiles.examples(List.of(file), last).size());
        assertTrue(last.leftOut().contains(file + ": answers before the last of their conversation are context only (--train-on last): 1"),
                last.leftOut().toString());
        assertEquals("", StandardError.during(last::requireApplied));
        Reading needless = new Reading(List.of(), "last");
        DataFiles.examples(List.of(file("one.csv", "prompt,completion\na,b\n")), needless);
        assertTrue(StandardError.during(needless::requireApplied).contains("not used: --train-on last"));
    }

    private static String row(String turn) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}," + turn + "]}";
    }

    /** Row, and what the message says after the file. */
    static List<String[]> badRows() {
        String answer = "{\"role\":\"assistant\",\"content\":\"b\"}";
        return List.of(new String[] {"{\"messages\":\"hello\"}", "column messages is not a list of messages"},
                new String[] {"{\"messages\":\"[{\"}", "column messages: not valid JSON"},
                new String[] {"{\"messages\":[],\"id\":1}", "no column instruction or prompt or messages; found: id"},
                new String[] {"{\"messages\":[[\"user\",\"a\"]]}", "message 1 is not an object"},
                new String[] {row("{\"role\":\"asistant\",\"content\":\"b\"}"),
                    "message 2: unknown role \"asistant\"; did you mean assistant?"},
                new String[] {row("{\"role\":\"Bot\",\"content\":\"b\"}"), "message 2: unknown role \"Bot\" (system, user or human"},
                new String[] {row("{\"content\":\"b\"}"), "message 2: no role (or from); found: content"},
                new String[] {row("{\"role\":\"assistant\"}"), "message 2 (assistant): no content (or value); found: role"},
                new String[] {row("{\"role\":\"assistant\",\"content\":null}"), "message 2 (assistant): no content"},
                new String[] {row("{\"role\":\"assistant\",\"content\":\" \\n\"}"), "message 2 (assistant) is empty"},
                new String[] {row("{\"role\":\"assistant\",\"content\":5}"), "message 2 (assistant): content is not a text"},
                new String[] {row("{\"role\":7,\"content\":\"b\"}"), "message 2: role is not a text"},
                new String[] {row("{\"role\":\"assistant\",\"content\":\"b\",\"value\":\"c\"}"), "has both content and value"},
                new String[] {row("{\"role\":\"assistant\",\"from\":\"gpt\",\"content\":\"b\"}"), "message 2 has both role and from"},
                new String[] {row("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\"}]}"),
                    "message 2: tool_calls: calls of tools are not read"},
                new String[] {row("{\"role\":\"assistant\",\"content\":\"b\",\"weight\":0}"),
                    "message 2: weight: answers are not weighted"},
                new String[] {row("{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_content\":\"c\"}"),
                    "message 2: reasoning_content"},
                new String[] {row("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                        + "{\"type\":\"text\",\"text\":\"b\"}]}"),
                    "message 2 (assistant): its content is a list of parts"},
                new String[] {row("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"text\":\"a\"}]}"),
                    "its content is a list of parts"},
                new String[] {row("{\"role\":\"user\",\"content\":\"b\"}"), "no answer of the assistant to train on"},
                new String[] {"{\"messages\":[" + answer + "]}", "no answer of the assistant to train on"},
                new String[] {"{\"prompt\":[" + answer + "],\"completion\":[{\"role\":\"usr\",\"content\":\"b\"}]}",
                    "completion, message 1: unknown role \"usr\""},
                new String[] {"{\"instruction\":\"a\",\"output\":\"b\",\"messages\":[" + answer + "]}",
                    "has both messages and instruction with output"},
                new String[] {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}," + answer + "],\"system\":\"s\"}",
                    "has a system message and a column system or system_prompt; keep one of them"},
                new String[] {"{\"instruction\":\"a\",\"output\":\"b\",\"system\":\"s\",\"system_prompt\":\"t\"}",
                    "system and system_prompt say different things"},
                new String[] {"{\"messages\":\"[ ]\",\"system\":\"s\"}", "no answer of the assistant to train on"},
                new String[] {"{\"messages\":[{\"role\":\"user\",\"role\":\"user\"}]}", "uplicate"},
                new String[] {"{\"messages\":[{\"role\":\"user\",\"con", "the file breaks off"},
                new String[] {"{\"instruction\":\"a\",\"respones\":\"b\"}",
                    "no column response or output or completion; found: instruction, respones"});
    }

    @ParameterizedTest
    @MethodSource("badRows")
    void aBadRowIsRefusedInOneLineWithItsPlace(String row, String said) throws IOException {
        Path file = file("bad.jsonl", "{\"prompt\":\"a\",\"completion\":\"b\"}\n" + row);
        String message = assertThrows(AglException.class, () -> DataFiles.examples(List.of(file))).getMessage();
        assertTrue(message.startsWith(file + ", row 2") && message.contains(said), message);
        assertEquals(0, message.lastIndexOf(file.toString()), message);
        assertFalse(message.contains("\n"), message);
    }

    private List<Example> mapped(Path file, String... map) {
        Reading reading = new Reading(List.of(map), "all");
        List<Example> read = DataFiles.examples(List.of(file), reading);
        reading.requireApplied();
        return read;
    }

    @Test void columnsUnderOtherNames() throws IOException {
        Path csv = file("a.csv", "Question,context,answer,response\nq,c,r,other\n");
        String said = StandardError.during(() -> assertEquals(List.of(new Example("q", "c", "r")),
                mapped(csv, "prompt=Question", "response=answer", "input=context")));
        assertTrue(said.contains("not used: column response"), said);
        Path both = file("both.jsonl", "{\"instruction\":\"i\",\"output\":\"o\",\"messages\":" + OPENAI + ",\"chat\":" + SHAREGPT + "}");
        assertEquals(List.of(new Example("i", "o")), mapped(both, "prompt=instruction"));
        assertEquals(2, mapped(both, "messages=chat").size());
        // One file has the column, the other its own name.
        Reading reading = new Reading(List.of("response=answer", "prompt=question"), "all");
        Path own = file("own.csv", "prompt,completion\na,b\n");
        Path other = file("other.jsonl", "{\"question\":\"c\",\"answer\":\"d\"}");
        assertEquals(List.of(new Example("a", "b"), new Example("c", "d")), DataFiles.examples(List.of(own, other), reading));
        Path prompts = file("p.csv", "question,kind\nhow?,safe\n");
        assertEquals(List.of(new Prompt("how?", Label.SAFE, "")),
                DataFiles.prompts(List.of(prompts), new Reading(List.of("prompt=question", "label=kind"), "all")));
        assertEquals(Map.of("map", "response=answer,prompt=question"), reading.described());
        assertEquals(Map.of(), Reading.plain().described());
        assertEquals(Map.of("train_on", "last"), new Reading(List.of(), "last").described());
    }

    @Test void aWrongMapIsRefusedInOneLine() throws IOException {
        Path file = file("a.jsonl", "{\"question\":\"q\",\"answer\":\"r\",\"response\":\"s\"}");
        String[][] wrong = {{"prompt", "--map prompt: give NAME=COLUMN"}, {"=a", "give NAME=COLUMN"}, {"prompt=", "give NAME=COLUMN"},
            {"promt=question", "--map promt: no such name; did you mean prompt? (instruction, prompt, input"},
            {"prompt=question response=anwser",
                "--map response=anwser: no file has this column; did you mean answer?; found: question, answer, response"},
            {"prompt=question prompt=answer", "--map prompt is given twice"},
            {"prompt=question instruction=answer", "--map instruction and prompt are the same"},
            {"response=answer", "row 1: no column instruction or prompt or messages; found: question, answer, response"}};
        for (String[] w : wrong) {
            String message = assertThrows(AglException.class, () -> mapped(file, w[0].split(" "))).getMessage();
            assertTrue(message.contains(w[1]), message);
        }
        assertTrue(assertThrows(AglException.class, () -> new Reading(List.of(), "first")).getMessage()
                .contains("--train-on must be all or last, got first"));
    }

    private static final String CHATML = "{% for m in messages %}{% if m.role == 'system' and not loop.first %}"
            + "{{ raise_exception('one system message') }}{% endif %}<{{ m.role }}>{{ m.content.split('</t>')[-1] if m.role == 'assistant' "
            + "and not loop.last else m.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    @Test void theTemplateRendersTheConversationAsGenerationSeesIt() {
        PromptTemplate chat = PromptTemplate.chat(ChatTemplate.of(CHATML, Map.of()));
        Request request = Request.of(messages("s:S", "u:a", "a:x</t>b", "u:c"), "");
        PromptTemplate.Turn turn = chat.turn(request, "y</t>d");
        assertEquals("<system>S\n<user>a\n<assistant>b\n<user>c\n<assistant>", chat.render(request));
        assertEquals(chat.render(request), turn.prompt());
        assertEquals("y</t>d\n", turn.answer());
        assertTrue(turn.closed());
        assertEquals("I", chat.opening(request, "I"));
    }

    @Test void whatATemplateRefusesIsSaidWithThePlace() {
        PromptTemplate chat = PromptTemplate.chat(ChatTemplate.of(CHATML, Map.of()));
        Request request = Request.of(messages("u:a", "s:S", "u:b"), "f.jsonl, row 7");
        ExampleEncoderTest.Letters letters = new ExampleEncoderTest.Letters();
        for (PromptTemplate template : List.of(chat, PromptTemplate.INSTRUCTION, PromptTemplate.of("{instruction}!"))) {
            ExampleEncoder encoder = new ExampleEncoder(letters, template, 100);
            for (Runnable use : List.<Runnable>of(() -> encoder.prompt(request), () -> encoder.encode(new Example(request, "r")),
                    () -> encoder.continuation(request, "I"))) {
                String message = assertThrows(AglException.class, use::run).getMessage();
                assertTrue(message.startsWith("f.jsonl, row 7: ") && message.contains(template == chat ? "one system message"
                        : "a conversation needs a chat template"), message);
            }
        }
    }

    @Test void aPlaceIsNoPartOfARequest() {
        Request here = new Request("a", "b", List.of(), "here");
        assertEquals(new Request("a", "b"), here);
        assertEquals(new Request("a", "b").hashCode(), here.hashCode());
        assertEquals("here", here.map(String::toUpperCase).place());
        assertEquals(Request.of(messages("s:S", "u:A"), ""), Request.of(messages("s:s", "u:a"), "").map(String::toUpperCase));
        assertFalse(new Request("a").equals(new Request("a", "b")));
        assertFalse(new Request("a").equals(Request.of(messages("t:a"), "")));
        assertThrows(AglException.class, () -> new Request("a", "", messages("u:b"), ""));
        assertThrows(AglException.class, () -> new Request("a", "i", messages("u:a"), ""));
    }
}
