package agl;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Passes bytes on as they come, without the JVM's line "Using incubator modules" the first time that it stands alone on a line. Nothing
 * waits for the end of its line: bytes are held back only while they may still be that warning.
 */
final class WarningFilter extends OutputStream {
    private static final byte[] WARNING = "WARNING: Using incubator modules: jdk.incubator.vector".getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER = 8192;

    private final OutputStream out;
    /** Bytes of the warning, and of a carriage return after it, that have come and are held back; -1 in the middle of another line. */
    private int matched;
    private boolean carriageReturn;
    private boolean dropped;

    WarningFilter(OutputStream out) {
        this.out = out;
    }

    /** Starts a thread that copies {@code in} until its end. Where {@code out} takes no more, {@code in} is still read to its end. */
    static Thread relay(final InputStream in, final OutputStream out) {
        Thread thread = new Thread("errors") {
            @Override public void run() {
                copy(in, new WarningFilter(out));
            }
        };
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void copy(InputStream in, WarningFilter out) {
        byte[] buffer = new byte[BUFFER];
        boolean writable = true;
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                try {
                    if (writable) {
                        out.write(buffer, 0, n);
                    }
                } catch (IOException e) {
                    writable = false; // its reader is gone; a child whose errors nobody read would stop once the pipe is full
                }
            }
            if (writable) {
                out.end();
            }
        } catch (IOException e) {
            // The stream was closed because the child ended.
        }
    }

    @Override public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override public void write(byte[] bytes, int from, int length) throws IOException {
        int at = from;
        while (at < from + length && !dropped) {
            byte b = bytes[at];
            if (matched >= 0 && matched < WARNING.length && b == WARNING[matched]) {
                matched++;
            } else if (matched == WARNING.length && !carriageReturn && b == '\r') {
                carriageReturn = true;
            } else if (matched == WARNING.length && b == '\n') {
                dropped = true;
            } else {
                end();
                out.write(b);
                matched = b == '\n' ? 0 : -1;
            }
            at++;
        }
        if (at < from + length) {
            out.write(bytes, at, from + length - at);
        }
        out.flush();
    }

    /** Writes what is held back. */
    void end() throws IOException {
        if (!dropped && matched > 0) {
            out.write(WARNING, 0, matched);
        }
        if (!dropped && carriageReturn) {
            out.write('\r');
        }
        carriageReturn = false;
    }
}
