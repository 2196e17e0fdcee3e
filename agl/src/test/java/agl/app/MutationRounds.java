package agl.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All rounds of one reader, on a thread of their own that is watched: each reads a damaged file, within bounds of time and memory. */
final class MutationRounds {
    /** What reading one small input may allocate, and more for each byte of it. */
    private static final long BYTES = 16L << 20;
    private static final long PER_BYTE = 1000;
    /** An input that takes longer hangs. */
    private static final long HANG_NANOS = 20_000_000_000L;
    private static final int LONGEST = 1250;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Changes the content of a file. */
    interface Damage {
        byte[] of(Mutations mutations, byte[] good) throws IOException;
    }

    /** Reads what was damaged; false if it was refused without an exception. */
    interface Use {
        boolean of(int round) throws IOException;
    }

    /**
     * @param share   its part of all inputs, relative to the others'
     * @param sealed  whether every changed file has to be refused
     * @param damages by file; each round damages one
     */
    record Reader(String name, int share, boolean sealed, Map<Path, Damage> damages, Use use) { }

    private final Reader reader;
    private final int rounds;
    private final long seed;
    private final List<String> faults;
    /** One of each kind. */
    private final Map<String, String> found = new LinkedHashMap<>();
    private final List<Path> files;
    private final List<byte[]> good = new ArrayList<>();
    private int refused;
    private int read;
    private long most;
    private long slowest;
    private volatile int round;
    private volatile long since = System.nanoTime();
    private volatile Throwable broken;

    MutationRounds(Reader reader, int rounds, long seed, List<String> faults) {
        this.seed = seed;
        this.reader = reader;
        this.rounds = rounds;
        this.faults = faults;
        files = List.copyOf(reader.damages.keySet());
    }

    void run() throws Exception {
        for (Path file : files) {
            good.add(Files.readAllBytes(file));
        }
        assertTrue(reader.use.of(0), reader.name + ": the good file");
        long start = System.nanoTime();
        Thread worker = new Thread(() -> {
            try {
                all();
            } catch (IOException | RuntimeException | Error e) {
                broken = e;
            }
        }, "mutations of " + reader.name);
        worker.setDaemon(true);
        worker.start();
        while (!worker.join(java.time.Duration.ofMillis(100))) {
            if (System.nanoTime() - since > HANG_NANOS) {
                faults.add(said("hangs", Arrays.stream(worker.getStackTrace()).limit(8).toList().toString()));
                return;
            }
        }
        if (broken != null) {
            throw new AssertionError(reader.name + ", round " + round, broken);
        }
        for (int i = 0; i < files.size(); i++) {
            Files.write(files.get(i), good.get(i));
        }
        faults.addAll(found.values());
        System.out.printf("%-32s %7d inputs, %6d read, %6d refused, at most %5d KB, %6.0f ms; %6.2f s%n", reader.name, rounds, read,
                refused, most >> 10, slowest * 1e-6, (System.nanoTime() - start) * 1e-9);
        if (found.isEmpty()) {
            assertTrue(reader.sealed ? read == 0 : read > 0, reader.name + ": " + read + " read");
            assertTrue(refused > 0, reader.name + ": none refused");
        }
    }

    private void all() throws IOException {
        for (round = 0; round < rounds; round++) {
            int at = round % files.size();
            byte[] bad = reader.damages.get(files.get(at)).of(new Mutations(seed * 1_000_003 + 31L * round + reader.name.hashCode()),
                    good.get(at));
            if (reader.sealed && Arrays.equals(bad, good.get(at))) {
                continue;
            }
            // Not overwritten: an earlier model may have it mapped.
            Files.delete(files.get(at));
            Files.write(files.get(at), bad);
            since = System.nanoTime();
            one(bad.length);
            slowest = Math.max(slowest, System.nanoTime() - since);
            Files.delete(files.get(at));
            Files.write(files.get(at), good.get(at));
        }
    }

    private void one(int length) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            if (!reader.use.of(round)) {
                refused++;
            } else {
                read++;
                if (reader.sealed) {
                    fault("accepted although it is damaged", "");
                }
            }
        } catch (AglException e) {
            refused++;
            String line = String.valueOf(e.getMessage());
            if (line.isBlank() || line.length() > LONGEST || !line.equals(agl.nn.checkpoint.Json.quote(line))
                    && line.chars().anyMatch(c -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029')) {
                fault("not one clear line", line);
            }
        } catch (IOException | RuntimeException | Error e) {
            String where = Arrays.stream(e.getStackTrace()).filter(f -> f.getClassName().startsWith("agl.")).limit(6).toList()
                    .toString();
            fault(e.getClass().getSimpleName() + (e.getStackTrace().length == 0 ? "" : " at " + e.getStackTrace()[0]),
                    e.getMessage() + " " + where);
        }
        long used = THREADS.getCurrentThreadAllocatedBytes() - before;
        most = Math.max(most, used);
        if (used > BYTES + PER_BYTE * length) {
            fault("allocates too much", used + " bytes");
        }
    }

    private void fault(String kind, String more) {
        found.computeIfAbsent(kind, k -> said(k, more));
    }

    private String said(String kind, String more) {
        String kept = "";
        try {
            Path folder = Files.createTempDirectory("mutated");
            Path file = files.get(round % files.size());
            Files.copy(file, folder.resolve(file.getFileName().toString()));
            kept = "; the file is in " + folder;
        } catch (IOException e) {
            kept = "; the file cannot be kept: " + e;
        }
        return reader.name + ", round " + round + " of seed " + seed + ": " + kind + ": " + more + kept;
    }
}
