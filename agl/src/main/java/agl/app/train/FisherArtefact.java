package agl.app.train;

import agl.app.io.Inputs;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.ModelFiles;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.Sealed;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherTensors;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The Fisher information of an aligned base in a file of its own, made once by {@code agl fisher} and used by any number of runs that have
 * no alignment data. Estimates are stored before normalization, so that {@code fisher_norm} stays the run's choice. Format:
 * docs/ARTEFACT.md.
 */
public final class FisherArtefact {
    /** With the version of the format, which changes with the layout or the estimate's definition. */
    private static final String LAYOUT = "agl-fisher-artefact-";
    private static final String VERSION = "1";
    private static final String ABOUT = "about";
    private static final String MARGINS = "margins";
    private static final JsonMapper JSON = new JsonMapper();
    /** How a header begins, after its length and a brace, and what only ours has: a file that is damaged elsewhere is known by them. */
    private static final String BEGINNING = "\"__metadata__\":{";
    private static final String OWN_BEGINNING = BEGINNING + "\"" + ABOUT + "\":\"{\\\"base\\\":[";
    private static final String OWN_LAYOUT = "\"layout\":\"" + LAYOUT;
    private static final int BEFORE = 9;
    private static final int LOOKED_AT = 1 << 20;

    /**
     * What the estimates are of.
     *
     * @param base       identity of config.json and the weights: name=SHA-256
     * @param estimate   the settings in {@link AglSettings.Estimate}
     * @param examples   number of alignment examples, N
     * @param template   the prompt template, as in provenance.json
     * @param stored     F32 or BF16
     * @param provenance as provenance.json, but with the inputs' file names alone
     */
    public record About(List<String> base, ObjectNode estimate, int examples, Map<String, String> template, DType stored,
            ObjectNode provenance) {
    }

    private final Path file;
    private final String sha256;
    private final About about;
    private final AglSettings settings;
    private final Map<String, Fisher> matrices;
    private final double[] margins;

    private FisherArtefact(Path file, String sha256, About about, Map<String, Fisher> matrices, double[] margins) {
        this.file = file;
        this.sha256 = sha256;
        this.about = about;
        try {
            // Files from before there was the setting have every token.
            this.settings = AglSettings.DEFAULT.with("{\"fisher_error\":0}").with(about.estimate);
        } catch (AglException e) {
            throw new AglException(file + ": " + e.getMessage(), e);
        }
        this.matrices = matrices;
        this.margins = margins;
    }

