package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertSame;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.vector.VectorKernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract of term kernels, kept by those on the Vector API, and how they are found. */
class TermKernelsTest implements TermContract {
    @Override public Map<String, Provider> providers() {
        return Map.of("vector", new Provider(VectorTerms.INSTANCE, n -> Storage.allocate(DType.F32, n)));
    }

    @Test void theLoopsBelongToTheKernels() {
        assertSame(TermKernels.PLAIN, TermKernels.of(Kernels.plain()));
        assertSame(VectorTerms.INSTANCE, TermKernels.of(new VectorKernels()));
    }

    /** Kernels that bring their own loops for the terms, as a device does. */
    @Test void kernelsMayBringTheirOwn() {
        Kernels own = (Kernels) Proxy.newProxyInstance(Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class, TermKernels.class},
                (proxy, method, args) -> null);
        assertSame(own, TermKernels.of(own));
    }
}
