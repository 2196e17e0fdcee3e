package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.storage.DType;
import agl.regularizers.method.Agl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Weights and sums of the terms as they are logged. */
class TermValuesTest {
    /** Primes, so that no two weights or terms can stand for each other. */
    private static final AglSettings SETTINGS = Samples.settings("{'lambda_A':2,'lambda_T':3,'lambda_NC':5,'alpha':0.25}");

    @Test void everyTermHasItsOwnWeight() {
        TermValues v = TermValues.of(SETTINGS, t -> new double[] {7, 11, 13, 17}[t.ordinal()]);
        assertEquals(2 * 7 + 3 * 11 + 5 * 0.25 * 13 + 5 * 0.75 * 17, v.weighted(), 1e-12);
        AglSettings off = Samples.settings("{'lambda_A':2,'lambda_T':0,'lambda_NC':0}");
        assertEquals(14, TermValues.of(off, t -> t == Term.L_A ? 7 : Double.NaN).weighted(), "not measured, and not missed");
    }

    @Test void aModelIsTheSumOverItsMatrices() {
        assertEquals(values(3, 7, 11, 15, 19), values(1, 3, 5, 7, 9).plus(values(2, 4, 6, 8, 10)));
    }

    private static TermValues values(double... v) {
        return new TermValues(TermValues.values(t -> v[t.ordinal()]), v[4]);
    }

    /** Two matrices together are what each is alone, in values and in what is logged; α belongs to E_RM, 1 − α to E_geo. */
    @Test void twoMatricesAreLoggedAsTheirSum() {
        AglSettings s = SETTINGS.with("{\"metric\":\"diag_fisher\",\"m\":2,\"reduction\":\"sum\"}");
        Map<String, Fisher> fisher = new LinkedHashMap<>();
        List<LoraFactors> factors = new java.util.ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Samples.Shape shape = new Samples.Shape(4 + i, 5, 4, 3, 2, i);
            SplittableRandom r = shape.random();
            fisher.put("w" + i, Samples.fisher(Samples.gradients(r, DType.F64, shape), s));
            LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
            factors.add(new LoraFactors("w" + i, f.a(), f.b(), f.scale()));
        }
        AglRegularizer regularizer = AglRegularizer.of(s, fisher);
        try (Tape tape = Tape.plain()) {
            TermValues one = regularizer.measure(tape, factors.subList(0, 1));
            TermValues other = regularizer.measure(tape, factors.subList(1, 2));
            assertTrue(one.eGeo() > 1e-4 && other.eGeo() > 1e-4 && one.eRM() > 1e-3 && other.eRM() > 1e-3, one + " " + other);
            TermValues both = regularizer.measure(tape, factors);
            assertEquals(one.lA() + other.lA(), both.lA(), 1e-12);
            assertEquals(one.lT() + other.lT(), both.lT(), 1e-12);
            assertEquals(one.eRM() + other.eRM(), both.eRM(), 1e-12);
            assertEquals(one.eGeo() + other.eGeo(), both.eGeo(), 1e-12);
            assertEquals(one.weighted() + other.weighted(), both.weighted(), 1e-10);
            Map<String, Double> log = new Agl(regularizer, 1).addGradients(tape, factors, 0);
            assertEquals(both.lA(), log.get("L_A"), 1e-12);
            assertEquals(2 * both.lA(), log.get("weighted_L_A"), 1e-12);
            assertEquals(3 * both.lT(), log.get("weighted_L_T"), 1e-12);
            assertEquals(5 * 0.25 * both.eRM(), log.get("weighted_E_RM"), 1e-12);
            assertEquals(5 * 0.75 * both.eGeo(), log.get("weighted_E_geo"), 1e-12);
            assertEquals(log.get("weighted_L_A") + log.get("weighted_L_T") + log.get("weighted_E_RM") + log.get("weighted_E_geo"),
                    log.get("penalty"), 1e-10);
        }
    }

    /** The values that docs/decisions/terms.md and docs/RESULTS.md name as the default; who changes one changes the other. */
    @Test void theDefaultsAreTheDocumentedOnes() throws Exception {
        AglSettings d = AglSettings.DEFAULT;
        assertEquals(
                "{\"lambda_A\":10000.0,\"lambda_T\":0.001,\"lambda_NC\":0.0,\"alpha\":0.5,\"beta\":4.0,\"kappa\":1.0,"
                        + "\"tau\":0.01,\"epsilon\":1.0E-12,\"reduction\":\"mean\",\"overlap\":\"absolute\","
                        + "\"metric\":\"euclidean\",\"collision_rows\":0.0625,\"H\":\"identity\",\"ema_decay\":0.99,"
                        + "\"backend\":\"exact\",\"m\":0,\"energy\":0.0,\"fisher_data\":\"contrast_task\",\"fisher_tokens\":2,"
                        + "\"fisher_error\":0.03,\"exact_storage\":\"auto\",\"fisher_norm\":\"mean_trace\",\"refresh_every\":0,"
                        + "\"alignment_rank\":0,\"alignment_reach\":\"update\"}",
                d.toJson().toString());
        assertTrue(Files.readString(Path.of("..", "docs", "decisions", "terms.md")).contains("λ_A = " + (long) d.lambdaA()));
        AglSettings read = AglSettings.AS_READ;
        assertEquals(List.of(0.25, 0.5, 0.1, 0.5, 4.0, 0.01),
                List.of(read.lambdaA(), read.lambdaT(), read.lambdaNC(), read.alpha(), read.beta(), read.tau()));
        assertEquals(AglSettings.FisherData.ALIGNMENT, read.fisherData());
        assertEquals(AglSettings.FisherNorm.TRACE, read.fisherNorm());
        assertEquals(0, read.fisherTokens());
    }
}
