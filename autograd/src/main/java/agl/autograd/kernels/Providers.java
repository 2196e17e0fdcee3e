package agl.autograd.kernels;

import java.util.Locale;

/**
 * Finds the kernels to use. The Vector API version is looked up by name, so that nothing links the incubator module by accident: without
 * {@code --add-modules jdk.incubator.vector} the plain loops run, and {@link #message()} says so.
 */
public final class Providers {
    private static final String VECTOR = "agl.autograd.kernels.vector.VectorKernels";
    private static volatile Kernels best;
    private static volatile String message = "";

    private Providers() { }

    /** The provider that the system property {@code agl.kernels} names (plain, vector), else the fastest that works. */
    public static Kernels best() {
        Kernels found = best;
        if (found == null) {
            found = find(System.getProperty("agl.kernels", "auto").toLowerCase(Locale.ROOT));
            best = found;
        }
        return found;
    }

    /** One line when the fast kernels are not in use, else empty. */
    public static String message() {
        best();
        return message;
    }

    private static Kernels find(String wanted) {
        if (wanted.equals("plain")) {
            message = "plain loops, as asked for by -Dagl.kernels=plain";
            return Kernels.plain();
        }
        try {
            // The provider itself loads without the module and would fail in the middle of its first kernel.
            Class.forName("jdk.incubator.vector.FloatVector");
            return (Kernels) Class.forName(VECTOR).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
            message = "plain loops: the Vector API is not there (start java with --add-modules jdk.incubator.vector)";
            return Kernels.plain();
        }
    }
}
