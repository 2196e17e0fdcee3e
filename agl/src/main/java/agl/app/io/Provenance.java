package agl.app.io;

import agl.app.BuildInfo;
import agl.autograd.AglException;
import agl.nn.checkpoint.Json;
import agl.autograd.kernels.Kernels;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where an output comes from: enough to make it again, or to see why two outputs differ. Every output folder gets one as
 * {@code provenance.json}.
 *
 * @param command  the subcommand, for example "train"
 * @param version  this build's version
 * @param settings all settings in force, defaults included; anything that Jackson can write
 * @param inputs   SHA-256 of each input file as it lies on disk, by path
 * @param threads  cores in use; the result does not depend on it
 */
public record Provenance(String command, long seed, String version, Object settings, Map<String, String> inputs, String java, String os,
                         String kernels, int threads, Instant written) {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** @param inputs data files and model folders; of a folder, the files right in it */
    public static Provenance of(String command, long seed, Object settings, List<Path> inputs) {
        return new Provenance(command, seed, BuildInfo.version(), settings, hashes(inputs),
                Runtime.version() + ", " + System.getProperty("java.vendor"),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Kernels.best().name(), Runtime.getRuntime().availableProcessors(), Instant.now());
    }

    public String toJson() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("command", command);
        fields.put("seed", seed);
        fields.put("version", version);
        fields.put("settings", settings);
        fields.put("inputs_sha256", inputs);
        fields.put("java", java);
        fields.put("os", os);
        fields.put("kernels", kernels);
        fields.put("threads", threads);
        fields.put("written", written.toString());
        try {
            return JSON.writeValueAsString(fields) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes {@code provenance.json} into {@code folder}. */
    public void writeInto(Path folder) {
        AtomicFiles.writeText(folder.resolve("provenance.json"), toJson());
    }

    private static Map<String, String> hashes(List<Path> inputs) {
        Map<String, String> hashes = new LinkedHashMap<>();
        for (Path input : inputs) {
            try (Stream<Path> files = Files.isDirectory(input) ? Files.list(input) : Stream.of(input)) {
                files.filter(file -> !Files.isDirectory(file)).sorted().forEach(file -> hashes.put(file.toString(), sha256(file)));
            } catch (IOException e) {
                throw new AglException(input + ": cannot be read: " + Json.reason(e), e);
            }
        }
        return hashes;
    }

    /** SHA-256 of a file's bytes, in hexadecimal. */
    public static String sha256(Path file) {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has SHA-256
        }
    }
}
