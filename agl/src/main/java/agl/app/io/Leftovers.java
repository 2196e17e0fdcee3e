package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
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
    /** Of {@link OutputFiles}: {@code made} has new files, {@code earlier} has those that they were to replace. */
    private static final Pattern WORK = Pattern.compile("\\.new\\.\\d+-\\d+");
    /** Of single files and of folders that are written whole. */
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.\\d+-\\d+\\.tmp");
    private static final List<String> INSIDE = List.of("runs", "checkpoints");

    private Leftovers() { }

    /** Puts back what was aside and has no successor, and deletes the rest; a line says so. */
    static void clear(Path folder) {
        try {
            for (String name : AtomicFiles.names(folder)) {
                if (WORK.matcher(name).matches()) {
                    back(folder.resolve(name).resolve("earlier"), folder);
                    AtomicFiles.deleteTree(folder.resolve(name));
                }
            }
            temporary(folder);
            for (String inside : INSIDE) {
                temporary(folder.resolve(inside));
            }
        } catch (IOException e) {
            throw new AglException(folder + ": cannot be cleared of what a killed run left: " + Json.reason(e), e);
        }
    }

    private static void temporary(Path folder) {
        AtomicFiles.names(folder).stream().filter(name -> TEMPORARY.matcher(name).matches()).map(folder::resolve)
                .forEach(AtomicFiles::deleteTree);
    }

    private static void back(Path earlier, Path folder) throws IOException {
        if (!Files.isDirectory(earlier)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(earlier)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path place = folder.resolve(earlier.relativize(file).toString());
            if (!Files.exists(place)) {
                Files.createDirectories(place.getParent());
                Files.move(file, place);
                System.err.println("agl: " + place + " is back: a run that was killed had put it aside");
            }
        }
    }
}
