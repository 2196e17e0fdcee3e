package agl.app.compare;

import agl.app.data.Example;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.TaskMeasure;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The measurements made of every model.
 *
 * @param evaluation   held-out task examples
 * @param answerTokens longest answer to a task example; 0: measure the loss alone
 * @param driftTokens  longest answer to a prompt
 * @param pretrain     plain text whose loss is measured, or null
 */
public record Probe(List<Example> evaluation, List<Prompt> prompts, int maxLength, int answerTokens, AnswerMatch match, int driftTokens,
        PlainText pretrain) {

    /**
     * Measures the model in its current state.
     *
     * @param answers answers of the task it was tuned on
     */
    Measured measure(ModelBundle bundle, boolean keepAnswers, ClosedSet answers) {
        List<TaskMeasure.Result> task = TaskMeasure.run(bundle, evaluation, maxLength, answerTokens, match::matches);
        List<DriftCheck.Result> drift = new DriftCheck(bundle,
                DriftCheck.Settings.DEFAULT.withMaxNewTokens(driftTokens).withTask(answers)).run(prompts, n -> {});
        return new Measured(task.stream().mapToDouble(TaskMeasure.Result::loss).toArray(),
                task.stream().mapToInt(TaskMeasure.Result::tokens).toArray(),
                flags(answerTokens == 0 ? List.of() : task.stream().map(TaskMeasure.Result::correct).toList()),
                drift.stream().map(DriftCheck.Result::outcome).toList(),
                drift.stream().mapToDouble(DriftCheck.Result::margin).toArray(),
                drift.stream().mapToDouble(DriftCheck.Result::firstMargin).toArray(),
                pretrain == null ? Double.NaN : pretrain.loss(bundle),
                keepAnswers ? drift.stream().map(DriftCheck.Result::answer).toList() : List.of(),
                drift.stream().mapToInt(DriftCheck.Result::cutAfter).toArray());
    }

    private static boolean[] flags(List<Boolean> list) {
        boolean[] flags = new boolean[list.size()];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = list.get(i);
        }
        return flags;
    }

    /** What determines a measurement besides the data. */
    ObjectNode settings() {
        return new UsedSettings().with("answer_tokens", answerTokens).with("match", match.title()).with("drift_tokens", driftTokens)
                .with("max_length", maxLength).with("pretrain_tokens", pretrain == null ? 0 : pretrain.maxTokens())
                .with("openings", List.of(DriftCheck.Settings.DEFAULT.refusals(), DriftCheck.Settings.DEFAULT.compliances())).json();
    }
}
