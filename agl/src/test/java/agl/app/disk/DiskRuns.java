package agl.app.disk;

import agl.app.CommandLineRun;
import agl.app.TinyData;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs commands in a JVM whose file system is {@link DiskProvider}, has the power fail or the disk fill up at every point of what they
 * write, and starts them again. Ends with code 1 and what was found if something is lost or half-written.
 *
 * <p>Arguments: a folder, {@code power} or {@code full}, names of commands.
 */
public final class DiskRuns {
    /** Files that say when or how long, not what. */
    private static final Set<String> TIMED = Set.of("provenance.json", "report.html", "compare.json", "fisher.agl");
    private static final String NOBODY = "999999999";

    private final Path in;
    private final Path root;
    private final List<String> found = new ArrayList<>();
    private int starts;
    private int points;

    private DiskRuns(Path temp) throws IOException {
        in = Files.createDirectories(temp.resolve("in"));
        root = Files.createDirectories(temp.resolve("work"));
        inputs();
    }

    public static void main(String[] args) throws IOException {
        DiskRuns runs = new DiskRuns(Path.of(args[0]));
        for (String name : Arrays.copyOfRange(args, 2, args.length)) {
            runs.starts = 0;
            runs.points = 0;
            long began = System.nanoTime();
            if (args[1].equals("power")) {
                runs.power(name);
            } else {
                runs.full(name);
            }
            System.out.printf("%s: %d points, %d starts, %.1f s%n", name, runs.points, runs.starts, (System.nanoTime() - began) * 1e-9);
        }
        runs.found.forEach(System.out::println);
        System.exit(runs.found.isEmpty() ? 0 : 1);
    }

    private void inputs() throws IOException {
        TinyModel.write(in.resolve("base"), 3);
        TinyData.write(in, 12, 4);
        expect(0, run(train("lora", in.resolve("adapter"))));
    }

    private List<String> words(String name, String... more) {
        List<String> words = new ArrayList<>(List.of(name, "--base", in.resolve("base").toString()));
        words.addAll(List.of(more));
        return words;
    }

    private List<String> small(List<String> words, String... more) {
        words.addAll(List.of("-s", "steps=5", "-s", "batch_size=4", "-s", "r=2", "-s", "max_length=64", "--template", "instruction"));
        words.addAll(List.of(more));
        return words;
    }

    private List<String> train(String method, Path out) {
        return small(words("train", "--task", in("task.csv"), "--method", method, "--out", out.toString()), "--save-every", "2");
    }

    private String in(String name) {
        return in.resolve(name).toString();
    }

    /** What the user types; started again, with {@code --resume} where there is one. */
    private List<String> command(String name) {
        String out = root.resolve("out").toString();
        return switch (name) {
            case "train" -> train("lora", root.resolve("out"));
            case "agl" -> {
                List<String> all = train("agl", root.resolve("out"));
                all.addAll(List.of("--alignment", in("alignment.csv"), "-s", "fisher_examples=4", "--fisher-cache",
                        root.resolve("cache").toString()));
                yield all;
            }
            case "align" -> small(words("align", "--data", in("alignment.csv"), "--out", out), "--save-every", "2");
            case "merge" -> words("merge", "--adapter", in("adapter"), "--out", out);
            case "fisher" -> words("fisher", "--alignment", in("alignment.csv"), "--out", root.resolve("fisher.agl").toString(), "-s",
                    "fisher_examples=4", "--template", "instruction");
            case "drift" -> words("drift", "--adapter", in("adapter"), "--prompts", in("prompts.csv"), "--max-new-tokens", "3", "--out",
                    out);
            case "compare" -> small(words("compare", "--task", in("task.csv"), "--alignment", in("alignment.csv"), "--prompts",
                    in("prompts.csv"), "--max-new-tokens", "3", "--methods", "lora,agl", "--seeds", "1", "-s", "fisher_examples=4", "--out",
                    out), "--save-every", "2");
            default -> throw new IllegalArgumentException(name);
        };
    }

    private List<String> again(String name) {
        List<String> all = new ArrayList<>(command(name));
        if (List.of("train", "agl", "align").contains(name)) {
            all.add("--resume");
        }
        return all;
    }

