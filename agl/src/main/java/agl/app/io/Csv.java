package agl.app.io;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Every CSV file that this program writes: UTF-8, CR LF line ends on every system (RFC 4180), and no text that a spreadsheet would run as a
 * formula. Model output may begin with {@code =}, {@code +}, {@code -}, {@code @}, a tab or a line break; such text gets a leading
 * apostrophe, which spreadsheets read as "this is text". Numbers are not changed.
 */
public final class Csv {
    private static final CSVFormat FORMAT = CSVFormat.DEFAULT.builder().setRecordSeparator("\r\n").get();
    /** Also after spaces, which some spreadsheets drop, and in full-width form, which some treat like the ASCII characters. */
    private static final Pattern FORMULA = Pattern.compile("[ \\u00a0\\u3000]*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20].*", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

    private Csv() {
    }

    /** Writes {@code file} with these column names and rows, atomically. */
    public static void write(Path file, List<Object[]> rows, String... header) {
        AtomicFiles.writeText(file, text(rows, header));
    }

    static String text(List<Object[]> rows, String... header) {
        StringWriter text = new StringWriter();
        try (CSVPrinter printer = new CSVPrinter(text, FORMAT)) {
            printer.printRecord((Object[]) header);
            for (Object[] row : rows) {
                for (Object cell : row) {
                    printer.print(cell instanceof Number || cell == null ? cell : guarded(cell.toString()));
                }
                printer.println();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter never throws it
        }
        return text.toString();
    }

    private static String guarded(String cell) {
        return FORMULA.matcher(cell).matches() && !NUMBER.matcher(cell).matches() ? "'" + cell : cell;
    }
}
