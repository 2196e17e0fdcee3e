package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * The limits that CONTRIBUTING.md names, held by all main sources. A kernel's signature is its provider's; what forwards to one has the
 * same.
 */
class CodeLimitsTest {
    private static final int PARAMETERS = 6;
    private static final int COMPONENTS = 12;
    private static final int LINES = 350;

    private final List<String> beyond = new ArrayList<>();

    @Test void methodsRecordsAndFilesStayReadable() throws IOException {
        List<Path> sources = sources();
        assertTrue(sources.size() > 200, sources.size() + " sources");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(null, files, null, List.of(), null, files.getJavaFileObjectsFromPaths(sources));
            for (CompilationUnitTree unit : task.parse()) {
                String file = Path.of(unit.getSourceFile().toUri()).getFileName().toString();
                if (unit.getLineMap().getLineNumber(unit.getSourceFile().getCharContent(true).length() - 1) > LINES) {
                    beyond.add(file + ": more than " + LINES + " lines");
                }
                boolean kernels = unit.getPackageName().toString().startsWith("agl.autograd.kernels") || file.equals("TimedKernels.java");
                new Limits(file, kernels).scan(unit, null);
            }
        }
        assertEquals(List.of(), beyond);
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : List.of("autograd", "nn", "lora", "regularizers", "agl")) {
            try (Stream<Path> all = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                all.filter(p -> p.toString().endsWith(".java") && !p.endsWith("module-info.java")).forEach(sources::add);
            }
        }
        return sources;
    }

    private final class Limits extends TreeScanner<Void, Void> {
        private final String file;
        private final boolean kernels;
        private boolean record;

        Limits(String file, boolean kernels) {
            this.file = file;
            this.kernels = kernels;
        }

        @Override public Void visitClass(ClassTree type, Void unused) {
            if (type.getKind() == Tree.Kind.RECORD) {
                // A record's components are its fields that are not static.
                long components = type.getMembers().stream()
                        .filter(m -> m instanceof VariableTree v && !v.getModifiers().getFlags().contains(Modifier.STATIC)).count();
                if (components > COMPONENTS) {
                    beyond.add(file + ": record " + type.getSimpleName() + " has " + components + " components");
                }
            }
            boolean around = record;
            record = type.getKind() == Tree.Kind.RECORD;
            super.visitClass(type, unused);
            record = around;
            return unused;
        }

        @Override public Void visitMethod(MethodTree method, Void unused) {
            if (!kernels && !(record && method.getReturnType() == null) && method.getParameters().size() > PARAMETERS) {
                beyond.add(file + ": " + method.getName() + " has " + method.getParameters().size() + " parameters");
            }
            return super.visitMethod(method, unused);
        }
    }
}