    private CommandLineRun run(List<String> words) {
        starts++;
        return CommandLineRun.of(words.toArray(String[]::new));
    }

    private static CommandLineRun expect(int code, CommandLineRun run) {
        if (run.code() != code) {
            throw new IllegalStateException("code " + run.code() + ": " + run.err());
        }
        return run;
    }

    // --- power ---

    /** On an empty folder, and over what an earlier run left. */
    private void power(String name) throws IOException {
        power(name, Map.of());
        if (List.of("fisher", "compare").contains(name)) {
            power(name, files());
        }
    }

    private void power(String name, Map<String, byte[]> before) throws IOException {
        put(before);
        Disk.watch(root, Integer.MAX_VALUE);
        CommandLineRun whole = run(command(name));
        Disk.Seen seen = Disk.end();
        expect(0, whole);
        Map<String, byte[]> end = files();
        PowerLoss disk = new PowerLoss(DiskPath.real(root), before);
        Set<String> known = new HashSet<>();
        List<State> states = new ArrayList<>();
        for (int i = 0; i <= seen.changes().size(); i++) {
            for (PowerLoss.Kind kind : PowerLoss.Kind.values()) {
                Map<String, byte[]> left = disk.left(kind);
                boolean amid = i < seen.changes().size() && seen.changes().get(i) instanceof Disk.Change.Write;
                if (!amid && known.add(digest(left))) {
                    states.add(new State(left, name + ", " + kind + " after " + i + " changes"
                            + (i == 0 ? "" : ", " + shown(seen.changes().get(i - 1)))));
                }
            }
            if (i < seen.changes().size()) {
                disk.apply(seen.changes().get(i));
            }
        }
        for (State state : sample(states)) {
            points++;
            put(state.files);
            goOn(state.where, end, run(again(name)), state.files.keySet());
        }
        // The end: all of it is on the disk; what was deleted may be there again.
        put(disk.left(PowerLoss.Kind.NAMES_LOST));
        Map<String, byte[]> now = files();
        now.keySet().retainAll(end.keySet());
        same(name + ", power lost behind the end", end, now, end.keySet());
    }

    private record State(Map<String, byte[]> files, String where) { }

    /** {@code -Dagl.disk.points}: how many points of each list are tried, spread over it; others by other values. */
    private static <T> List<T> sample(List<T> all) {
        int points = Math.min(all.size(), Integer.getInteger("agl.disk.points", Integer.MAX_VALUE));
        return IntStream.range(0, points).mapToObj(i -> all.get((int) ((long) (i + 1) * all.size() / points) - 1)).toList();
    }

    private static String shown(Disk.Change change) {
        String text = change.toString();
        return text.substring(0, Math.min(160, text.length()));
    }

    /** Either goes on or begins anew, to the same end; or is refused with one line, and then what has its final name is whole. */
    private void goOn(String where, Map<String, byte[]> end, CommandLineRun run, Set<String> left) throws IOException {
        Map<String, byte[]> now = files();
        if (run.code() == 0) {
            same(where, end, now, end.keySet());
        } else if (run.code() == 2 && isOneLine(run.err())) {
            if (!now.keySet().equals(end.keySet())) {
                found.add(where + ": refused (" + run.err().strip() + ") with " + now.keySet() + "; it was " + left);
            }
            wholeFromTheRun(where, end, now);
        } else {
            found.add(where + ": code " + run.code() + ", " + run.err());
        }
        now.keySet().stream().filter(DiskRuns::isHidden).forEach(file -> found.add(where + ": left behind " + file));
    }

    private void wholeFromTheRun(String where, Map<String, byte[]> end, Map<String, byte[]> now) {
        now.forEach((file, bytes) -> {
            if (end.containsKey(file) && !Arrays.equals(end.get(file), bytes)) {
                found.add(where + ": " + file + " is not whole");
            }
        });
    }

