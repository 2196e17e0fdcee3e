package agl.app.demo.corpus;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small tables of facts: the general part of the corpus asks about them, and tests look up answers in them. */
final class Facts {
    private Facts() {}

    static final Map<String, String> COLORS = table("""
        grass=green, snow=white, coal=black, milk=white, blood=red, the sun=yellow, a lemon=yellow, a carrot=orange, a tomato=red,
        the sky=blue, the sea=blue, a leaf=green, a cherry=red, chocolate=brown, wood=brown, a frog=green, a crow=black, a swan=white,
        a pea=green, a flamingo=pink, an elephant=grey, a mouse=grey, salt=white, a strawberry=red, a violet=purple, mud=brown""");

    static final Map<String, String> CAPITALS = table("""
        France=Paris, Spain=Madrid, Italy=Rome, Germany=Berlin, England=London, Japan=Tokyo, China=Beijing, Russia=Moscow, Egypt=Cairo,
        Greece=Athens, Norway=Oslo, Sweden=Stockholm, Poland=Warsaw, Austria=Vienna, Portugal=Lisbon, Ireland=Dublin, Cuba=Havana,
        Peru=Lima, Kenya=Nairobi, Finland=Helsinki, Denmark=Copenhagen, Hungary=Budapest, Canada=Ottawa, Chile=Santiago""");

    static final Map<String, String> SOUNDS = table("""
        dog=barks, cat=meows, cow=moos, duck=quacks, lion=roars, frog=croaks, bee=buzzes, snake=hisses, wolf=howls, bird=sings,
        pig=grunts, horse=neighs, mouse=squeaks, owl=hoots""");

    static final Map<String, String> YOUNG = table("""
        dog=puppy, cat=kitten, cow=calf, horse=foal, sheep=lamb, pig=piglet, bear=cub, duck=duckling, goat=kid, hen=chick, frog=tadpole,
        deer=fawn, goose=gosling, kangaroo=joey""");

    static final Map<String, String> LEGS = table("""
        dog=4, cat=4, cow=4, horse=4, duck=2, hen=2, bee=6, ant=6, fly=6, spider=8, lion=4, owl=2, goose=2, snake=0, fish=0, frog=4""");

    static final Map<String, String> OPPOSITES = table("""
        hot=cold, big=small, up=down, open=closed, wet=dry, fast=slow, happy=sad, full=empty, young=old, light=dark, hard=soft,
        early=late, loud=quiet, rich=poor, clean=dirty, near=far, high=low, left=right, day=night, good=bad, long=short, thick=thin,
        strong=weak, heavy=light, true=false, first=last, sweet=sour, above=below, inside=outside, brave=afraid""");

    static final Map<String, String> JOBS = table("""
        bread=a baker, shoes=a shoemaker, teeth=a dentist, fires=a firefighter, lessons=a teacher, plants=a gardener, meals=a cook,
        planes=a pilot, houses=a builder, fish=a fisher, songs=a singer, paintings=a painter, letters=a postman, sheep=a shepherd""");

    static final Map<String, String> PLURALS = table("""
        cat=cats, dog=dogs, box=boxes, child=children, mouse=mice, foot=feet, tooth=teeth, leaf=leaves, city=cities, man=men, goose=geese,
        bus=buses, berry=berries, knife=knives, fox=foxes, tree=trees, book=books, glass=glasses, party=parties, sheep=sheep""");

    static final Map<String, String> PAST = table("""
        walks to the shop=walked to the shop, eats an apple=ate an apple, sings a song=sang a song, reads a book=read a book,
        writes a letter=wrote a letter, runs home=ran home, drinks tea=drank tea, sees a bird=saw a bird, buys bread=bought bread,
        plays chess=played chess, opens the door=opened the door, goes to school=went to school, makes a cake=made a cake,
        swims in the lake=swam in the lake, helps a friend=helped a friend, finds a coin=found a coin, paints a wall=painted a wall,
        takes the bus=took the bus""");

    static final Map<String, List<String>> KINDS = kinds();

    static final List<String> DAYS = List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
    static final List<String> MONTHS = List.of("January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December");
    static final List<String> NUMBERS = List.of("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty");

    static final List<String> NAMES = Action.words("Ann, Tom, Ben, Mia, Leo, Eva, Sam, Ida, Max, Zoe");
    static final List<String> COLOR_WORDS = Action.words("red, blue, green, yellow, white, black, brown, pink, grey");
    static final List<String> THINGS = Action
            .words("cup, hat, book, ball, coat, bag, lamp, box, towel, spoon, pen, key, map, shirt, plate, chair");
    static final List<String> COUNTED = Action.words("apples, pears, books, balls, coins, eggs, cups, pens, keys, stamps, nuts, plums");

    /** Activities of a day, used by the downstream task. */
    static final List<String> ACTIVITIES = Action.words("""
        tea, a walk, a swim, lunch, breakfast, dinner, a nap, a film, a run, a game, a song, yoga, homework, a bath, a snack,
        a phone call, a bike ride, a concert, a story, a chess match, piano practice, a haircut, laundry, a dance""");
    static final List<String> FOODS = Action.words("""
        soup, rice, cake, bread, fish, salad, pasta, beans, eggs, pizza, corn, cheese, apples, noodles, potatoes, pancakes""");
    static final List<String> PLACES = Action.words("beach, park, forest, lake, school, office, train, garden, mountain, concert");

    private static Map<String, List<String>> kinds() {
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        kinds.put("an animal", Action.words("dog, cat, horse, frog, owl, lion, goat, duck, bear, mouse"));
        kinds.put("a plant", Action.words("rose, tree, tulip, fern, oak, daisy, cactus, pine"));
        kinds.put("a food", Action.words("bread, cheese, soup, rice, cake, pasta, salad, honey"));
        kinds.put("a tool", Action.words("hammer, saw, spade, drill, rake, axe, brush, ladder"));
        kinds.put("a colour", Action.words("red, blue, green, yellow, pink, brown, white, black"));
        return kinds;
    }

    private static Map<String, String> table(String pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (String pair : Action.words(pairs)) {
            int at = pair.indexOf('=');
            map.put(pair.substring(0, at), pair.substring(at + 1));
        }
        return map;
    }
}
