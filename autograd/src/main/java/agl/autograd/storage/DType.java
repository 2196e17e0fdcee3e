package agl.autograd.storage;

/**
 * Element types. {@code F32} and {@code F64} are compute types; {@code BF16} and {@code F16} are storage-only (frozen weights, mapped
 * files).
 */
public enum DType {
    F32(4), F64(8), BF16(2), F16(2);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }
}
