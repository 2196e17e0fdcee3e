package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FisherCacheTest {
    @TempDir
    private Path folder;

    private static Map<String, Fisher> estimate(DType dtype, AglSettings s) {
        Map<String, Fisher> fisher = new LinkedHashMap<>();
        for (String name : List.of("model.layers.0.q_proj", "model.layers.0.v_proj")) {
            Samples.Shape shape = new Samples.Shape(5, 7, 4, 3, 2, name.hashCode());
            fisher.put(name, Fisher.of(Kernels.plain(), name, Samples.gradients(shape.random(), dtype, shape), s));
        }
        return fisher;
    }

    @Test void whatIsReadIsWhatWasMade() {
        for (String backend : List.of("'backend':'exact','exact_storage':'dense'", "'backend':'exact','exact_storage':'factored'",
                "'backend':'kfac'", "'backend':'diagonal'")) {
            for (DType dtype : List.of(DType.F32, DType.F64)) {
                AglSettings s = Samples.settings("{'m':3,'metric':'diag_fisher'," + backend + "}");
                FisherCache cache = new FisherCache(folder.resolve(backend.replaceAll("\\W", "") + dtype));
                AtomicInteger made = new AtomicInteger();
                FisherCache.Estimate maker = () -> {
                    made.incrementAndGet();
                    return estimate(dtype, s);
                };
                String key = FisherCache.key("base", "data", List.of("q", "v"), s, dtype);
                Map<String, Fisher> first = cache.get(key, s, maker);
                Map<String, Fisher> second = cache.get(key, s, maker);
                assertEquals(1, made.get(), "the second time it is read");
                assertEquals(List.copyOf(first.keySet()), List.copyOf(second.keySet()));
                first.forEach((name, a) -> {
                    Fisher b = second.get(name);
                    assertArrayEquals(a.eigenvalues(), b.eigenvalues(), 0);
                    assertArrayEquals(a.spectrum(), b.spectrum(), 0);
                    assertEquals(a.trace(), b.trace());
                    assertEquals(a.scale(), b.scale());
                    assertEquals(a.diagonal().get(6), b.diagonal().get(6));
                    double[] x = Samples.gaussian(new SplittableRandom(1), DType.F64, 1, 5, 7).toArray();
                    assertArrayEquals(a.subspace().project(x), b.subspace().project(x), 0);
                });
                // The same estimate under another normalisation.
                AglSettings max = s.with("{\"fisher_norm\":\"max\"}");
                assertEquals(1, cache.get(key, max, maker).values().iterator().next().eigenvalues()[0], 1e-12);
                assertEquals(1, made.get());
            }
        }
    }

    /** Several at a time on one folder: each has the estimate, the file is whole, and only what dead processes left is deleted. */
    @Test void sharedByRunsAtTheSameTime() throws Exception {
        AglSettings s = Samples.settings("{'m':3}");
        Files.writeString(folder.resolve(".fisher-k.safetensors.999999999-1.tmp"), "of a process that was killed");
        Files.writeString(folder.resolve(".fisher-k.safetensors." + ProcessHandle.current().pid() + "-1.tmp"), "of one that lives");
        double[] right = Fisher.normalise(estimate(DType.F32, s), s.fisherNorm()).values().iterator().next().eigenvalues();
        List<Thread> threads = new java.util.ArrayList<>();
        AtomicInteger sound = new AtomicInteger();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 5; i++) {
                    Map<String, Fisher> found = new FisherCache(folder).get("k" + i, s, () -> estimate(DType.F32, s));
                    sound.addAndGet(java.util.Arrays.equals(right, found.values().iterator().next().eigenvalues()) ? 1 : 0);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(20, sound.get());
        for (int i = 0; i < 5; i++) {
            assertEquals(2, FisherCache.read(folder.resolve("fisher-k" + i + ".safetensors"), "k" + i).size());
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(6, files.count());
        }
    }

    @Test void aBrokenFileIsMadeAgain() throws Exception {
        AglSettings s = Samples.settings("{'m':3}");
        FisherCache cache = new FisherCache(folder);
        cache.get("k", s, () -> estimate(DType.F32, s));
        Path file;
        try (Stream<Path> files = Files.list(folder)) {
            file = files.findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 9));
        AtomicInteger made = new AtomicInteger();
        cache.get("k", s, () -> {
            made.incrementAndGet();
            return estimate(DType.F32, s);
        });
        assertEquals(1, made.get());
        assertArrayEquals(bytes, Files.readAllBytes(file));
    }

    /** Whatever happens to a file's bytes, the estimate that comes out is the one that was made; a damaged file is made anew. */
    @Test void noDamageChangesAnEstimate() throws Exception {
        AglSettings s = Samples.settings("{'m':3,'metric':'diag_fisher'}");
        Map<String, Fisher> right = estimate(DType.F32, s);
        FisherCache cache = new FisherCache(folder);
        cache.get("k", s, () -> right);
        Path file = folder.resolve("fisher-k.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 400; i++) {
            byte[] damaged = damaged(bytes, i, random);
            Files.write(file, damaged);
            int mutation = i;
            assertThrows(AglException.class, () -> FisherCache.read(file, "k"), () -> "mutation " + mutation + " went unnoticed");
            if (i % 50 != 0) {
                continue;
            }
            AtomicInteger made = new AtomicInteger();
            Map<String, Fisher> found = cache.get("k", s, () -> {
                made.incrementAndGet();
                return right;
            });
            assertEquals(1, made.get());
            right.forEach((name, f) -> assertArrayEquals(Fisher.normalise(right, s.fisherNorm()).get(name).eigenvalues(),
                    found.get(name).eigenvalues(), 0));
            assertArrayEquals(bytes, Files.readAllBytes(file), "made anew");
        }
    }

    /** A flipped bit (spread over the whole file), a byte changed, cut off, repeated or dropped. */
    private static byte[] damaged(byte[] bytes, int i, SplittableRandom random) {
        int at = (int) ((long) i * bytes.length / 400);
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        switch (i % 5) {
            case 0, 1 -> {
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                return flipped;
            }
            case 2 -> out.write(bytes, 0, at);
            case 3 -> {
                out.write(bytes, 0, at);
                out.write(bytes, Math.max(0, at - 8), bytes.length - Math.max(0, at - 8));
                if (at == 0) {
                    out.write(0);
                }
            }
            default -> {
                out.write(bytes, 0, at);
                out.write(bytes, at + 1, bytes.length - at - 1);
            }
        }
        return out.toByteArray();
    }

    @Test void theEstimateOfAnotherKeyIsNotTaken() throws Exception {
        AglSettings s = Samples.settings("{'m':3}");
        FisherCache cache = new FisherCache(folder);
        cache.get("k", s, () -> estimate(DType.F32, s));
        Files.copy(folder.resolve("fisher-k.safetensors"), folder.resolve("fisher-l.safetensors"));
        AtomicInteger made = new AtomicInteger();
        cache.get("l", s, () -> {
            made.incrementAndGet();
            return estimate(DType.F32, s);
        });
        assertEquals(1, made.get());
    }

    /** A sound checksum over numbers that are no Fisher information. */
    @Test void valuesAreCheckedToo() {
        AglSettings s = Samples.settings("{'m':3}");
        Map<String, Fisher> good = estimate(DType.F32, s);
        Fisher f = good.values().iterator().next();
        double[] nan = f.spectrum().clone();
        nan[0] = Double.NaN;
        // What is no number is not even written.
        assertThrows(AglException.class, () -> FisherCache.write(folder.resolve("bad.safetensors"), "k",
                Map.of(f.name(), new Fisher(f.name(), f.subspace(), f.eigenvalues(), f.scale(), f.trace(), nan, null))));
        for (Fisher bad : List.of(new Fisher(f.name(), f.subspace(), f.eigenvalues(), f.scale(), -1, f.spectrum(), null),
                new Fisher(f.name(), f.subspace(), f.eigenvalues(), 0, f.trace(), f.spectrum(), null),
                new Fisher(f.name(), f.subspace(), f.eigenvalues(), 1, f.trace(), f.spectrum(),
                        new agl.autograd.storage.Storage.F32(new float[34], 34)))) {
            Path file = folder.resolve("bad.safetensors");
            FisherCache.write(file, "k", Map.of(f.name(), bad));
            assertThrows(AglException.class, () -> FisherCache.read(file, "k"));
        }
    }

    @Test void aCacheThatCannotBeWrittenEndsNothing() throws Exception {
        Path taken = Files.writeString(folder.resolve("file"), "not a folder");
        AglSettings s = Samples.settings("{'m':3}");
        AtomicInteger made = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            assertEquals(2, new FisherCache(taken).get("k", s, () -> {
                made.incrementAndGet();
                return estimate(DType.F32, s);
            }).size());
        }
        assertEquals(2, made.get());
        assertEquals("not a folder", Files.readString(taken));
    }

    @Test void theKeyNamesEverythingTheEstimateDependsOn() {
        AglSettings s = AglSettings.DEFAULT;
        String key = FisherCache.key("b", "d", List.of("q", "v"), s, DType.F32);
        assertEquals(key, FisherCache.key("b", "d", List.of("v", "q"), s.with("{\"lambda_A\":5,\"fisher_norm\":\"max\"}"), DType.F32));
        for (String other : new String[] {
            FisherCache.key("c", "d", List.of("q", "v"), s, DType.F32), FisherCache.key("b", "e", List.of("q", "v"), s, DType.F32),
            FisherCache.key("b", "d", List.of("q"), s, DType.F32), FisherCache.key("b", "d", List.of("q", "v"), s, DType.F64),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"m\":9}"), DType.F32),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"energy\":0.9}"), DType.F32),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"fisher_data\":\"contrast\"}"), DType.F32),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"exact_storage\":\"dense\"}"), DType.F32),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"backend\":\"kfac\"}"), DType.F32),
            FisherCache.key("b", "d", List.of("q", "v"), s.with("{\"metric\":\"diag_fisher\"}"), DType.F32)}) {
            assertNotEquals(key, other);
        }
    }

    @Test void examplesAreToldApartByTokensTargetsAndContrast() {
        Batch a = new Batch(new int[] {1, 2, 3}, new int[] {0, 3}, new int[] {-1, 3, -1});
        List<List<FisherEstimator.Example>> different = List.of(
                List.of(new FisherEstimator.Example(a)),
                List.of(new FisherEstimator.Example(a), new FisherEstimator.Example(a)),
                List.of(new FisherEstimator.Example(a, a)),
                List.of(new FisherEstimator.Example(new Batch(new int[] {1, 2, 4}, new int[] {0, 3}, new int[] {-1, 3, -1}))),
                List.of(new FisherEstimator.Example(new Batch(new int[] {1, 2, 3}, new int[] {0, 3}, new int[] {2, 3, -1}))));
        // Two examples and one with a contrast are the same numbers, but never under the same settings.
        assertEquals(4, different.stream().map(FisherCache::hash).distinct().count());
        assertEquals(FisherCache.hash(different.get(0)), FisherCache
                .hash(List.of(new FisherEstimator.Example(new Batch(a.tokens().clone(), a.starts().clone(), a.targets().clone())))));
    }
}
