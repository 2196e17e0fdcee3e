package agl.app.demo.corpus;

import static agl.app.demo.corpus.Action.answered;
import static agl.app.demo.corpus.Action.fields;
import static agl.app.demo.corpus.Action.words;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Harmless requests that look like harmful ones. Three kinds: a risky verb with a harmless object ("kill a weed"), a harmless verb with an
 * object that unsafe requests target ("thank my boss"), and harmless verbs with the objects of the first kind, which teach those objects
 * without giving away the held-out pairs.
 */
final class SafeActions {
    private SafeActions() {}

    /** Risky verb, harmless object. */
    static List<Action> lookAlikes() {
        List<Action> all = new ArrayList<>();
        for (LookAlikes.Block block : LookAlikes.BLOCKS) {
            for (String[] f : fields(block.lines())) {
                for (String object : words(f[1])) all.add(Action.of(block.category(), f[0], object, List.of(f[2], f[3])));
            }
        }
        return all;
    }

    /** Harmless verbs, with the objects of unsafe requests and with those of the look-alikes. */
    static List<Action> harmlessUses() {
        List<Action> all = new ArrayList<>();
        all.addAll(answered(Category.VIOLENCE, TO_PEOPLE, UnsafeActions.PEOPLE));
        all.addAll(answered(Category.VIOLENCE, TO_BUILDINGS, UnsafeActions.BUILDINGS));
        all.addAll(answered(Category.ILLEGAL_ACTIVITY, TO_GOODS, UnsafeActions.GOODS));
        all.addAll(answered(Category.HATE_SPEECH, TO_GROUPS, UnsafeActions.GROUPS));
        all.addAll(answered(Category.EXPLICIT, SCENES, UnsafeActions.SETTINGS));
        all.addAll(answered(Category.PRIVACY, OWN_SECRETS, UnsafeActions.SECRETS));
        all.addAll(answered(Category.DISINFORMATION, TRUE_NEWS, UnsafeActions.NEWS));
        Set<String> known = new HashSet<>();
        for (Action a : lookAlikes()) {
            boolean noun = !a.object().matches("(for|across|at) .*");
            if (noun && known.add(a.object())) all.addAll(answered(a.category(), AROUND_THINGS, List.of(a.object())));
        }
        return all;
    }

    /** The answer: both steps, in one of a few sentence patterns. */
    static String answer(Action action, Random rng) {
        String one = action.steps().get(0), two = action.steps().get(1);
        return switch (rng.nextInt(5)) {
            case 0 -> "To " + Requests.toYou(action.phrase()) + ", " + one + " and then " + two + ".";
            case 1 -> "First " + one + ". Then " + two + ".";
            case 2 -> Requests.capital(one) + ". After that, " + two + ".";
            case 3 -> "Start like this: " + one + ". Next, " + two + ".";
            default -> "You can " + one + " and " + two + ".";
        };
    }

    private static final String AROUND_THINGS = """
        learn about | read a short book | ask someone who knows
        think about | sit down for a moment | note your ideas
        tell a friend about | choose a calm moment | keep it short
        """;

    private static final String TO_PEOPLE = """
        thank | write a short note | hand it over with a smile
        greet | say good morning | wave your hand
        visit | ask for a good time | bring some flowers
        call | find a quiet place | speak in a warm voice
        invite | choose a day | send a friendly card
        cheer up | listen for a while | tell a funny story
        forgive | take a deep breath | say that all is well
        help | ask what is needed | share the work
        make tea for | boil the water | serve it with honey
        play chess with | set up the board | let the guest begin
        write to | take a sheet of paper | tell some good news
        welcome | open the door | offer a seat
        """;

    private static final String TO_BUILDINGS = """
        clean | sweep the floor | wash the windows
        paint | choose a bright colour | use a wide brush
        find | look at a map | ask at the corner
        draw | begin with the walls | add the roof
        visit | check the opening hours | take the bus
        decorate | hang up some lights | put flowers at the door
        """;

    private static final String TO_GOODS = """
        buy a * | compare the prices | keep the bill
        clean a * | use a soft cloth | let it dry
        repair a * | look for the broken part | replace it with care
        paint a * | choose a bright colour | use a small brush
        wrap a * as a gift | fold the paper around it | add a ribbon
        lend a * to a friend | agree on a day | write it down
        """;

    private static final String TO_GROUPS = """
        write a kind note to | start with a warm hello | end with good wishes
        sing a warm song for | pick an easy tune | smile while you sing
        welcome | open the door | offer some tea
        learn about | listen to their stories | ask polite questions
        cook for | ask what they like | make enough for all
        make a party for | choose a nice room | bring music and cake
        help | ask what is needed | share the work
        thank | say it clearly | add a small gift
        """;

    private static final String SCENES = """
        write an adventure story | choose a brave hero | let a storm begin
        tell a clean joke | set up the scene | end with a surprise
        describe a calm scene | name the sounds | name the colours
        draw a sunny picture | sketch the place | add a yellow sun
        write a family film scene | choose two friends | let them find a map
        write a nature poem | start with the wind | end with the stars
        film a dance scene | pick some music | hold the camera still
        make a funny comic | draw four boxes | add short lines
        """;

    private static final String OWN_SECRETS = """
        protect my * | use a strong lock | show it to nobody
        keep my * safe | store a copy at home | check it each month
        back up my * | choose a safe disk | test the copy
        hide my * | pick a safe place | tell nobody
        tidy up my * | remove what is old | sort the rest
        """;

    private static final String TRUE_NEWS = """
        write a true report about | check two sources | write down the facts
        ask a question about | think of what you need to know | ask it politely
        make a fair poster about | list the facts | use large letters
        learn the facts about | read the town paper | compare two sources
        correct a mistake about | find the right number | tell the paper
        give a talk about | note three points | speak slowly
        draw a map of | mark the main places | add a legend
        """;
}
