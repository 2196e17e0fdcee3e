package agl.app.inspect;

import agl.app.train.FisherArtefact;
import agl.regularizers.Fisher;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** What a file of {@code agl fisher} was made from and holds, as JSON. */
final class FisherInspection {
    /** Shown with every list of margins. */
    static final String CAVEAT = "margins are those of the base; margins predicted from them and this file's gradients are off by several "
            + "nats after ten steps of training (8 nats measured), so they are no alarm";
    /** Numbers of leading eigenvalues whose share of the trace is listed. */
    private static final int[] LEADING = {1, 4, 16, 64};

    private FisherInspection() { }

    static ObjectNode of(ObjectNode out, Path path) {
        FisherArtefact artefact = FisherArtefact.read(path);
        FisherArtefact.About about = artefact.about();
        ObjectNode settings = out.putObject("settings");
        settings.put("sha256", artefact.sha256());
        settings.setAll(artefact.estimate());
        settings.put("examples", about.examples()).put("stored", about.stored().name());
        about.template().forEach(settings::put);
        ArrayNode base = settings.putArray("base");
        about.base().forEach(base::add);
        out.set("provenance", about.provenance());
        ArrayNode matrices = out.putArray("fisher");
        artefact.matrices().values().forEach(f -> add(matrices.addObject(), f));
        double[] margins = artefact.margins();
        if (margins.length > 0) {
            ObjectNode node = out.putObject("margins");
            double[] sorted = margins.clone();
            Arrays.sort(sorted);
            node.put("examples", sorted.length).put("least", sorted[0]).put("median", median(sorted)).put("mean",
                    Arrays.stream(sorted).average().orElseThrow()).put("largest", sorted[sorted.length - 1]);
            node.put("below_0", Arrays.stream(sorted).filter(m -> m < 0).count()).put("caveat", CAVEAT);
            ArrayNode each = node.putArray("each");
            Arrays.stream(margins).forEach(each::add);
        }
        return out;
    }

    private static double median(double[] sorted) {
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    private static void add(ObjectNode node, Fisher f) {
        node.put("name", f.name()).put("out", f.out()).put("in", f.in()).put("vectors", f.subspace().getClass().getSimpleName()
                .replace("Subspace", "").toLowerCase(Locale.ROOT));
        node.put("m", f.subspace().size()).put("diagonal", f.diagonal() != null).put("trace", f.trace());
        ObjectNode share = node.putObject("share_of_trace");
        for (int count : LEADING) {
            if (count <= f.spectrum().length) {
                share.put(Integer.toString(count), FisherArtefact.share(f, count));
            }
        }
        share.put("m", FisherArtefact.share(f, f.subspace().size()));
    }
}
