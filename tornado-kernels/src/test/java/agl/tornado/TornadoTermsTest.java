package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertSame;

import agl.regularizers.TermContract;
import agl.regularizers.TermKernels;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract of term kernels on every device. */
final class TornadoTermsTest implements TermContract {
    @Override public Map<String, Provider> providers() {
        return OnDevices.with(Provider::new);
    }

    @Test void theDevicesOwnAreUsed() {
        OnDevices.all().forEach((device, kernels) -> assertSame(kernels, TermKernels.of(kernels), device));
    }
}
