package agl.app.train;

import agl.app.io.AtomicFiles;
import agl.error.AglException;
import agl.error.NotFiniteException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
import agl.nn.checkpoint.RunState;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The checkpoints of one training run, in a folder of their own: files that hold all of its state ({@link RunState}), the last two of
 * them. A run that goes on from one ends with the same bits as a run that was never interrupted.
 */
public final class Checkpoints {
    /** Increased when a checkpoint of the same run has other content, or the same state goes on otherwise. */
    private static final int FORMAT = 2;
    private static final int KEPT = 2;
    /** Without {@code --save-every}: about as much work as anyone would mind to lose. */
    private static final long EVERY_NANOS = 120_000_000_000L;
    /** Training waits while one is written: it is trained this many times as long before the next. */
    private static final long MOST_SHARE = 100;
    /** A run's last step is worth a checkpoint if this much was done since the one before: what follows it may take long. */
    private static final long LAST_NANOS = 20_000_000_000L;
    private static final Pattern NAME = Pattern.compile("step-(\\d{8,9})\\.safetensors");
    private static final JsonMapper JSON = new JsonMapper();

    private final Path folder;
    private final ObjectNode identity;
    private final int every;
    private final String goOn;
    private final LongSupplier nanos;
    private final List<Consumer<RunState>> others = new ArrayList<>();
    private Runnable soundness = () -> { };
    private long saved;
    private long lastNanos;

    /**
     * @param folder   for this run's checkpoints alone; made when the first one is written
     * @param identity what determines the run, by name: settings, hashes of its inputs. Values are texts, numbers or objects of such
     * @param every    steps from one checkpoint to the next; 0: about two minutes, longer where one takes more than a hundredth of that
     * @param goOn     how the user goes on with a run that was stopped: "the same command with --resume"
     */
    public Checkpoints(Path folder, ObjectNode identity, int every, String goOn) {
        this(folder, identity, every, goOn, System::nanoTime);
    }

    /** @param nanos the clock */
    Checkpoints(Path folder, ObjectNode identity, int every, String goOn, LongSupplier nanos) {
        this.folder = folder;
        this.identity = asRead(identity.deepCopy().put("checkpoint_format", FORMAT));
        this.every = every;
        this.goOn = goOn;
        this.nanos = nanos;
        saved = nanos.getAsLong();
    }

