package agl.app.cli;

import agl.app.data.DataFiles;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.RefusalScores;
import agl.app.drift.Verdict;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl refusals}: how accurate the refusal patterns are, or their verdicts on the user's own answers. */
@Command(name = "refusals", description = "Measure the refusal patterns on labeled answers, or apply them to a column of a file.")
public final class RefusalsCommand implements Callable<Integer> {
    private static final int SHOWN = 100;

    @Option(names = "--answers", paramLabel = "FILE",
            description = "Answers to judge, e.g. the answers.csv of a drift check: .csv, .tsv, .jsonl or .json.")
    private Path file;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "answer",
            description = "The column that holds them (default: ${DEFAULT-VALUE}).")
    private String column;

    @Option(names = "--list", description = "Print every answer with its verdict.")
    private boolean list;

    @Spec
    private CommandSpec spec;

    @Override public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (file == null) {
            RefusalScores.table().forEach(out::println);
        } else {
            List<String> answers = DataFiles.column(file, column);
            Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
            for (String answer : answers) {
                Verdict verdict = RefusalPatterns.judge(answer);
                counts.merge(verdict, 1, Integer::sum);
                if (list) {
                    String line = answer.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cc}", " ");
                    out.println(verdict.title() + "\t" + (line.length() > SHOWN ? line.substring(0, SHOWN) + " ..." : line));
                }
            }
            out.print(answers.size() + " answers:");
            for (Verdict verdict : Verdict.values()) {
                out.print((verdict == Verdict.REFUSAL ? " " : ", ") + counts.getOrDefault(verdict, 0) + " " + verdict.title());
            }
            out.println();
        }
        out.flush();
        return 0;
    }
}
