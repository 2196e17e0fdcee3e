package agl.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.LinearLayer;
import agl.nn.checkpoint.RunState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraLinearTest {

    private static LinearLayer base() {
        return Tiny.llama().linears().getFirst();
    }

    private static LoraLinear layer(LinearLayer base, double dropout, long seed) {
        Tensor a = Tensor.fill(DType.F64, i -> i + 1, 2, base.in()).requireGrad();
        Tensor b = Tensor.fill(DType.F64, i -> 1 - i, base.out(), 2).requireGrad();
        return new LoraLinear(base, new LoraLinear.Update(a, b, 0.5), dropout, seed);
    }

    private static double[] forward(LoraLinear layer) {
        Tensor x = Tensor.fill(DType.F64, i -> 1, 50, layer.in());
        try (Tape tape = Tape.plain()) {
            return layer.forward(tape, x).toArray();
        }
    }

    /** Each pass draws its own mask, each seed others, and the same seed the same ones again. */
    @Test void theSeedDecidesTheMasks() {
        LinearLayer base = base();
        Set<List<Double>> seen = new HashSet<>();
        for (long seed : new long[] {1, 2, 3}) {
            LoraLinear layer = layer(base, 0.5, seed);
            LoraLinear again = layer(base, 0.5, seed);
            for (int pass = 0; pass < 3; pass++) {
                double[] y = forward(layer);
                assertArrayEquals(y, forward(again), 0, "seed " + seed + ", pass " + pass);
                seen.add(Arrays.stream(y).boxed().toList());
            }
        }
        assertEquals(9, seen.size());
    }

    /** A run put back after two passes draws the mask of the third. */
    @Test void masksAreDrawnOn(@TempDir Path folder) {
        LinearLayer base = base();
        LoraLinear whole = layer(base, 0.5, 1);
        forward(whole);
        forward(whole);
        Path file = folder.resolve("state.safetensors");
        try (RunState state = RunState.saving(file)) {
            whole.state(state);
            state.write();
        }
        LoraLinear resumed = layer(base, 0.5, 1);
        try (RunState state = RunState.loading(file)) {
            resumed.state(state);
        }
        assertArrayEquals(forward(whole), forward(resumed), 0);
    }

    /**
     * The Fisher information is estimated with the adapter off, when the frozen layer alone computes: it is observed there, and once either
     * way.
     */
    @Test void aListenerHearsTheLayerWithTheAdapterOnOffAndMerged() {
        LoraLinear layer = layer(base(), 0, 1);
        List<double[]> heard = new ArrayList<>();
        layer.listen((x, delta) -> heard.add(new double[] {x.get(0), delta.get(0)}));
        for (Runnable state : List.<Runnable>of(() -> {}, () -> layer.enable(false), () -> layer.enable(true), layer::merge,
                layer::unmerge)) {
            state.run();
            backward(layer);
            assertEquals(1, heard.size());
            assertArrayEquals(new double[] {2, 3}, heard.getFirst());
            heard.clear();
        }
        layer.listen(null);
        backward(layer);
        layer.enable(false);
        backward(layer);
        assertEquals(0, heard.size(), "no one listens any more");
    }

    /** x = 2 everywhere, ∂L/∂y = 3. */
    private static void backward(LoraLinear layer) {
        Tensor x = Tensor.fill(DType.F64, i -> 2, 1, layer.in()).requireGrad();
        double[] ones = new double[layer.out()];
        Arrays.fill(ones, 3);
        try (Tape tape = Tape.plain()) {
            tape.backward(layer.forward(tape, x), ones);
        }
    }

    @Test void aRefusalNamesWhatDoesNotFit() {
        LinearLayer base = base();
        int out = base.out();
        int in = base.in();
        String shapes = assertThrows(AglException.class, () -> new LoraLinear(base,
                new LoraLinear.Update(Tensor.zeros(DType.F64, 2, in), Tensor.zeros(DType.F64, out, 3), 1), 0, 1)).getMessage();
        assertEquals("layer " + base.name() + " is (" + out + ", " + in + "), the adapter's A is (2, " + in + ") and B (" + out + ", 3)",
                shapes);
        String magnitudes = assertThrows(AglException.class,
                () -> new LoraLinear(base, new LoraLinear.Update(Tensor.zeros(DType.F64, 2, in),
                        Tensor.zeros(DType.F64, out, 2), 1, Tensor.zeros(DType.F64, out - 1)), 0, 1))
                .getMessage();
        assertEquals("layer " + base.name() + " has " + out + " rows, the adapter has " + (out - 1) + " magnitudes (DoRA)", magnitudes);
    }
}
