package agl.app.io;

import agl.error.AglException;
import agl.lora.Peft;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
import agl.nn.checkpoint.OutputFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a command writes into its {@code --out}, all of it or nothing: written under temporary names in the folder, then renamed; if that
 * fails, everything is as it was before. The folder stays, as it may be a mounted one or the current one, and other files in it are left
 * alone. A file is replaced only if an earlier run wrote it, and nobody changed it since the command began.
 */
public final class OutputFiles {
    /** Last, in this order: the files without which a folder is no adapter, or shows no result. */
    private static final List<String> LAST = List.of("index.html", "report.html", Peft.CONFIG);
    /** Provenance is first: a folder without it is not known as ours, and what is in it is never replaced. */
    static final Comparator<Path> ORDER = Comparator.comparing((Path file) -> !file.toString().equals(Provenance.FILE))
            .thenComparing(file -> LAST.indexOf(file.toString())).thenComparing(Comparator.naturalOrder());
    private static final int DEEPEST = 3;

    private final Path out;
    private final Path folder;
    private final boolean isFile;
    private final Map<Path, List<Object>> earlier = new HashMap<>();

    /** Writes the files, under their final names, into {@code folder}. */
    @FunctionalInterface
    public interface Content {
        void writeInto(Path folder) throws IOException;
    }

    /** Undoes a step. */
    private interface Undo {
        void run() throws IOException;
    }

    private OutputFiles(Path out, Path folder, boolean isFile) {
        this.out = out;
        this.folder = folder.toAbsolutePath().normalize();
        this.isFile = isFile;
    }

    /**
     * Call before the work, which fails now and not at its end if the folder cannot be written. Creates nothing. If the folder has a
     * provenance.json, then the files in it are an earlier run's: {@code OutputGuard} has refused those of other commands.
     */
    public static OutputFiles into(Path folder) {
        OutputFolder.requireWritable(folder);
        clear(folder);
        OutputFiles output = new OutputFiles(folder, folder, false);
        if (Provenance.command(folder).isPresent()) {
            output.remember();
        }
        return output;
    }

    /** The same for an output that is one file; one that is there is an earlier run's. */
    public static OutputFiles of(Path file) {
        OutputFolder.requireReplaceable(file);
        OutputFiles output = new OutputFiles(file, file.toAbsolutePath().getParent(), true);
        Leftovers.clear(output.folder, output.work());
        List<Object> state = output.state(file.getFileName());
        if (state != null) {
            output.earlier.put(file.getFileName(), state);
        }
        return output;
    }

    /**
     * Deletes what a killed run left in its output folder and beside it, and brings to its end what it was about to rename. Called with
     * the output's lock held.
     */
    public static void clear(Path folder) {
        OutputFolder.clear(folder);
        Leftovers.clear(folder);
    }

    private void remember() {
        try {
            Files.walkFileTree(folder.toRealPath(), Set.of(), DEEPEST, new SimpleFileVisitor<>() {
                private final Path root = folder.toRealPath();

                @Override public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    earlier.put(root.relativize(file), state(attributes));
                    return FileVisitResult.CONTINUE;
                }

                @Override public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // never replaced, then
                }
            });
        } catch (IOException e) {
            throw new AglException(out + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private static List<Object> state(BasicFileAttributes a) {
        return Arrays.asList(a.size(), a.lastModifiedTime(), a.fileKey());
    }

    /** Null if there is nothing of that name. */
    private List<Object> state(Path name) {
        Path file = folder.resolve(name);
        try {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                    ? state(Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)) : null;
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private boolean isEarlier(Path name) {
        return earlier.containsKey(name) && earlier.get(name).equals(state(name));
    }

    /** Writes everything. */
    public void write(Content content) {
        write(List.of(), content);
    }

    /** The same; also deletes an earlier run's files of these names, unless they are replaced. */
    public void write(List<String> stale, Content content) {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            OutputFolder.writeNew(isFile ? folder : out, content::writeInto);
            return;
        }
        Path work = folder.resolve(work() + ProcessHandle.current().pid() + "-" + System.nanoTime());
        Path made = work.resolve("made");
        try {
            Files.createDirectories(made);
            content.writeInto(made);
            OutputFile.forceTree(work);
            OutputFile.forceNames(folder);
            exchange(made, stale);
            AtomicFiles.deleteTree(work);
        } catch (IOException e) {
            throw cannotWrite(e);
        } catch (UncheckedIOException e) {
            throw cannotWrite(e.getCause());
        } catch (AglException e) {
            throw OutputFolder.named(e, isFile ? made.resolve(out.getFileName()) : made, out);
        } finally {
            AtomicFiles.deleteTree(made);
            deleteEmpty(work);
        }
    }

    /** What the names of temporary folders begin with; beside an output that is one file there may be others, of other runs. */
    private String work() {
        return isFile ? "." + out.getFileName() + Leftovers.WORK : Leftovers.WORK;
    }

    private AglException cannotWrite(IOException e) {
        return new AglException(out + ": cannot be written: " + Json.reason(e), e);
    }

    private void exchange(Path made, List<String> stale) throws IOException {
        Path aside = made.resolveSibling(Leftovers.EARLIER);
        Path ready = made.resolveSibling(Leftovers.READY);
        TreeSet<Path> files = new TreeSet<>(ORDER);
        try (Stream<Path> all = Files.walk(made)) {
            all.filter(Files::isRegularFile).map(made::relativize).forEach(files::add);
        }
        for (Path name : files) {
            if (state(name) != null && !isEarlier(name)) {
                throw new AglException((isFile ? out : out.resolve(name))
                        + ": is not an earlier run's, or was changed meanwhile; nothing was written");
            }
        }
        TreeSet<Path> old = new TreeSet<>(files);
        stale.forEach(name -> old.add(Path.of(name)));
        old.removeIf(name -> !isEarlier(name));
        Deque<Undo> undo = new ArrayDeque<>();
        try {
            for (Path name : old.descendingSet()) {
                move(folder.resolve(name), aside.resolve(name), undo);
            }
            move(made, ready, undo);
            OutputFile.forceTree(ready.getParent());
            Set<Path> changed = new TreeSet<>(Comparator.reverseOrder());
            for (Path name : files) {
                move(ready.resolve(name), folder.resolve(name), undo);
                for (Path p = folder.resolve(name).getParent(); p.startsWith(folder); p = p.getParent()) {
                    changed.add(p);
                }
            }
            changed.forEach(OutputFile::forceNames);
            OutputFile.forceNames(folder.getParent());
        } catch (IOException e) {
            for (Undo step : undo) {
                try {
                    step.run();
                } catch (IOException further) {
                    e.addSuppressed(further);
                }
            }
            throw e;
        }
    }

    /** Never over another file. */
    private static void move(Path from, Path to, Deque<Undo> undo) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path p = to.getParent(); !Files.exists(p); p = p.getParent()) {
            missing.push(p);
        }
        for (Path p : missing) {
            Files.createDirectory(p);
            undo.push(() -> Files.deleteIfExists(p));
        }
        Files.move(from, to);
        undo.push(() -> Files.move(to, from));
    }

    /** What could not be put back is not deleted. */
    private static void deleteEmpty(Path work) {
        try (Stream<Path> left = Files.exists(work) ? Files.walk(work) : Stream.empty()) {
            for (Path path : left.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException | UncheckedIOException e) {
            System.getLogger(OutputFiles.class.getName()).log(System.Logger.Level.DEBUG, "left behind " + work, e);
        }
    }
}