    /**
     * Writes the file atomically, with a checksum.
     *
     * @param matrices estimates with scale 1 ({@code fisher_norm=none})
     * @param margins  margins of the examples at the base, see {@link FisherSource#margins}; empty without a contrast
     */
    public static void write(Path file, About about, Map<String, Fisher> matrices, double[] margins) {
        SafeTensorsWriter out = new SafeTensorsWriter().metadata("layout", LAYOUT + VERSION);
        try {
            out.metadata(ABOUT, JSON.writeValueAsString(about));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        FisherTensors.put(out, matrices, about.stored);
        FisherTensors.put(out, MARGINS, margins);
        out.writeSealed(file);
    }

    /** Reads a file whole; an {@link AglException} says in one line why a file cannot be used. */
    public static FisherArtefact read(Path file) {
        if (!Files.exists(file)) {
            throw new AglException(file + ": no such file");
        }
        if (Files.isDirectory(file)) {
            throw new AglException(file + ": is a folder, not a Fisher artefact");
        }
        if (!isOne(file)) {
            throw new AglException(file + ": is not a Fisher artefact, or its beginning is damaged; agl fisher makes one");
        }
        Sealed.require(file);
        try (SafeTensors in = SafeTensors.open(file)) {
            String version = in.metadata().get("layout").substring(LAYOUT.length());
            if (!version.equals(VERSION)) {
                throw new AglException(file + ": is a Fisher artefact of format " + Json.quote(version) + ", this program reads format "
                        + VERSION + "; make it again with agl fisher");
            }
            return new FisherArtefact(file, Inputs.read(List.of(file)).hashes().get(file.toString()), about(in, file),
                    FisherTensors.read(in, file), FisherTensors.doubles(in, file, MARGINS));
        }
    }

    private static About about(SafeTensors in, Path file) {
        String text = in.metadata().get(ABOUT);
        About about = text == null ? null
                : Json.parse(text.getBytes(StandardCharsets.UTF_8), file.toString(), parser -> JSON.readValue(parser, About.class));
        if (about == null || about.base == null || about.estimate == null || about.template == null || about.stored == null
                || about.provenance == null || about.examples < 1) {
            throw new AglException(file + ": does not say what it was made from");
        }
        return about;
    }

    /**
     * Whether the file says that it is an artefact, of any version, damaged, cut or not: then it may be overwritten by another. Throws an
     * {@link AglException} if it cannot be read.
     */
    public static boolean isOne(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        String start;
        try (InputStream in = Files.newInputStream(file)) {
            start = new String(in.readNBytes(BEFORE + LOOKED_AT), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
        try (SafeTensors in = SafeTensors.open(file)) {
            return in.metadata().getOrDefault("layout", "").startsWith(LAYOUT);
        } catch (AglException e) {
            return start.startsWith(OWN_BEGINNING, BEFORE) || start.startsWith(BEGINNING, BEFORE) && start.contains(OWN_LAYOUT);
        }
    }

    /** What identifies a base: the names and hashes of its config.json and weights, wherever the folder is. */
    public static List<String> identity(Path base) {
        return Inputs.read(List.of(base)).identity().stream().filter(file -> {
            String name = file.substring(0, file.lastIndexOf('='));
            return name.equals("config.json") || ModelFiles.isWeights(name);
        }).toList();
    }

    public Path file() {
        return file;
    }

    /** Of the file's bytes. */
    public String sha256() {
        return sha256;
    }

    public About about() {
        return about;
    }

    /** The estimates before normalization, by matrix. */
    public Map<String, Fisher> matrices() {
        return matrices;
    }

    /** m_i at the base, in nats; empty without a contrast. */
    public double[] margins() {
        return margins.clone();
    }

    /** The settings that determined the estimate, by name. */
    public ObjectNode estimate() {
        return settings.toJson().retain(AglSettings.names(AglSettings.Estimate.class));
    }

    /** N, the number of examples. */
    public int examples() {
        return about.examples;
    }

    /** Refuses another base than the one that the estimates are of. */
    public void requireBase(Path base) {
        if (!identity(base).equals(about.base)) {
            throw new AglException(file + ": was made from another base than " + base
                    + " (config.json or the weights differ); make one from this base with agl fisher");
        }
    }

    /** Refuses an adapter on matrices that the file does not have. It may have more. */
    public void requireLayers(LoraModel lora) {
        lora.layers().forEach((name, layer) -> {
            Fisher f = matrices.get(name);
            if (f == null) {
                List<String> lacking = lora.layers().keySet().stream().filter(n -> !matrices.containsKey(n)).toList();
                throw new AglException(file + ": has no Fisher information of " + lacking.size() + " of the " + lora.layers().size()
                        + " layers to be adapted, " + name + " among them; make it with the same --target-modules");
            }
            if (f.out() != layer.out() || f.in() != layer.in()) {
                throw new AglException(file + ": " + name + " is " + f.out() + " x " + f.in() + " there and " + layer.out() + " x "
                        + layer.in() + " in the base");
            }
        });
    }

    /** Refuses settings of a run that need what the file does not have. {@code s}: resolved for the method. */
    public void require(MethodKind kind, AglSettings s) {
        boolean everything = kind.reads() == MethodKind.Reads.EVERYTHING;
        if (everything && s.refreshEvery() > 0) {
            throw new AglException("setting agl.refresh_every = " + s.refreshEvery() + " estimates the Fisher information again during "
                    + "training, which takes the alignment data: give --alignment, not --fisher");
        }
        boolean diagonal = kind.reads() == MethodKind.Reads.DIAGONAL || everything && s.needsDiagonal();
        if (diagonal && matrices.values().stream().anyMatch(f -> f.diagonal() == null)) {
            throw new AglException(file + ": was made without the diagonal, which " + kind.title()
                    + (everything ? " needs with these settings" : " needs") + "; make it without --no-diagonal");
        }
        if (kind.reads() != MethodKind.Reads.DIAGONAL) {
            directions(s);
        }
    }

    /** How many leading eigenvectors to take; refuses more than the file has. */
    private int directions(AglSettings s) {
        if (s.energy() != settings.energy()) {
            throw new AglException("setting agl.energy = " + s.energy() + (s.energy() == 0 ? ", with m = " + s.m() + "," : "")
                    + " contradicts " + file + ", which was made with energy " + settings.energy());
        }
        int held = settings.directions(about.examples);
        int wanted = s.directions(about.examples);
        if (s.energy() == 0 && wanted > held) {
            throw new AglException("setting agl.m = " + wanted + " is more than the " + held + " directions of " + file
                    + "; make it with agl.m=" + wanted + " and enough examples");
        }
        return s.energy() > 0 ? Integer.MAX_VALUE : wanted;
    }

    /** The normalized estimates of these matrices, as {@link FisherSource#estimate} computes them from the data. */
    Map<String, Fisher> of(LoraModel lora, AglSettings s) {
        requireLayers(lora);
        int m = directions(s);
        Map<String, Fisher> chosen = new LinkedHashMap<>();
        // In the adapter's order: a mean over matrices is the same to the last bit then.
        lora.layers().keySet().forEach(name -> {
            Fisher f = matrices.get(name).leading(m);
            chosen.put(name, s.needsDiagonal() ? f : f.withoutDiagonal());
        });
        return Fisher.normalise(chosen, s.fisherNorm());
    }

    /**
     * Refuses settings that contradict those of the estimate. Others are the file's own; m may be smaller.
     *
     * @param given names of the settings that were asked for
     */
    public void requireNoContradiction(AglSettings asked, Set<String> given) {
        ObjectNode wanted = asked.toJson();
        ObjectNode own = estimate();
        for (String name : AglSettings.names(AglSettings.Estimate.class)) {
            if (!name.equals("m") && given.contains("agl." + name) && !wanted.get(name).equals(own.get(name))) {
                throw new AglException("setting agl." + name + " = " + wanted.get(name).asText() + " contradicts " + file
                        + ", which was made with " + own.get(name).asText() + ": leave it out");
            }
        }
    }

    /**
     * Caveats for runs with this file: settings of the estimate that are the file's and not the runs', and another prompt template.
     *
     * @param asked  the runs' settings as asked for
     * @param given  names of the settings that were asked for; m is then the run's
     * @param seeds  the runs' seeds
     */
    public List<String> notes(RunConfig asked, Set<String> given, List<Long> seeds, Map<String, String> template) {
        List<String> notes = new ArrayList<>();
        ObjectNode wanted = asked.agl().toJson();
        ObjectNode own = estimate();
        List<String> other = new ArrayList<>(AglSettings.names(AglSettings.Estimate.class).stream()
                .filter(name -> !(name.equals("m") && given.contains("agl.m")) && !wanted.get(name).equals(own.get(name)))
                .map(name -> "agl." + name + " is " + own.get(name).asText() + ", not " + wanted.get(name).asText()).toList());
        JsonNode made = about.provenance.path("settings").path("config");
        if (made.has("max_length") && made.get("max_length").asInt() != asked.train().maxLength()) {
            other.add("max_length is " + made.get("max_length") + ", not " + asked.train().maxLength());
        }
        List<String> others = seeds.stream().filter(seed -> made.has("seed") && made.get("seed").asLong() != seed).map(String::valueOf)
                .toList();
        if (!others.isEmpty()) {
            other.add("seed is " + made.get("seed") + ", not " + String.join(", ", others));
        }
        if (!other.isEmpty()) {
            notes.add("the Fisher information is as " + file + " was made: " + String.join("; ", other));
        }
        if (!Objects.equals(template, about.template)) {
            notes.add("warning: " + file + " was made with template " + about.template.get("template") + ", this run has "
                    + (Objects.equals(template.get("template"), about.template.get("template")) ? "another chat template"
                            : template.get("template")));
        }
        return notes;
    }

    /** Share of tr F in the {@code count} largest eigenvalues. */
    public static double share(Fisher f, int count) {
        return f.trace() == 0 ? 0 : Arrays.stream(f.spectrum()).limit(count).sum() / f.trace();
    }
}
