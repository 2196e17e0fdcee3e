package agl.app.train;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.error.AglException;
import agl.lora.LoraLinear;
import agl.nn.LinearLayer;
import agl.nn.Optimizer;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.RunState;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Everything by which a training run goes on, between two steps; the order of the data follows from the seed and the number of steps. */
final class TrainerState {
    private static final JsonMapper JSON = new JsonMapper();

    private final Transformer model;
    private final Optimizer optimizer;
    private final Trainer.Job job;
    private final BestKept best;
    private List<StepMetrics> history = new ArrayList<>();
    /** A and B when the method was last refreshed, after so many steps: what it derived from them is derived again. */
    private int refreshed;
    private List<double[]> atRefresh = List.of();

    TrainerState(Transformer model, Optimizer optimizer, Trainer.Job job, BestKept best) {
        this.model = model;
        this.optimizer = optimizer;
        this.job = job;
        this.best = best;
    }

    void add(StepMetrics metrics) {
        history.add(metrics);
    }

    List<StepMetrics> history() {
        return List.copyOf(history);
    }

    /** The method is about to be refreshed. */
    void remember(int steps) {
        refreshed = steps;
        atRefresh = factors().map(Tensor::toArray).toList();
    }

    private Stream<Tensor> factors() {
        return job.factors().stream().flatMap(f -> Stream.of(f.a(), f.b()));
    }

    /** Saves all or puts it back. */
    void through(RunState state, Consumer<Consumer<Tape>> onTape) {
        refreshed = state.count("refreshed", refreshed);
        if (state.isLoading()) {
            atRefresh = refreshed == 0 ? List.of() : factors().map(t -> new double[t.size()]).toList();
        }
        for (int i = 0; i < atRefresh.size(); i++) {
            state.array("refreshed." + i, atRefresh.get(i));
        }
        if (state.isLoading() && refreshed > 0) {
            List<Tensor> tensors = factors().toList();
            for (int i = 0; i < tensors.size(); i++) {
                double[] then = atRefresh.get(i);
                Tensor t = tensors.get(i);
                for (int e = 0; e < then.length; e++) {
                    t.data().set(e, then[e]);
                }
            }
            onTape.accept(tape -> job.method().refresh(tape, job.factors()));
        }
        optimizer.state(state);
        for (LinearLayer layer : model.linears()) {
            if (layer instanceof LoraLinear lora) {
                lora.state(state);
            }
        }
        best.state(state);
        job.method().state(state, job.factors());
        history = parse(state.text("history", state.isLoading() ? "" : write()));
    }

    private String write() {
        try {
            return JSON.writeValueAsString(history.stream().map(StepMetrics::line).toList());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<StepMetrics> parse(String lines) {
        List<LinkedHashMap<String, Number>> all = Json.parse(lines.getBytes(StandardCharsets.UTF_8), "the checkpoint's steps",
                parser -> JSON.readValue(parser, new TypeReference<List<LinkedHashMap<String, Number>>>() { }));
        if (all == null) {
            throw new AglException("the checkpoint's steps are not a list");
        }
        return new ArrayList<>(all.stream().map(StepMetrics::ofLine).toList());
    }
}
