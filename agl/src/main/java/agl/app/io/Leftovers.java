package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a killed process of ours left in its output under hidden names: unfinished files, and files that it was about to replace. Called
 * with the output's lock held, so no other run is using them.
 */
final class Leftovers {
    /** What the name of a folder of {@link OutputFiles} has before its numbers. */
    static final String WORK = ".new.";
    /** In it: the files that are to be replaced. */
    static final String EARLIER = "earlier";
    /** In it, once all of {@link #EARLIER} is there: the new files, whole and on the disk. */
    static final String READY = "ready";
    private static final String NUMBERS = "\\d+-\\d+";
    private static final List<String> INSIDE = List.of("runs", "checkpoints");

    private Leftovers() { }

    /** Brings an output that was ready to its place, or else puts back what was aside, and deletes the rest; a line says so. */
    static void clear(Path folder) {
        clear(folder, WORK);
        AtomicFiles.deleteTemporary(folder);
        for (String inside : INSIDE) {
            AtomicFiles.deleteTemporary(folder.resolve(inside));
        }
    }

    /** Only what is in folders whose names begin so. */
    static void clear(Path folder, String work) {
        Pattern ours = Pattern.compile(Pattern.quote(work) + NUMBERS);
        try {
            for (String name : AtomicFiles.names(folder)) {
                if (ours.matcher(name).matches()) {
                    Path left = folder.resolve(name);
                    boolean ready = Files.isDirectory(left.resolve(READY));
                    place(left.resolve(ready ? READY : EARLIER), folder, ready ? "is in its place: a run that was killed had finished it"
                            : "is back: a run that was killed had put it aside");
                    AtomicFiles.deleteTree(folder.resolve(name));
                }
            }
        } catch (IOException e) {
            throw new AglException(folder + ": cannot be cleared of what a killed run left: " + Json.reason(e), e);
        }
    }

    private static void place(Path from, Path folder, String said) throws IOException {
        if (!Files.isDirectory(from)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(from)) {
            files = all.filter(Files::isRegularFile).map(from::relativize).sorted(OutputFiles.ORDER).toList();
        }
        for (Path name : files) {
            Path place = folder.resolve(name);
            if (!Files.exists(place)) {
                OutputFile.makeFolders(place.getParent());
                Files.move(from.resolve(name), place);
                OutputFile.forceNames(place.getParent());
                System.err.println("agl: " + place + " " + said);
            }
        }
    }
}
