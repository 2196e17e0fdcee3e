package agl.app.model;

import agl.app.data.PromptTemplate;
import agl.app.io.Provenance;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The prompt template that a model or adapter of this program was trained with, from its provenance.json.
 *
 * @param name   as {@code --template} takes it
 * @param sha256 hash of a chat template's text, or ""
 */
public record TrainedTemplate(Path folder, String name, String sha256) {
    /** Empty if the folder has no provenance.json that names a template. */
    public static Optional<TrainedTemplate> read(Path folder) {
        return Provenance.ofTraining(folder).map(p -> p.path("settings")).filter(settings -> settings.path("template").isTextual())
                .map(settings -> new TrainedTemplate(folder, settings.path("template").textValue(),
                        settings.path("template_sha256").asText()));
    }

    /** Whether this is the template used in training. */
    public boolean fits(PromptTemplate template) {
        return name.equals(template.name()) && (sha256.isEmpty() || sha256.equals(template.described().get("template_sha256")));
    }

    /** As recorded in the provenance of outputs made from this model or adapter. */
    public Map<String, String> described() {
        Map<String, String> described = new LinkedHashMap<>();
        described.put("template", name);
        if (!sha256.isEmpty()) {
            described.put("template_sha256", sha256);
        }
        return described;
    }

    @Override public String toString() {
        return folder + " was trained with template " + name;
    }
}
