package agl.reference;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which package may use which. Between modules Maven sees to it; inside a module these rules do. */
class ArchitectureTest {
    private static JavaClasses classes;

    @BeforeAll static void read() {
        // Tests are recognized by their folder, and what generates the jar's data is none of the program.
        classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("/build-") || !location.contains("/test/")).importPackages("agl");
        assertTrue(classes.size() > 300, classes.size() + " classes");
    }

    /** Also through other packages: what lies below never knows what lies above it. */
    @Test void noTwoPackagesUseEachOther() {
        holds(slices().matching("(agl..)").should().beFreeOfCycles());
    }

    @Test void numbersLieBelowKernelsAndKernelsBelowTensors() {
        holds(classes().that().resideInAPackage("agl.autograd.storage").should().onlyDependOnClassesThat()
                .resideInAnyPackage("agl.autograd.storage", "agl.error", "java.."));
        holds(classes().that().resideInAPackage("agl.autograd.kernels..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("agl.autograd.kernels..", "agl.autograd.storage", "agl.error", "java..", "jdk.incubator.vector"));
    }

    /** A command reads options, calls what does the work, and prints; nothing that does work knows a command. */
    @Test void commandsAreUsedByMainAlone() {
        holds(classes().that().resideInAPackage("agl.app.cli").should().onlyBeAccessed().byAnyPackage("agl.app", "agl.app.cli"));
    }

    /** The command line's library is known to the commands and to what starts them. */
    @Test void onlyCommandsKnowPicocli() {
        holds(noClasses().that().resideOutsideOfPackages("agl.app", "agl.app.cli").should()
                .dependOnClassesThat().resideInAPackage("picocli.."));
    }

    private static void holds(ArchRule rule) {
        rule.check(classes);
    }
}
