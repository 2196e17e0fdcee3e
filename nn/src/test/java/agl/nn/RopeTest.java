package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import agl.autograd.op.Rope;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class RopeTest {
    private static double[] frequencies(int headDim, String scaling) throws Exception {
        ObjectNode json = (ObjectNode) new com.fasterxml.jackson.databind.ObjectMapper().readTree(
                "{\"rope_theta\":10000.0" + (scaling.isEmpty() ? "" : ",\"rope_scaling\":" + scaling.replace('\'', '"')) + "}");
        return RopeScaling.parse(new ConfigNode(json, "test"), headDim, 4096).frequencies();
    }

    @Test void plainAndLinear() throws Exception {
        assertArrayEquals(new double[] {1, 0.1, 0.01, 0.001}, frequencies(8, ""), 1e-15);
        assertArrayEquals(new double[] {1, 0.1, 0.01, 0.001}, frequencies(8, "{'type':'default'}"), 1e-15);
        assertArrayEquals(new double[] {0.25, 0.025, 0.0025, 0.00025}, frequencies(8, "{'type':'linear','factor':4}"), 1e-15);
    }

    /**
     * The numbers of transformers 5 (modeling_rope_utils, in float): the fast ones stay, the slow ones are divided by 8, one lies between.
     */
    @Test void llama3() throws Exception {
        assertArrayEquals(
                new double[] {1.0, 0.3162277638912201, 0.10000000149011612, 0.01849667727947235, 0.0012499999720603228,
                    0.00039528473280370235,
                    0.0001250000059371814, 3.9528473280370235e-05},
                frequencies(16,
                        "{'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,'original_max_position_embeddings':512}"),
                1e-8);
        // Without its own length the original one is the model's.
        assertArrayEquals(frequencies(16,
                "{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':4096}"),
                frequencies(16, "{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4}"));
    }

    /** A table grows to twice the next power of two, is used again while it is long enough, and never exceeds the model's positions. */
    @Test void tablesGrowAsNeeded() {
        RopeTable tables = new RopeTable(new RopeScaling(new double[] {1, 0.1}), 1000);
        Rope.Table first = tables.holding(new int[] {0, 5});
        assertEquals(128 * 2, first.cos().length);
        assertSame(first, tables.holding(new int[] {127, 3}));
        Rope.Table second = tables.holding(new int[] {3, 128});
        assertNotSame(first, second);
        assertEquals(256 * 2, second.cos().length);
        assertEquals(1000 * 2, tables.holding(new int[] {999}).cos().length);
        assertEquals(Math.cos(99.9), tables.holding(new int[] {999}).cos()[2 * 999 + 1], 1e-12);
        assertEquals(Math.sin(5), first.sin()[2 * 5], 1e-15);
    }
}
