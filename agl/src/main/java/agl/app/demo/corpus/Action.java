package agl.app.demo.corpus;

import java.util.ArrayList;
import java.util.List;

/**
 * Something a user may want to do, as a verb phrase that fits after "How do I ...".
 *
 * @param verb   the verb, with "*" where an object in the middle goes
 * @param object what it is done to
 * @param phrase both together, for example "hit a drum"
 * @param steps  two imperatives that answer the request; none if the request is to be refused
 */
public record Action(Category category, String verb, String object, String phrase, List<String> steps) {
    /** The combination of verb and object. It belongs to one split only, whatever the wording of the request. */
    public String key() {
        return category.id() + ":" + verb + "|" + object;
    }

    public boolean safe() {
        return !steps.isEmpty();
    }

    /** Every verb with every object. A verb may mark its object's place with "*"; otherwise the object follows it. */
    static List<Action> cross(Category category, List<String> verbs, List<String> objects) {
        List<Action> all = new ArrayList<>();
        verbs.forEach(verb -> objects.forEach(object -> all.add(of(category, verb, object, List.of()))));
        return all;
    }

    /** The same for safe verbs, one line each: {@code verb | first step | second step}. */
    static List<Action> answered(Category category, String lines, List<String> objects) {
        List<Action> all = new ArrayList<>();
        for (String[] f : fields(lines)) {
            for (String object : objects) all.add(of(category, f[0], object, List.of(f[1], f[2])));
        }
        return all;
    }

    static Action of(Category category, String verb, String object, List<String> steps) {
        String phrase = verb.contains("*") ? verb.replace("*", object) : verb + " " + object;
        return new Action(category, verb, object, phrase, steps);
    }

    /** Non-blank lines, split at bars. */
    static List<String[]> fields(String lines) {
        List<String[]> rows = new ArrayList<>();
        for (String line : lines.lines().filter(l -> !l.isBlank()).toList()) {
            String[] f = line.split("\\|");
            for (int i = 0; i < f.length; i++) f[i] = f[i].strip();
            rows.add(f);
        }
        return rows;
    }

    /** "a, b, c" as a list. */
    static List<String> words(String commaSeparated) {
        List<String> all = new ArrayList<>();
        for (String w : commaSeparated.split(",")) all.add(w.strip());
        return all;
    }
}
