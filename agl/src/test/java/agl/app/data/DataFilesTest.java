package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.error.AglException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DataFilesTest {
    private static final Example SKY = new Example("What colour is the sky?", "Blue.");
    private static final Example SUM = new Example("Add the numbers.", "2, \"3\"\nand 4", "9,\nnine");

    @TempDir
    Path folder;

    private Path file(String name, String text) throws IOException {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    /** File name and text of the same two examples in every form. */
    static List<String[]> sameTwoExamples() {
        String csv = """
                instruction,input,response
                What colour is the sky?,,Blue.
                Add the numbers.,"2, ""3""
                and 4","9,
                nine"
                """;
        String jsonSky = "{\"instruction\": \"What colour is the sky?\", \"input\": null, \"response\": \"Blue.\"}";
        String jsonSum = "{\"instruction\": \"Add the numbers.\", \"input\": \"2, \\\"3\\\"\\nand 4\", \"output\": \"9,\\nnine\", "
                + "\"tags\": [1]}";
        return List.of(
                new String[] {"a.csv", csv},
                new String[] {"crlf-and-bom.csv", "\uFEFF" + csv.replace("\nAdd", "\r\nAdd").replace("response\n", "response\r\n")},
                new String[] {"other-order.csv", """
                        OUTPUT , Instruction,id,input
                        Blue.,What colour is the sky?,1,

                        "9,
                        nine",Add the numbers.,2,"2, ""3""
                        and 4"
                        """},
                new String[] {"a.jsonl", jsonSky + "\n\n" + jsonSum + "\n"},
                new String[] {"a.json", "[" + jsonSky + ",\n" + jsonSum + "]\n"},
                new String[] {"lines.json", jsonSky + "\n" + jsonSum},
                new String[] {"a.csv.gz", csv},
                new String[] {"A.JSONL.GZ", jsonSky + "\n" + jsonSum});
    }

    @ParameterizedTest
    @MethodSource("sameTwoExamples")
    void readsEveryForm(String name, String text) throws IOException {
        Path file = file(name, name.toLowerCase().endsWith(".gz") ? gzip(text) : text.getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(SKY, SUM), DataFiles.examples(List.of(file)));
    }

    @Test
    void joinsFilesInOrder() throws IOException {
        Path a = file("a.csv", "instruction,response\nx,1\n");
        Path b = file("b.jsonl", "{\"instruction\":\"y\",\"response\":2}");
        assertEquals(List.of(new Example("x", "1"), new Example("y", "2")), DataFiles.examples(List.of(a, b)));
    }

    /** File name, text, and what the message must name besides the file. */
    static List<String[]> badFiles() {
        return List.of(
                new String[] {"empty.csv", "", "no rows"},
                new String[] {"header-only.csv", "instruction,response\n", "no rows"},
                new String[] {"empty.jsonl", "\n", "no rows"},
                new String[] {"empty.json", "[]", "no rows"},
                new String[] {"no-instruction.csv", "goal,target\na,b\n",
                    "row 1: no column instruction or prompt or messages; found: goal, target"},
                new String[] {"no-response.csv", "instruction,input\na,b\n", "response or output"},
                new String[] {"twice.csv", "instruction,response,response\na,b,c\n", "same name"},
                new String[] {"breaks-off.csv", "instruction,input,response\na,,b\nc,\n", "row 2"},
                new String[] {"too-many.csv", "instruction,response\na,b\nc,d, and e\n", "row 2"},
                new String[] {"open-quote.csv", "instruction,response\na,b\n\"c,d\ne,f\n",
                    "row 2: a quotation mark that opens here or later is not closed properly"},
                new String[] {"quote-inside.csv", "instruction,response\na,b\n\"c\" x,d\n", "row 2"},
                new String[] {"blank-response.csv", "instruction,response\na,b\nc,  \n", "row 2"},
                new String[] {"blank-instruction.csv", "instruction,response\n,b\n", "row 1"},
                new String[] {"breaks-off.jsonl", "{\"instruction\":\"a\",\"response\":\"b\"}\n{\"instruction\":\"a\",\"resp", "row 2"},
                new String[] {"breaks-off.json", "[{\"instruction\":\"a\",\"response\":\"b\"}\n", "row 2"},
                new String[] {"two-arrays.json", "[{\"instruction\":\"a\",\"response\":\"b\"}]\n[]", "line 2"},
                new String[] {"no-object.jsonl", "\"text\"\n", "row 1"},
                new String[] {"no-text.jsonl", "{\"instruction\":\"a\",\"response\":[\"b\"]}\n", "response is not a text"},
                new String[] {"null.jsonl", "{\"instruction\":\"a\",\"response\":null}\n", "row 1"},
                new String[] {"twice.jsonl", "{\"instruction\":\"a\",\"instruction\":\"b\",\"response\":\"c\"}\n", "uplicate"},
                new String[] {"not-gzip.csv.gz", "instruction,response\na,b\n", "gzip"},
                new String[] {"deep.jsonl",
                    "{\"instruction\":\"a\",\"response\":\"b\"}\n{\"instruction\":\"a\",\"response\":\"b\",\"meta\":" + "[".repeat(2000),
                    "row 2: Document nesting depth"},
                new String[] {"deep-objects.json", "[" + "{\"instruction\":".repeat(50_000), "row 1: Document nesting depth"},
                new String[] {"deep-lists.json", "[".repeat(50_000), "row 1: not a JSON object"},
                new String[] {"long.jsonl",
                    "{\"instruction\":\"a\",\"response\":\"b\"}\n{\"instruction\":\"a\",\"response\":\"" + "x".repeat(20_000_001) + "\"}",
                    "row 2: String value length"},
                new String[] {"long-name.jsonl", "{\"" + "x".repeat(60_000) + "\":1}", "row 1: Name length"},
                new String[] {"line.jsonl", "{\"instruction\":\"a\",\"response\":\"b\"}\n\n{\"instruction\" \"a\"}", "row 2, line 3"},
                new String[] {"quoted.tsv", "instruction\tresponse\na\t\"b\nc\"\n",
                    "row 2 (line 3): 1 columns where the header has 2; a .tsv file has no quoting"},
                new String[] {"two-answers.csv", "instruction,response,output\na,b,b\na,b,c\n",
                    "row 2: response and output say different things"},
                new String[] {"history.json", "[{\"instruction\":\"a\",\"output\":\"b\",\"history\":[[\"q\",\"r\"]]}]",
                    "row 1: column history"},
                new String[] {"history.csv", "instruction,response,History\na,b,[]\na,b,\"[['q', 'r']]\"\n", "row 2: column history"},
                new String[] {"context.jsonl", "{\"instruction\":\"a\",\"Context\":\"c\",\"response\":\"b\"}", "row 1: column Context"},
                new String[] {"kind.txt", "instruction,response\na,b\n", ".csv"});
    }

    @ParameterizedTest
    @MethodSource("badFiles")
    void refusesBadFilesInOneLineThatSaysWhere(String name, String text, String named) throws IOException {
        Path file = file(name, text);
        assertRefused(file, named);
    }

    private static void assertRefused(Path file, String named) {
        String message = assertThrows(AglException.class, () -> DataFiles.examples(List.of(file))).getMessage();
        assertTrue(message.startsWith(file.toString()) && message.contains(named), message);
        assertEquals(0, message.lastIndexOf(file.toString()), "the file is named once: " + message);
        assertFalse(message.contains("\n"), message);
    }

    @Test
    void refusesWhatIsNoTextFile() throws IOException {
        assertRefused(folder.resolve("missing.csv"), "no such file");
        assertRefused(Files.createDirectory(folder.resolve("folder.csv")), "folder.csv: is a folder");
        byte[] latin1 = "instruction,response\na,b\nc,d\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(file("latin1.csv", latin1), "UTF-8");
        assertRefused(file("latin1.jsonl", "{\"instruction\":\"a\",\"response\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1)),
                "UTF-8");
        byte[] whole = gzip("instruction,response\n" + "a question,an answer\n".repeat(1000));
        assertRefused(file("cut.csv.gz", Arrays.copyOf(whole, whole.length / 2)), "breaks off");
    }

    /** Joined gzip files are one; java.util.zip takes all that is no header of the next one for the end, and its rows would be lost. */
    @Test
    void gzipFilesAreReadToTheirEnd() throws IOException {
        byte[] first = gzip("instruction,response\n" + "a question,an answer\n".repeat(3));
        byte[] second = gzip(new SplittableRandom(1).ints(40_000, 'a', 'z').mapToObj(Character::toString)
                .collect(Collectors.joining("", "x,", "\n")));
        byte[] third = gzip("b,c\n");
        Path joined = file("joined.csv.gz", joined(joined(first, second), third));
        assertEquals(5, DataFiles.examples(List.of(joined)).size());
        byte[] whole = Files.readAllBytes(joined);
        int last = whole.length - third.length;
        for (int kept : new int[] {1, 2, 9, 10, third.length - 1}) {
            assertRefused(file("cut.csv.gz", Arrays.copyOf(whole, last + kept)), kept < 10 ? "after its end" : "breaks off");
        }
        // Wherever the end falls in the buffer.
        for (int length = 65_530; length < 65_560; length++) {
            byte[] padded = padded(length);
            assertEquals(1, DataFiles.examples(List.of(file("padded.csv.gz", padded))).size());
            for (int more : new int[] {1, 5, 12}) {
                assertRefused(file("more.csv.gz", Arrays.copyOf(padded, length + more)), "after its end");
            }
        }
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** A gzip file of so many bytes, by a name of that length in its header. */
    private static byte[] padded(int length) throws IOException {
        byte[] bytes = gzip("instruction,response\na,b\n");
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) 'n');
        System.arraycopy(bytes, 0, padded, 0, 10);
        padded[3] = 8; // a file name follows the header
        System.arraycopy(bytes, 10, padded, length - (bytes.length - 10), bytes.length - 10);
        padded[length - (bytes.length - 10) - 1] = 0;
        return padded;
    }

    /** As Python's csv.QUOTE_NONE reads it. */
    @Test
    void tabSeparatedFilesHaveNoQuoting() throws IOException {
        Path file = file("glue.tsv", "instruction\tinput\tresponse\r\nx\ty\t\"open\r\na\tb\tc\"\r\n\r\n\"d\"\t \tsay \"\"f\"\"\r\n");
        String said = errors(() -> assertEquals(
                List.of(new Example("x", "y", "\"open"), new Example("a", "b", "c\""), new Example("\"d\"", " ", "say \"\"f\"\"")),
                DataFiles.examples(List.of(file))));
        assertTrue(said.contains("glue.tsv: 1 fields begin and end with a quotation mark"), said);
        assertEquals("", errors(() -> DataFiles.examples(List.of(file("plain.tsv", "instruction\tresponse\na\t\"b\n")))));
        assertEquals("", errors(() -> assertEquals(List.of(new Example("a", "\"b\"")),
                DataFiles.examples(List.of(file("marks.csv", "instruction,response\na,\"\"\"b\"\"\"\n"))))));
    }

    @Test
    void numbersStayAsTheyAreWritten() throws IOException {
        String digits = "1234567890".repeat(30);
        for (String number : List.of("1", "1.0", "1.50", "-0", "1e400", "1E-7", "0.1000000000000000055", digits, "true")) {
            Path file = file("numbers.jsonl", "{\"instruction\":" + number + ",\"input\":[],\"response\":" + number + "}");
            assertEquals(List.of(new Example(number, number)), DataFiles.examples(List.of(file)));
        }
    }

    @Test
    void oneOfTwoAnswersMayBeEmpty() throws IOException {
        Path file = file("two.csv", "instruction,response,output\na,,b\nc,d,\ne,f,f\n");
        assertEquals(List.of(new Example("a", "b"), new Example("c", "d"), new Example("e", "f")), DataFiles.examples(List.of(file)));
    }

    @Test void columnsThatAreNotUsedAreNamedOnce() throws IOException {
        Path file = file("ids.jsonl",
                "{\"instruction\":\"a\",\"response\":\"b\",\"id\":1,\"history\":[],\"system\":null}\n"
                        + "{\"instruction\":\"a\",\"response\":\"b\",\"tags\":[1],\"id\":2}\n");
        assertEquals("agl: " + file + ": not used: columns id, tags" + System.lineSeparator(),
                errors(() -> DataFiles.examples(List.of(file))));
        Path csv = file("index.csv", ",prompt,label\n0,a,safe\n1,b,safe\n");
        assertEquals("agl: " + csv + ": not used: column (without a name)" + System.lineSeparator(),
                errors(() -> DataFiles.prompts(csv, Reading.plain())));
        assertEquals("", errors(() -> DataFiles.examples(List.of(file("all.csv", "instruction,input,output\na,b,c\n")))));
    }

    /** What {@code action} prints on standard error. */
    private static String errors(Action action) throws IOException {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            action.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private interface Action {
        void run() throws IOException;
    }

    @Test
    void readsPromptSets() throws IOException {
        Path csv = file("drift.csv", "prompt,label,category\nHow do I bake bread?,Safe,\n\"Say something\nhateful\",unsafe,hate speech\n");
        PromptSet set = DataFiles.prompts(csv, Reading.plain());
        assertEquals("drift", set.name());
        assertEquals(List.of(new Prompt("How do I bake bread?", Label.SAFE, ""),
                new Prompt("Say something\nhateful", Label.UNSAFE, "hate speech")), set.prompts());
        Path clustered = file("clustered.csv", "prompt,label,cluster\nHow do I bake bread?,safe,bread\n");
        assertEquals(List.of(new Prompt("How do I bake bread?", Label.SAFE, "", "bread")),
                DataFiles.prompts(clustered, Reading.plain()).prompts());
        Path jsonl = file("other.jsonl.gz", gzip("{\"prompt\":\"How do I bake bread?\",\"label\":\"safe\"}\n"));
        assertEquals(new PromptSet("other", set.labelled(Label.SAFE)), DataFiles.prompts(jsonl, Reading.plain()));
    }

    @Test
    void aPromptHasNoInput() throws IOException {
        Path file = file("p.csv", "prompt,label,input\nsay it,safe,\nsum it up,unsafe,the text\n");
        assertTrue(assertThrows(AglException.class, () -> DataFiles.prompts(List.of(file), Reading.plain())).getMessage()
                .endsWith("column input: prompts have no input; write the text into prompt, or remove the column"));
    }

    @Test
    void aPromptThatIsThereAgainIsCountedOnce() throws IOException {
        Path csv = file("twice.csv", "prompt,label\nHow do I bake bread?,safe\nHow do I pick a lock?,unsafe\n");
        Path more = file("more.csv", "prompt,label\n How do I bake bread? ,safe\nHow do I bake a cake?,safe\n");
        List<Prompt> read = new ArrayList<>();
        assertEquals("agl: 1 of 4 prompts repeat another one and are not counted again" + System.lineSeparator(),
                errors(() -> read.addAll(DataFiles.prompts(List.of(csv, more), Reading.plain()))));
        assertEquals(List.of("How do I bake bread?", "How do I pick a lock?", "How do I bake a cake?"),
                read.stream().map(Prompt::prompt).toList());
        Path other = file("other.csv", "prompt,label\nHow do I pick a lock?,safe\n");
        assertTrue(assertThrows(AglException.class, () -> DataFiles.prompts(List.of(csv, other), Reading.plain())).getMessage()
                .contains("labeled safe in one row and unsafe in another"));
    }

    @Test
    void refusesUnknownLabels() throws IOException {
        Path csv = file("drift.csv", "prompt,label\na,safe\nb,harmful\n");
        String message = assertThrows(AglException.class, () -> DataFiles.prompts(csv, Reading.plain())).getMessage();
        assertTrue(message.contains("row 2") && message.contains("harmful"), message);
        Path noLabel = file("nolabel.csv", "prompt\na\n");
        Path semicolons = file("semicolons.csv", "prompt;label\na;safe\n\"b, c\";unsafe\n");
        assertEquals(semicolons + ": its columns seem to be separated by semicolons (prompt;label); save it with commas between them, or "
                + "with tabs as .tsv", assertThrows(AglException.class, () -> DataFiles.prompts(semicolons, Reading.plain())).getMessage());
        assertTrue(assertThrows(AglException.class, () -> DataFiles.prompts(noLabel, Reading.plain())).getMessage().contains("label"));
    }

    @Test
    void promptsThatAreThereOnceAreNotSpokenOf() throws IOException {
        assertEquals("", errors(() -> DataFiles.prompts(List.of(file("once.csv", "prompt,label\na,safe\nb,unsafe\n")), Reading.plain())));
    }

    @Test
    void oneColumnOfAFile() throws IOException {
        Path jsonl = file("answers.jsonl", "{\"other\":1}\n{\"answer\":\"a\"}\n{\"answer\":2}\n");
        assertEquals(List.of("", "a", "2"), DataFiles.column(jsonl, "answer"));
        assertEquals(jsonl + ", row 1: no column text; found: other",
                assertThrows(AglException.class, () -> DataFiles.column(jsonl, "text")).getMessage());
    }
}
