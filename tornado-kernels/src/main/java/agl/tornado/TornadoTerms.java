package agl.tornado;

import agl.autograd.storage.Storage;
import agl.regularizers.AglSettings;
import agl.regularizers.GeodesicOverlap;
import agl.regularizers.TermKernels;
import agl.regularizers.Tile;

/**
 * AGL's terms on the device. Its work-groups add in float and the host adds their sums in double: the sums and derivatives agree with the
 * plain loops' to about 1e-6 of the sum of the absolute values. Anything in double goes to the plain loops.
 */
final class TornadoTerms implements TermKernels {
    private final Engine engine;
    private final Operands on;
    private final GroupSums sums;

    TornadoTerms(Engine engine, Operands on, GroupSums sums) {
        this.engine = engine;
        this.on = on;
        this.sums = sums;
    }

    @Override public double riemannian(AglSettings s, Tile a, Tile t, double scale, Tile da, Tile dt) {
        if (Operands.inDouble(a.data(), t.data(), da.data(), dt.data())) {
            return PLAIN.riemannian(s, a, t, scale, da, dt);
        }
        int overlap = switch (s.overlap()) {
            case ABSOLUTE -> 0;
            case SIGNED -> 1;
            case SQUARED -> 2;
        };
        int groups = GroupSums.groups(t.size());
        return on.compute(() -> {
            engine.run(Op.RIEMANNIAN, groups, new int[] {t.size(), on.read(a.data()), on.read(t.data()), on.add(da.data()),
                on.add(dt.data()), sums.offset(), overlap}, s.beta(), s.kappa(), s.tau(), scale);
            return sums.total(groups, 1);
        })[0];
    }

    @Override public double stability(Storage h, Tile t, double scale, Tile dt) {
        if (Operands.inDouble(h, t.data(), dt.data())) {
            return PLAIN.stability(h, t, scale, dt);
        }
        int groups = GroupSums.groups(t.size());
        return on.compute(() -> {
            engine.run(Op.STABILITY, groups, new int[] {t.size(), on.read(t.data()), on.read(h) + t.offset(), on.add(dt.data()),
                sums.offset()}, 2 * scale);
            return sums.total(groups, 1);
        })[0];
    }

    @Override public void geodesic(GeodesicOverlap.Sums into, Storage metric, Tile a, Tile t, Tile ma, Tile mt) {
        if (Operands.inDouble(metric, a.data(), t.data(), ma.data(), mt.data())) {
            PLAIN.geodesic(into, metric, a, t, ma, mt);
            return;
        }
        int groups = GroupSums.groups(t.size());
        double[] qpu = on.compute(() -> {
            engine.run(Op.GEODESIC, groups, new int[] {t.size(), on.read(a.data()), on.read(t.data()),
                metric == null ? -1 : on.read(metric) + t.offset(), whole(ma), whole(mt), sums.offset()});
            return sums.total(groups, 3);
        });
        into.add(qpu[0], qpu[1], qpu[2]);
    }

    /** Arena offset of a tile that the kernel overwrites. */
    private int whole(Tile tile) {
        return on.write(tile.data(), tile.size() == tile.data().length());
    }
}