    private void same(String where, Map<String, byte[]> end, Map<String, byte[]> now, Set<String> names) {
        if (!now.keySet().equals(names)) {
            found.add(where + ": there is " + now.keySet() + ", expected " + names);
        }
        end.forEach((file, bytes) -> {
            byte[] is = now.get(file);
            boolean right = file.contains("/runs/") || TIMED.contains(Path.of(file).getFileName().toString())
                    ? is != null && is.length > bytes.length * 9 / 10 && is[is.length - 1] == bytes[bytes.length - 1]
                    : Arrays.equals(bytes, is);
            if (!right) {
                found.add(where + ": " + file + " differs");
            }
        });
    }

    private static boolean isOneLine(String err) {
        List<String> said = err.lines().toList();
        return !said.isEmpty() && said.getLast().startsWith("agl: ") && said.stream().noneMatch(line -> line.startsWith("\tat "));
    }

    private static boolean isHidden(String file) {
        return file.startsWith(".") || file.contains("/.");
    }

    // --- a full disk ---

    private void full(String name) throws IOException {
        put(Map.of());
        Disk.watch(root, Integer.MAX_VALUE);
        CommandLineRun whole = run(command(name));
        Disk.Seen seen = Disk.end();
        expect(0, whole);
        Map<String, byte[]> end = files();
        for (int at : chosen(seen.growing())) {
            points++;
            put(Map.of());
            String where = name + ", full at " + at + " of " + seen.growing().size() + ": " + seen.growing().get(at);
            Disk.watch(root, at);
            CommandLineRun run = run(command(name));
            Disk.Seen cut = Disk.end();
            boolean cached = run.code() == 0 && run.err().contains("is not stored for other runs");
            if (!cached && (run.code() != 2 || !isOneLine(run.err()) || !run.err().contains(Disk.FULL))) {
                found.add(where + ": code " + run.code() + ", " + run.err());
            }
            wholeCheckpoints(where, cut);
            Set<String> left = files().keySet();
            goOn(where, end, run(again(name)), left);
        }
    }

    /** The newest checkpoint that was renamed before the disk was full is there, as it was. */
    private void wholeCheckpoints(String where, Disk.Seen cut) throws IOException {
        Set<String> written = new HashSet<>();
        for (Disk.Change change : cut.changes()) {
            if (change instanceof Disk.Change.Move(Path from, Path to) && to.getFileName().toString().startsWith("step-")) {
                written.add(DiskPath.real(root).relativize(to).toString());
            } else if (change instanceof Disk.Change.Delete(Path path)) {
                written.remove(DiskPath.real(root).relativize(path).toString());
            }
        }
        Map<String, byte[]> now = files();
        for (String file : written) {
            if (!now.containsKey(file)) {
                found.add(where + ": the checkpoint " + file + " is gone");
            } else {
                agl.nn.checkpoint.Sealed.require(root.resolve(file));
            }
        }
    }

    /** Every file as it is created, its first write and its last. */
    private static List<Integer> chosen(List<String> growing) {
        Map<String, List<Integer>> byFile = new TreeMap<>();
        for (int i = 0; i < growing.size(); i++) {
            byFile.computeIfAbsent(growing.get(i), what -> new ArrayList<>()).add(i);
        }
        return sample(byFile.values().stream().flatMap(all -> Stream.of(all.getFirst(), all.getLast())).distinct().sorted().toList());
    }

    // --- the folder ---

    private void put(Map<String, byte[]> files) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).filter(p -> !p.equals(root)).toList()) {
                Files.delete(path);
            }
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            // The process that had made hidden files is no more.
            Path path = root.resolve(file.getKey().replace("." + ProcessHandle.current().pid() + "-", "." + NOBODY + "-"));
            if (file.getValue() == null) {
                Files.createDirectories(path);
            } else {
                Files.createDirectories(path.getParent());
                Files.write(path, file.getValue());
            }
        }
    }

    /** Files by path; folders that are empty too, without bytes. */
    private Map<String, byte[]> files() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                files.put(root.relativize(path).toString(), Files.readAllBytes(path));
            }
        }
        return files;
    }

    private static String digest(Map<String, byte[]> files) {
        StringBuilder all = new StringBuilder();
        files.forEach((name, bytes) -> all.append(name).append(':').append(bytes == null ? "" : Arrays.hashCode(bytes) + "," + bytes.length)
                .append(';'));
        return all.toString();
    }
}
