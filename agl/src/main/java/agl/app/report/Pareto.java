package agl.app.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The Pareto front: the points that no other point dominates. */
public final class Pareto {
    private Pareto() {
    }

    /** The front sorted by x; empty if an axis has no better direction. Points with NaN are never on it. */
    public static List<Report.Point> front(List<Report.Point> points, Report.Better x, Report.Better y) {
        if (x == Report.Better.NEITHER || y == Report.Better.NEITHER) {
            return List.of();
        }
        List<Report.Point> front = new ArrayList<>();
        for (Report.Point p : points) {
            boolean beaten = points.stream().anyMatch(q -> gain(q.x(), p.x(), x) >= 0 && gain(q.y(), p.y(), y) >= 0
                    && (gain(q.x(), p.x(), x) > 0 || gain(q.y(), p.y(), y) > 0));
            if (!beaten && Double.isFinite(p.x()) && Double.isFinite(p.y())) {
                front.add(p);
            }
        }
        front.sort(Comparator.comparingDouble(Report.Point::x).thenComparingDouble(Report.Point::y));
        return front;
    }

    private static double gain(double a, double b, Report.Better better) {
        return better == Report.Better.LOWER ? b - a : a - b;
    }
}
