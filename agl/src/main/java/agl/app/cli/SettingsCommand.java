package agl.app.cli;

import agl.app.io.Terminal;
import agl.app.train.SettingsTable;
import agl.app.train.SettingsTable.Setting;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code agl settings}: everything that a config file or -s can set. */
@Command(name = "settings", description = "List every setting of --config and -s: name, default, range and meaning.")
public final class SettingsCommand implements Callable<Integer> {
    private static final int WIDEST = 140;
    private static final int RANGE = 30;

    @Parameters(paramLabel = "NAME", arity = "0..*",
            description = "Only these, for example learning_rate or agl.lambda_A; agl. for all of AGL's own.")
    private List<String> names = new ArrayList<>();

    @Mixin private JsonOption json;
    @Spec private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        List<Setting> all = SettingsTable.all();
        for (String name : names) {
            if (all.stream().noneMatch(s -> matches(s, name))) {
                throw new AglException("no setting " + name + "; agl settings lists all of them");
            }
        }
        List<Setting> chosen = all.stream().filter(s -> names.isEmpty() || names.stream().anyMatch(name -> matches(s, name))).toList();
        spec.commandLine().getOut().println(json.asked ? json(chosen) : text(chosen, Math.min(WIDEST, Terminal.width())));
        return 0;
    }

    private static boolean matches(Setting s, String name) {
        return s.name().equals(name) || name.endsWith(".") && s.name().startsWith(name);
    }

    /** A table whose long texts are broken into lines of their column. */
    static String text(List<Setting> settings, int width) {
        int name = settings.stream().mapToInt(s -> s.name().length()).max().orElse(0) + 2;
        int value = settings.stream().mapToInt(s -> value(s).length()).max().orElse(0) + 3;
        int meaning = width - name - value - RANGE;
        boolean narrow = meaning < RANGE; // then a line for the numbers and below it the words
        StringBuilder s = new StringBuilder();
        if (narrow) {
            for (Setting one : settings) {
                s.append(one.name()).append(" = ").append(value(one)).append(System.lineSeparator());
                Help.TextTable words = Help.TextTable.forColumns(Help.defaultColorScheme(Ansi.OFF), new Column(width, 4, Overflow.WRAP));
                words.addRowValues(one.meaning() + "; " + one.range());
                s.append(words);
            }
            return s.toString().stripTrailing();
        }
        Help.TextTable table = Help.TextTable.forColumns(Help.defaultColorScheme(Ansi.OFF), new Column(name, 0, Overflow.WRAP),
                new Column(value, 0, Overflow.WRAP), new Column(RANGE, 0, Overflow.WRAP), new Column(meaning, 1, Overflow.WRAP));
        table.addRowValues("setting", "default", "range", "meaning");
        settings.forEach(one -> table.addRowValues(one.name(), value(one), one.range(), one.meaning()));
        return table.toString().stripTrailing();
    }

    private static String value(Setting s) {
        return s.byDefault() == null || s.byDefault().isNull() ? "-" : SettingDefaults.text(s.byDefault());
    }

    private static String json(List<Setting> settings) throws JsonProcessingException {
        JsonMapper mapper = new JsonMapper();
        ArrayNode all = mapper.createArrayNode();
        for (Setting s : settings) {
            ObjectNode one = all.addObject().put("name", s.name()).put("range", s.range()).put("meaning", s.meaning());
            one.set("default", s.byDefault());
            JsonNode asRead = s.asRead();
            if (asRead != null && !asRead.equals(s.byDefault())) {
                one.set("as-read", asRead);
            }
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all);
    }
}
