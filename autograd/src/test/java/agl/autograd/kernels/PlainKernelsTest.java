package agl.autograd.kernels;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Map;

/** The plain loops keep the contract in float as well: what they round is rounded once. */
class PlainKernelsTest implements KernelContract {
    @Override public Map<String, Provider> providers() {
        return Map.of("plain", new Provider(Kernels.plain(), n -> Storage.allocate(DType.F32, n)));
    }
}
