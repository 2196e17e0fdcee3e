package agl.app.explain;

import agl.app.report.Html;
import agl.app.train.Adapters;
import agl.autograd.GradCheck;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.AdamW;
import agl.nn.Batch;
import agl.nn.Schedule;
import agl.nn.Transformer;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LoraFactors;
import agl.regularizers.TermValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A few training steps of a transformer small enough to differentiate the whole loss numerically. */
final class StepNumbers {
    private static final int STEPS = 5;

    private final Transformer model = TinyTransformer.make();
    private final List<Batch> alignment = TinyTransformer.batch();
    private final Batch task = Batch.of(5, 5, 8, 3, 10, 2);
    private final AglSettings settings = AglSettings.DEFAULT
            .with("{\"m\":2,\"lambda_A\":50,\"lambda_T\":0.1,\"lambda_NC\":10,\"metric\":\"diag_fisher\",\"kappa\":20}");
    private final LoraModel lora;
    private final AglRegularizer regularizer;
    private final List<LoraFactors> factors;

    private StepNumbers() {
        for (int t = 2; t < 5; t++) {
            task.targets()[t] = task.tokens()[t + 1];
        }
        List<String> names = model.linears().stream().map(l -> l.name()).filter(n -> n.matches(".*[qv]_proj")).toList();
        regularizer = AglRegularizer.of(settings, new FisherEstimator(Kernels.plain(), model, settings, DType.F64)
                .estimate(names, alignment.stream().map(FisherEstimator.Example::new).toList(), (done, total, what) -> { }));
        lora = LoraModel.attach(model, LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        factors = Adapters.factors(lora);
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("five steps", () -> new StepNumbers().steps());
        all.put("learning rate", StepNumbers::schedule);
        all.put("one parameter under AdamW", StepNumbers::adamW);
        all.put("the first step of AdamW", StepNumbers::firstStep);
    }

    private String steps() {
        List<List<Object>> rows = new ArrayList<>();
        List<Panel.Comparison> comparisons = new ArrayList<>();
        AdamW optimizer = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 1), lora.parameters());
        for (int step = 0; step < STEPS; step++) {
            double loss;
            try (Tape tape = Tape.plain()) {
                Tensor part = task(tape);
                loss = part.item();
                tape.backward(part);
            }
            TermValues v;
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                v = regularizer.addGradients(tape, factors, true);
            }
            if (step == STEPS - 1) {
                compare(comparisons);
            }
            double norm = optimizer.step(0.05, 1);
            rows.add(List.of(Integer.toString(step + 1), loss, v.lA(), v.lT(), v.eRM(), v.eGeo(), v.weighted(), loss + v.weighted(), norm));
        }
        return Panel.of("One layer, q and v adapted, one batch again and again")
                .table(List.of("step", "L_task", "L_A", "L_T", "E_RM", "E_geo", "weighted", "L", "gradient norm"), rows)
                .check("In the last step, every entry of every A and B moved by ±1e−6, task loss and terms computed again:", comparisons, 6)
                .html();
    }

    private Tensor task(Tape tape) {
        return HeadCrossEntropy.mean(tape, model.hidden(tape, task), model.head(), task.targets());
    }

    private double whole() {
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            return task(tape).item() + regularizer.measure(tape, factors).weighted();
        }
    }

    private void compare(List<Panel.Comparison> comparisons) {
        for (LoraFactors f : factors) {
            String layer = f.name().substring(f.name().lastIndexOf('.') + 1);
            for (Tensor x : List.of(f.a(), f.b())) {
                for (int e = 0; e < x.size(); e++) {
                    comparisons.add(new Panel.Comparison(
                            "∂L/∂" + (x == f.a() ? "A" : "B") + "[" + e / x.cols() + ", " + e % x.cols() + "] of " + layer,
                            x.gradArray()[e], GradCheck.quotient(x, e, this::whole)));
                }
            }
        }
    }

    private static String schedule() {
        Schedule s = new Schedule(1e-3, 2, 10, 0);
        List<Object> row = new ArrayList<>(List.of("1000 · rate"));
        List<String> headers = new ArrayList<>(List.of("step"));
        for (int step = 0; step < 10; step++) {
            headers.add(Integer.toString(step));
            row.add(1000 * s.at(step));
        }
        return Panel.of("Peak 0.001, two steps of warm-up, ten in all").table(headers, List.of(row)).html();
    }

    private static String firstStep() {
        double[] gradients = {0, 1e-12, 1e-8, 1e-4, 1};
        Tensor p = Tensor.zeros(DType.F64, gradients.length).requireGrad();
        try (Tape tape = Tape.plain()) {
            for (int i = 0; i < gradients.length; i++) {
                tape.grad(p).set(i, gradients[i]);
            }
        }
        new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), List.of(p)).step(0.1, 1);
        List<Object> moved = new ArrayList<>(List.of("moves by"));
        List<String> headers = new ArrayList<>(List.of("gradient"));
        for (int i = 0; i < gradients.length; i++) {
            headers.add(Html.number(gradients[i]));
            moved.add(Math.abs(p.get(i)));
        }
        return Panel.of("Learning rate 0.1, no clipping").table(headers, List.of(moved)).html();
    }

    private static String adamW() {
        Tensor p = Tensor.of(new double[] {1}, 1).requireGrad();
        AdamW optimizer = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 1), List.of(p));
        List<List<Object>> rows = new ArrayList<>();
        for (int step = 1; step <= 4; step++) {
            double g = 2 * p.get(0);
            try (Tape tape = Tape.plain()) {
                tape.grad(p).set(0, g);
            }
            double before = p.get(0);
            double norm = optimizer.step(0.1, 1);
            rows.add(List.of(Integer.toString(step), before, g, norm > 1 ? 1 / norm : 1.0, p.get(0)));
        }
        return Panel.of("L = p², learning rate 0.1, clipped to norm 1")
                .table(List.of("step", "p", "gradient 2p", "clipped by", "p afterwards"), rows).html();
    }
}
