package agl.app.cli;

import agl.app.train.RunConfig;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ListResourceBundle;
import java.util.List;
import picocli.CommandLine;

/** The defaults of settings as the help of options shows them, {@code ${bundle:default.NAME}}: the records' own, or those of a command. */
public final class SettingDefaults extends ListResourceBundle {
    private final ObjectNode settings;

    private SettingDefaults(List<String> own) {
        settings = RunConfig.of(null, own).toJson();
    }

    /** Gives every command its defaults. */
    public static void install(CommandLine main) {
        main.setResourceBundle(new SettingDefaults(List.of()));
        main.getSubcommands().get("align").setResourceBundle(new SettingDefaults(AlignCommand.ALL_WEIGHTS));
        main.getSubcommands().get("demo").setResourceBundle(new SettingDefaults(DemoCommand.SETTINGS));
    }

    @Override protected Object[][] getContents() {
        return settings.properties().stream().filter(e -> e.getValue().isValueNode())
                .map(e -> new Object[] {"default." + e.getKey(), text(e.getValue())}).toArray(Object[][]::new);
    }

    /** 8 for 8.0, 1e-3 for 0.001: as one would type it. */
    static String text(JsonNode value) {
        if (!value.isFloatingPointNumber()) {
            return value.asText();
        }
        double x = value.asDouble();
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x).replace("E", "e").replace(".0e", "e");
    }
}
