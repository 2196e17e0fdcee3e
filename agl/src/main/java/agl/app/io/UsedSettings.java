package agl.app.io;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** The settings that a run used, in the order in which provenance.json and the report list them. */
public final class UsedSettings {
    private static final JsonMapper JSON = new JsonMapper();

    private final ObjectNode all = JSON.createObjectNode();

    /** @param value a number, a string, a list or a record: anything that Jackson can write */
    public UsedSettings with(String name, Object value) {
        all.set(name, JSON.valueToTree(value));
        return this;
    }

    public UsedSettings withAll(Map<String, ?> more) {
        more.forEach(this::with);
        return this;
    }

    public ObjectNode json() {
        return all;
    }
}
