package agl.app.data;

import agl.app.io.Notes;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Reads data files row by row: .csv and .tsv with a header line, .jsonl with one object per line, .json with an array of objects; each also
 * with .gz after it. Text is UTF-8. A malformed or incomplete row is refused with the file's name and the row's number: a truncated file is
 * more often a failed download than intended training data.
 *
 * <p>A .tsv file has no quoting, like GLUE's files and Python's {@code csv.QUOTE_NONE}: a line is a row and quotation marks are text. JSON
 * numbers keep their spelling: 1.0 stays "1.0", and 1e400 stays "1e400".
 */
final class RowReader {
    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    private static final CSVFormat TSV = CSVFormat.DEFAULT.builder().setDelimiter('\t').setQuote(null).get();
    private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"]|\"\")*\"");

    private RowReader() {
    }

    /** All rows, at least one. */
    static List<Row> read(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        boolean compressed = name.endsWith(".gz");
        String plainName = compressed ? name.substring(0, name.length() - ".gz".length()) : name;
        List<Row> rows = new ArrayList<>();
        try (Reader text = open(file, compressed)) {
            switch (plainName.substring(plainName.lastIndexOf('.') + 1)) {
                case "csv" -> readCsv(file, text, CSVFormat.DEFAULT, rows);
                case "tsv" -> readCsv(file, text, TSV, rows);
                case "jsonl", "json" -> readJson(file, text, rows);
                default -> throw new AglException(file + ": unknown kind of data file; give .csv, .tsv, .jsonl or .json (each also .gz)");
            }
        } catch (IOException e) {
            throw new AglException(explain(file, rows.size() + 1, e), e);
        }
        if (rows.isEmpty()) {
            throw new AglException(file + ": holds no rows");
        }
        return rows;
    }

    /** All rows of text in CSV; {@code file} is what messages call it. */
    static List<Row> readCsv(Path file, Reader text) throws IOException {
        List<Row> rows = new ArrayList<>();
        readCsv(file, text, CSVFormat.DEFAULT, rows);
        return rows;
    }

    private static Reader open(Path file, boolean compressed) throws IOException {
        if (Files.isDirectory(file)) {
            throw new AglException(file + ": is a folder; give a data file");
        }
        InputStream bytes = Files.newInputStream(file);
        try {
            // A fresh decoder reports invalid UTF-8; by default it would be replaced silently.
            BufferedReader text = new BufferedReader(
                    new InputStreamReader(compressed ? new GzipFile(bytes) : bytes, StandardCharsets.UTF_8.newDecoder()));
            text.mark(1);
            if (text.read() != BYTE_ORDER_MARK) {
                text.reset();
            }
            return text;
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    private static void readCsv(Path file, Reader text, CSVFormat format, List<Row> rows) throws IOException {
        try (CSVParser parser = CSVParser.parse(text, format)) {
            Iterator<CSVRecord> records = parser.iterator();
            if (!records.hasNext()) {
                return;
            }
            List<String> header = records.next().stream().map(column -> column.strip().toLowerCase(Locale.ROOT)).toList();
            if (format != TSV && header.size() == 1 && header.getFirst().matches("[^;]+(;[^;]+)+")) {
                throw new AglException(file + ": its columns seem to be separated by semicolons (" + Json.quote(header.getFirst())
                        + "); save it with commas between them, or with tabs as .tsv");
            }
            if (header.stream().distinct().count() < header.size()) {
                throw new AglException(file + ": two columns have the same name: " + Json.quote(String.join(", ", header)));
            }
            while (records.hasNext()) {
                CSVRecord record = records.next();
                int number = rows.size() + 1;
                if (record.size() != header.size()) {
                    throw new AglException(Row.place(file, number) + " (line " + parser.getCurrentLineNumber() + "): " + record.size()
                            + " columns where the header has " + header.size()
                            + (format == TSV ? "; a .tsv file has no quoting: save quoted text as .csv"
                                    : "; the row breaks off or its quotes are wrong"));
                }
                Map<String, String> fields = new LinkedHashMap<>();
                for (int c = 0; c < header.size(); c++) {
                    fields.put(header.get(c), record.get(c));
                }
                rows.add(new Row(file, number, fields, Map.of()));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        long quoted = format != TSV ? 0
                : rows.stream().flatMap(row -> row.fields().values().stream()).filter(value -> QUOTED.matcher(value).matches()).count();
        if (quoted > 0) {
            Notes.say(file + ": " + quoted
                    + " fields begin and end with a quotation mark; a .tsv file has no quoting, so the marks are text"
                    + " (save as .csv if they are not)");
        }
    }

    private static void readJson(Path file, Reader text, List<Row> rows) throws IOException {
        try (JsonParser parser = JSON.createParser(text)) {
            boolean array = parser.nextToken() == JsonToken.START_ARRAY;
            if (array) {
                parser.nextToken();
            }
            while (parser.currentToken() != null && parser.currentToken() != JsonToken.END_ARRAY) {
                rows.add(row(file, rows.size() + 1, parser));
                parser.nextToken();
            }
            if (array && parser.nextToken() != null) {
                throw new AglException(file + ": goes on after the end of its array, at line " + parser.currentTokenLocation().getLineNr());
            }
        }
    }

    private static Row row(Path file, int number, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new AglException(Row.place(file, number) + ": not a JSON object; expected {\"instruction\": ...}");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        Map<String, JsonNode> lists = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (value.isScalarValue()) {
                if (value != JsonToken.VALUE_NULL) { // null counts as missing
                    fields.put(name, parser.getText());
                }
            } else if (value == JsonToken.START_ARRAY) {
                JsonNode list = Json.tree(parser);
                if (!list.isEmpty()) { // [] and {} likewise
                    fields.put(name, null);
                    lists.put(name, list);
                }
            } else if (!isEmpty(parser)) {
                fields.put(name, null);
            }
        }
        return new Row(file, number, fields, lists);
    }

    /** Whether the object that begins here is empty; leaves the parser at its end. */
    private static boolean isEmpty(JsonParser parser) throws IOException {
        int depth = 1;
        boolean empty = true;
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            empty &= depth == 0;
        }
        return empty;
    }

    private static String explain(Path file, int number, IOException e) {
        String place = Row.place(file, number);
        return switch (e) {
            case NoSuchFileException x -> file + ": no such file";
            case AccessDeniedException x -> file + ": permission denied";
            case CharacterCodingException x -> place + " or after: not UTF-8 text; convert the file to UTF-8";
            case ZipException x -> file + ": not gzip data, or damaged: " + x.getMessage();
            case EOFException x -> place + ": the file breaks off";
            case JsonEOFException x -> place + Json.line(x) + ": the file breaks off";
            case JsonProcessingException x -> place + Json.line(x) + ": " + Json.reason(x);
            case IOException x when String.valueOf(x.getMessage()).contains("encapsulated token") ->
                place + ": a quotation mark that opens here or later is not closed properly";
            default -> place + ": " + Json.quote(Objects.toString(e.getMessage(), e.getClass().getSimpleName()));
        };
    }
}