    /** As it would be read again: the types of numbers may differ from those of a node made in memory. */
    private static ObjectNode asRead(ObjectNode identity) {
        try {
            return (ObjectNode) JSON.readTree(identity.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How the user goes on with a run that was stopped. */
    String goOn() {
        return goOn;
    }

    /** Added to the message of a run that came to numbers that are not finite: what of it is kept. */
    String kept() {
        int steps = steps();
        return steps == 0 ? "" : "; the checkpoint after step " + steps + " is whole, in " + folder
                + ", but going on from it comes to the same again: delete it to begin with other settings";
    }

    /** Called before each save; it throws if what the run has come to is not to be gone on from. */
    public void onlyIf(Runnable sound) {
        soundness = sound;
    }

    /** Something besides that is saved and put back with the run. */
    public void also(Consumer<RunState> other) {
        others.add(other);
    }

    /** Steps that the newest checkpoint was taken after; 0 if there is none. */
    public int steps() {
        List<Path> all = files(folder);
        return all.isEmpty() ? 0 : step(all.getLast());
    }

    /**
     * Puts the newest sound checkpoint back; a damaged one is named, and the one before is taken.
     *
     * @return steps done; 0 if there is none, and nothing was put back
     * @throws AglException naming the difference if the checkpoint is of another run
     */
    int restore(Consumer<RunState> content) {
        AtomicFiles.deleteTemporary(folder);
        List<Path> all = files(folder);
        for (int i = all.size() - 1; i >= 0; i--) {
            RunState opened = null;
            try {
                opened = RunState.loading(all.get(i));
                requireOwnName(all.get(i), opened);
            } catch (AglException e) {
                if (opened != null) {
                    opened.close();
                }
                System.err.println("agl: " + e.getMessage() + "; the checkpoint before it is taken, if there is one");
                continue;
            }
            try (RunState state = opened) {
                requireSame(all.get(i), state);
                content.accept(state);
                others.forEach(other -> other.accept(state));
                saved = nanos.getAsLong();
                // Not a note: what comes out is the same.
                System.err.println("agl: goes on after step " + step(all.get(i)) + ", from " + folder);
                return step(all.get(i));
            }
        }
        return 0;
    }

    /** The checksum does not cover the name, which says how many steps were done. */
    private static void requireOwnName(Path file, RunState state) {
        long steps = state.number("steps", 0);
        if (steps != step(file)) {
            throw new AglException(file + ": is the checkpoint of step " + steps + " under another name");
        }
    }

    private void requireSame(Path file, RunState state) {
        JsonNode then = Json.parse(state.text("identity", "").getBytes(StandardCharsets.UTF_8), file.toString(), JSON::readTree);
        difference("", identity, then).ifPresent(what -> {
            throw new AglException(folder + ": the unfinished run there is another one: " + what
                    + "; go on with what it had, or delete this folder to begin anew");
        });
    }

    /** "learning_rate is 0.001 now and was 0.002"; long values, such as hashes, are only named. */
    private static Optional<String> difference(String prefix, JsonNode now, JsonNode then) {
        Set<String> names = new LinkedHashSet<>();
        then.fieldNames().forEachRemaining(names::add);
        now.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode a = now.path(name);
            JsonNode b = then.path(name);
            if (a.isObject() && b.isObject()) {
                Optional<String> inside = difference(prefix + name + ".", a, b);
                if (inside.isPresent()) {
                    return inside;
                }
            } else if (!a.equals(b)) {
                boolean brief = a.asText().length() + b.asText().length() < 80 && !a.isContainerNode() && !b.isContainerNode();
                return Optional.of(prefix + name + (brief ? " is " + shown(a) + " now and was " + shown(b) : " has changed"));
            }
        }
        return Optional.empty();
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "not set" : value.asText();
    }

    /** Writes a checkpoint if one is due after this step, or asked for. */
    void after(int step, int steps, boolean asked, Consumer<RunState> content) {
        long since = nanos.getAsLong() - saved;
        boolean due = every > 0 ? step % every == 0 : since > Math.max(EVERY_NANOS, MOST_SHARE * lastNanos);
        if (asked || due || step == steps && since > LAST_NANOS) {
            save(step, content);
        }
    }

    /** Seconds that the last checkpoint took, in which nothing is trained. */
    public double lastSeconds() {
        return lastNanos * 1e-9;
    }

    private void save(int step, Consumer<RunState> content) {
        long begun = nanos.getAsLong();
        soundness.run();
        try {
            OutputFile.makeFolders(folder);
        } catch (IOException e) {
            throw new AglException(folder + ": cannot be made: " + Json.reason(e), e);
        }
        try (RunState state = RunState.saving(folder.resolve(String.format(Locale.ROOT, "step-%08d.safetensors", step)))) {
            state.text("identity", identity.toString());
            state.number("steps", step);
            content.accept(state);
            others.forEach(other -> other.accept(state));
            state.write();
        } catch (NotFiniteException e) { // the update after a loss that was finite; no file is left
            throw new NotFiniteException("what step " + step + " came to is not finite (" + e.getMessage()
                    + "); try a lower learning rate");
        }
        // Later ones are damaged: the run went on from before them.
        List<Path> all = files(folder);
        all.stream().filter(file -> step(file) > step).forEach(AtomicFiles::deleteTree);
        List<Path> sound = all.stream().filter(file -> step(file) <= step).toList();
        sound.subList(0, Math.max(0, sound.size() - KEPT)).forEach(AtomicFiles::deleteTree);
        saved = nanos.getAsLong();
        lastNanos = saved - begun;
    }

    /** The run is finished and what it made is written: its checkpoints go. */
    public void delete() {
        delete(folder);
    }

    /** Deletes what a run left there, and the folder if nothing else is in it. */
    public static void delete(Path folder) {
        AtomicFiles.deleteTemporary(folder);
        files(folder).forEach(AtomicFiles::deleteTree);
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // Somebody else's files stay.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In the order of their steps. */
    private static List<Path> files(Path folder) {
        return AtomicFiles.names(folder).stream().filter(name -> NAME.matcher(name).matches()).map(folder::resolve)
                .sorted(Comparator.comparingInt(Checkpoints::step)).toList();
    }

    private static int step(Path file) {
        Matcher m = NAME.matcher(file.getFileName().toString());
        return m.matches() ? Integer.parseInt(m.group(1)) : 0;
    }
}
