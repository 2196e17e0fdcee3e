package agl;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * Finds a JDK that can run the application: AGL_JAVA_HOME, JAVA_HOME and the running Java, in that order, then the usual install locations
 * of package managers and installers. Reads versions from each JDK's {@code release} file, far quicker than starting it.
 */
final class JdkFinder {
    /** Java version of the application's class files. */
    static final int MIN_VERSION = 25;

    private static final String[] USUAL_PLACES = {
        "/usr/lib/jvm/*", "/usr/lib64/jvm/*", "/usr/java/*", "/opt/*", "/opt/java/*", "/opt/jdk/*",
        "~/.sdkman/candidates/java/*", "~/.jdks/*", "~/.gradle/jdks/*", "~/.asdf/installs/java/*", "~/.local/share/mise/installs/java/*",
        "/Library/Java/JavaVirtualMachines/*/Contents/Home", "~/Library/Java/JavaVirtualMachines/*/Contents/Home",
        "/opt/homebrew/opt/*/libexec/openjdk.jdk/Contents/Home", "/usr/local/opt/*/libexec/openjdk.jdk/Contents/Home",
        "C:/Program Files/Java/*", "C:/Program Files/Eclipse Adoptium/*", "C:/Program Files/Microsoft/*", "C:/Program Files/Zulu/*",
    };

    /**
     * Prints the folder of the JDK that the launcher would take, for scripts that start another of its tools; without one, a line and exit
     * code 2.
     */
    public static void main(String[] args) {
        Jdk jdk = new JdkFinder(System.getenv(), System.getProperty("user.home"), System.getProperty("java.home"), "").find();
        if (jdk == null) {
            System.err.println(none());
            System.exit(2);
        } else {
            System.out.println(jdk.home.getPath());
        }
    }

    /** What to do where there is no suitable JDK. */
    static String none() {
        return "agl: needs a JDK " + MIN_VERSION + " or later, and this is Java " + System.getProperty("java.version")
                + "; install one (for example from https://adoptium.net) and, if it is not found by itself, set JAVA_HOME to its folder";
    }

    /** One installed JDK. */
    static final class Jdk {
        final File home;
        final int version;
        final boolean hasVectorModule;

        Jdk(File home, int version, boolean hasVectorModule) {
            this.home = home;
            this.version = version;
            this.hasVectorModule = hasVectorModule;
        }

        File java() {
            File windows = new File(home, "bin/java.exe");
            return windows.isFile() ? windows : new File(home, "bin/java");
        }
    }

    private final List<String> named = new ArrayList<String>();
    private final String userHome;
    private final String root;

    /** @param root prefix of the absolute paths; empty except in tests */
    JdkFinder(Map<String, String> environment, String userHome, String runningJavaHome, String root) {
        for (String home : Arrays.asList(environment.get("AGL_JAVA_HOME"), environment.get("JAVA_HOME"), runningJavaHome)) {
            if (home != null && !home.trim().isEmpty()) {
                named.add(home.trim());
            }
        }
        this.userHome = userHome;
        this.root = root;
    }

    /**
     * The first suitable named JDK, else the oldest suitable one in the usual places (the application is tested on {@link #MIN_VERSION},
     * and the Vector API still changes between versions); null if there is none.
     */
    Jdk find() {
        for (String home : named) {
            Jdk jdk = inspect(new File(home));
            if (jdk != null && jdk.hasVectorModule) {
                return jdk;
            }
        }
        Jdk best = null;
        for (File home : usualHomes()) {
            Jdk jdk = inspect(home);
            if (jdk != null && isBetter(jdk, best)) {
                best = jdk;
            }
        }
        for (String home : named) { // one without the vector module is still better than none
            Jdk jdk = inspect(new File(home));
            if (jdk != null && isBetter(jdk, best)) {
                best = jdk;
            }
        }
        return best;
    }

    private static boolean isBetter(Jdk jdk, Jdk best) {
        if (best == null || jdk.hasVectorModule != best.hasVectorModule) {
            return best == null || jdk.hasVectorModule;
        }
        return jdk.version < best.version;
    }

    private List<File> usualHomes() {
        List<File> homes = new ArrayList<File>();
        for (String place : USUAL_PLACES) {
            String path = place.startsWith("~") ? userHome + place.substring(1) : root + place;
            int star = path.indexOf('*');
            File[] children = new File(path.substring(0, star)).listFiles();
            if (children != null) {
                Arrays.sort(children);
                for (File child : children) {
                    homes.add(new File(child.getPath() + path.substring(star + 1)));
                }
            }
        }
        return homes;
    }

    /** The JDK in this folder; null if there is none or it is too old. */
    static Jdk inspect(File home) {
        File release = new File(home, "release");
        if (!release.isFile()) {
            return null;
        }
        Properties properties = new Properties();
        try (InputStream in = new FileInputStream(release)) {
            properties.load(in);
        } catch (IOException | IllegalArgumentException e) {
            return null; // unreadable: not a JDK we can start
        }
        int version = majorVersion(unquote(properties.getProperty("JAVA_VERSION", "")));
        String modules = properties.getProperty("MODULES");
        boolean vector = modules == null || unquote(modules).contains("jdk.incubator.vector");
        Jdk jdk = new Jdk(home, version, vector);
        return version >= MIN_VERSION && jdk.java().canExecute() ? jdk : null;
    }

    private static String unquote(String value) {
        return value.replace("\"", "").trim();
    }

    /** 8 for "1.8.0_392", 25 for "25.0.3" and "25-ea"; 0 for anything that is not a version. */
    static int majorVersion(String version) {
        String[] parts = version.split("[^0-9]+");
        try {
            int first = Integer.parseInt(parts[0]);
            return first == 1 && parts.length > 1 ? Integer.parseInt(parts[1]) : first;
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return 0;
        }
    }
}
