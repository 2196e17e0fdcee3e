package agl.app.model;

import agl.autograd.storage.DType;
import agl.nn.checkpoint.Checkpoint;
import java.nio.file.Path;

/** The data type in which a model folder stores its weights. */
public final class ModelStorage {
    private ModelStorage() { }

    /** Type of the embedding table, taken as that of the whole model. */
    public static DType storedType(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            String name = checkpoint.names().stream().filter(n -> n.endsWith("embed_tokens.weight")).findFirst()
                    .orElse(checkpoint.names().get(0));
            DType type = checkpoint.info(name).dtype();
            return type == DType.F64 ? DType.F32 : type;
        }
    }
}
