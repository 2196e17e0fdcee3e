package agl.app.data;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A gzip file, of one member or several, to its end. The JDK's stream takes a later member whose header is damaged, and whatever else
 * follows a member, for the end of the data; here both are errors.
 */
final class GzipFile extends GZIPInputStream {
    private static final int TRAILER = 8;

    private final Counted file;
    private long atFill;

    GzipFile(InputStream bytes) throws IOException {
        this(new Counted(bytes));
    }

    private GzipFile(Counted file) throws IOException {
        super(file, 1 << 16);
        this.file = file;
    }

    @Override protected void fill() throws IOException {
        super.fill();
        atFill = file.count;
    }

    /** @throws ZipException if there is something after the last member */
    @Override public int read(byte[] to, int offset, int length) throws IOException {
        int read = super.read(to, offset, length);
        if (read < 0) {
            // The trailer is not taken from the inflater's input; what of it is not there comes directly from the file.
            int rest = inf.getRemaining();
            if (rest > TRAILER || file.count - atFill != TRAILER - rest || file.read() >= 0) {
                throw new ZipException("after its end there is something else");
            }
        }
        return read;
    }

    private static final class Counted extends FilterInputStream {
        private long count;

        Counted(InputStream in) {
            super(in);
        }

        @Override public int read() throws IOException {
            int read = super.read();
            count += read < 0 ? 0 : 1;
            return read;
        }

        @Override public int read(byte[] to, int offset, int length) throws IOException {
            int read = super.read(to, offset, length);
            count += Math.max(0, read);
            return read;
        }
    }
}
