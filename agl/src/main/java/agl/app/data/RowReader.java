package agl.app.data;

import agl.autograd.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Reads data files row by row: .csv and .tsv with a header line, .jsonl with one object per line, .json with an array of objects; each
 * also with .gz after it. Text is UTF-8. A row that is broken or incomplete is refused with the file's name and the row's number: a
 * file that breaks off is more often a failed download than what somebody wants to train on.
 */
final class RowReader {
    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

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
                case "tsv" -> readCsv(file, text, CSVFormat.DEFAULT.builder().setDelimiter('\t').get(), rows);
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

    private static Reader open(Path file, boolean compressed) throws IOException {
        if (Files.isDirectory(file)) {
            throw new AglException(file + ": is a folder; give a data file");
        }
        InputStream bytes = Files.newInputStream(file);
        try {
            // A fresh decoder reports bytes that are not UTF-8; by default they would turn into question marks.
            BufferedReader text = new BufferedReader(
                    new InputStreamReader(compressed ? new GZIPInputStream(bytes) : bytes, StandardCharsets.UTF_8.newDecoder()));
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
            if (header.stream().distinct().count() < header.size()) {
                throw new AglException(file + ": two columns have the same name: " + Json.quote(String.join(", ", header)));
            }
            while (records.hasNext()) {
                CSVRecord record = records.next();
                int number = rows.size() + 1;
                if (record.size() != header.size()) {
                    throw new AglException(Row.place(file, number) + " (line " + parser.getCurrentLineNumber() + "): " + record.size()
                            + " columns where the header has " + header.size() + "; the row breaks off or its quotes are wrong");
                }
                Map<String, String> fields = new LinkedHashMap<>();
                for (int c = 0; c < header.size(); c++) {
                    fields.put(header.get(c), record.get(c));
                }
                rows.add(new Row(file, number, fields));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void readJson(Path file, Reader text, List<Row> rows) throws IOException {
        try (JsonParser parser = JSON.createParser(text)) {
            boolean array = parser.nextToken() == JsonToken.START_ARRAY;
            if (array) {
                parser.nextToken();
            }
            while (parser.currentToken() != null && parser.currentToken() != JsonToken.END_ARRAY) {
                rows.add(row(file, rows.size() + 1, JSON.readTree(parser)));
                parser.nextToken();
            }
            if (array && parser.nextToken() != null) {
                throw new AglException(file + ": goes on after the end of its array, at line " + parser.currentTokenLocation().getLineNr());
            }
        }
    }

    private static Row row(Path file, int number, JsonNode node) {
        if (!node.isObject()) {
            throw new AglException(Row.place(file, number) + ": not a JSON object; expected {\"instruction\": ...}");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        node.properties().forEach(property -> {
            JsonNode value = property.getValue();
            if (!value.isNull()) { // as if it were not there
                fields.put(property.getKey(), value.isValueNode() ? value.asText() : null);
            }
        });
        return new Row(file, number, fields);
    }

    private static String explain(Path file, int number, IOException e) {
        String place = Row.place(file, number);
        return switch (e) {
            case NoSuchFileException x -> file + ": no such file";
            case AccessDeniedException x -> file + ": permission denied";
            case CharacterCodingException x -> place + " or after: not UTF-8 text; convert the file to UTF-8";
            case ZipException x -> file + ": not gzip data: " + x.getMessage();
            case EOFException x -> place + ": the file breaks off";
            case JsonEOFException x -> place + " (line " + x.getLocation().getLineNr() + "): the file breaks off";
            case JsonProcessingException x -> place + " (line " + x.getLocation().getLineNr() + "): "
                    + Json.quote(x.getOriginalMessage());
            case IOException x when String.valueOf(x.getMessage()).contains("encapsulated token") -> place + ": a quotation mark that opens here or after is not closed rightly";
            default -> place + ": " + Json.quote(Objects.toString(e.getMessage(), e.getClass().getSimpleName()));
        };
    }
}
