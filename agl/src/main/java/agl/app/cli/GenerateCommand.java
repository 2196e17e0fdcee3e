package agl.app.cli;

import agl.app.data.Request;
import agl.app.io.Provenance;
import agl.app.model.ModelBundle;
import agl.app.model.TrainedBase;
import agl.autograd.Pool;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.Peft;
import agl.nn.Generator;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl generate}: one answer. */
@Command(name = "generate", description = "Let a model, with or without an adapter, answer a prompt.")
public final class GenerateCommand implements Callable<Integer> {
    @Mixin private BaseOption base;

    @Option(names = "--adapter", paramLabel = "DIR", description = "PEFT adapter folder.")
    private Path adapter;

    @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "What to ask.")
    private String prompt;

    @Option(names = "--input", defaultValue = "", paramLabel = "TEXT", description = "The text it is asked about, if any.")
    private String input;

    @Option(names = "--max-new-tokens", defaultValue = "128", description = "Longest answer in tokens (default ${DEFAULT-VALUE}).")
    private int maxNewTokens;

    @Option(names = "--temperature", defaultValue = "0", description = "0: always the most likely token (default).")
    private double temperature;

    @Option(names = "--top-p", defaultValue = "1",
            description = "With a temperature: sample from the most likely tokens up to this total probability. Default: ${DEFAULT-VALUE}.")
    private double topP;

    @Option(names = "--seed", defaultValue = "1", description = "Seed for sampling. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin private DataOptions data;
    @Mixin private DeviceOptions device;

    @Spec private CommandSpec spec;

    @Override public Integer call() {
        device.use();
        if (maxNewTokens < 1 || !(temperature >= 0) || !(topP > 0 && topP <= 1)) {
            throw new AglException("--max-new-tokens must be at least 1, --temperature at least 0, --top-p in (0, 1]");
        }
        if (temperature == 0 && (topP != 1 || seed != 1)) {
            System.err.println("agl: not used: " + (topP == 1 ? "--seed" : seed == 1 ? "--top-p" : "--top-p, --seed")
                    + " (without a --temperature nothing is sampled)");
        }
        Provenance.requireUndamaged(base.path);
        ModelBundle bundle = ModelBundle.load(base.path, data.template(base.path, adapter == null ? List.of() : List.of(adapter)));
        if (adapter != null) {
            TrainedBase.check(base.path, List.of(adapter), false);
            Peft.load(bundle.model(), adapter, 0).merge();
        }
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        List<int[]> answer = generator.generate(bundle.prompts(List.of(new Request(prompt, input)), 1, maxNewTokens),
                new Generator.Settings(maxNewTokens, temperature, topP, seed), bundle::isStop);
        String text = bundle.tokenizer().decode(answer.get(0), true).strip();
        spec.commandLine().getOut().println(text);
        if (text.isEmpty()) {
            System.err.println("agl: the answer is empty: " + (answer.get(0).length > 0 ? "its " + answer.get(0).length
                    + " tokens are white space or special ones" : "the model ended it at once")
                    + ". Is the prompt template its own (--template)?");
        }
        return 0;
    }
}
