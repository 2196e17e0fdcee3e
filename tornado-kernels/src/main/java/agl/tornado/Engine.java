package agl.tornado;

import agl.autograd.kernels.DeviceKernels;
import agl.error.AglException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Runs kernels on one device. All data are in one array, the arena, which stays on the device. A kernel gets the arena and two small
 * arrays with its operands' offsets, their sizes, and its constants. So each kernel is compiled only once, whatever its operands.
 *
 * <p>Data are transferred through boxes: arrays of two sizes that are copied whole at each transfer. Not thread-safe; callers hold its
 * lock.
 */
final class Engine {
    private static final int INTS = 24;
    private static final int FLOATS = 12;
    private static final int SMALL = 1 << 10;
    private static final int LARGE = 1 << 20;
    /** TornadoVM stores an array's length before its elements. */
    private static final int HEADER = 16;
    /** Maximum number of groups, which stride over any further work. A device runs far fewer groups at a time. */
    private static final int MOST_GROUPS = 1 << 14;

    private final KernelContext context = new KernelContext();
    private final IntArray ints = new IntArray(INTS);
    private final FloatArray floats = new FloatArray(FLOATS);
    private final FloatArray smallIn = new FloatArray(SMALL);
    private final FloatArray largeIn = new FloatArray(LARGE);
    private final FloatArray smallOut = new FloatArray(SMALL);
    private final FloatArray largeOut = new FloatArray(LARGE);
    private final Map<Op, WorkerGrid> grids = new EnumMap<>(Op.class);
    private final TornadoExecutionPlan plan;
    private final ArenaSpace space;
    private long bytesIn;
    private long bytesOut;
    private long launches;

    /** @param size floats in the arena */
    Engine(TornadoDevice device, int size) {
        FloatArray arena = FloatArray.fromSegmentShallow(hostSide(size));
        space = new ArenaSpace(size);
        GridScheduler scheduler = new GridScheduler();
        ImmutableTaskGraph[] graphs = new ImmutableTaskGraph[Op.values().length];
        for (Op op : Op.values()) {
            graphs[op.ordinal()] = graph(op, arena).snapshot();
            WorkerGrid grid = new WorkerGrid1D(op.local);
            grid.setLocalWork(op.local, 1, 1);
            grids.put(op, grid);
            scheduler.addWorkerGrid(op.name() + ".kernel", grid);
        }
        plan = new TornadoExecutionPlan(graphs);
        plan.withDevice(device);
        plan.withGridScheduler(scheduler);
        run(Op.START, 1, new int[0]);
    }

    /**
     * The arena's counterpart on the host, which TornadoVM requires although nothing is ever copied to or from it: a mapped sparse file, of
     * which only the first page is touched.
     */
    private static MemorySegment hostSide(int size) {
        try {
            Path file = Files.createTempFile("agl", ".arena");
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE)) {
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, 4L * size + HEADER, Arena.global());
            }
        } catch (IOException e) {
            throw new AglException("cannot map a temporary file for the device's memory: " + e.getMessage());
        }
    }

    private TaskGraph graph(Op op, FloatArray arena) {
        TaskGraph graph = new TaskGraph(op.name());
        if (op != Op.START) {
            graph.consumeFromDevice(Op.START.name(), arena);
        }
        graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, ints);
        FloatArray box = op == Op.SMALL_IN ? smallIn
                : op == Op.LARGE_IN ? largeIn : op == Op.SMALL_OUT ? smallOut : op == Op.LARGE_OUT ? largeOut : null;
        if (op.receives()) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, box);
        }
        if (box != null) {
            graph.task("kernel", op.withFloats, context, arena, ints, box);
        } else if (op.withFloats != null) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, floats);
            graph.task("kernel", op.withFloats, context, arena, ints, floats);
        } else {
            graph.task("kernel", op.plain, context, arena, ints);
        }
        if (op.sends()) {
            graph.transferToHost(DataTransferMode.EVERY_EXECUTION, box);
        }
        return graph.persistOnDevice(arena);
    }

    ArenaSpace space() {
        return space;
    }

    /**
     * Runs a kernel.
     *
     * @param groups     number of work-groups that have work
     * @param parameters all but the first, which is the number of groups
     */
    void run(Op op, long groups, int[] parameters, double... constants) {
        int count = Math.clamp(groups, 1, MOST_GROUPS);
        ints.set(0, count);
        for (int i = 0; i < parameters.length; i++) {
            ints.set(i + 1, parameters[i]);
        }
        for (int i = 0; i < constants.length; i++) {
            floats.set(i, (float) constants[i]);
        }
        grids.get(op).setGlobalWork((long) count * op.local, 1, 1);
        try {
            plan.withGraph(op.ordinal()).execute();
        } catch (RuntimeException e) {
            throw new AglException(
                    "the device cannot run the kernel " + op + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
        launches++;
        bytesIn += 4 * INTS + HEADER + (op.withFloats != null && !op.receives() && !op.sends() ? 4 * FLOATS + HEADER : 0);
    }

    /** Copies values from the host to the arena. */
    void upload(float[] from, int fromOff, int n, int offset) {
        for (int done = 0; done < n; done += LARGE) {
            int part = Math.min(LARGE, n - done);
            boolean small = part <= SMALL;
            FloatArray box = small ? smallIn : largeIn;
            MemorySegment.copy(from, fromOff + done, box.getSegment(), ValueLayout.JAVA_FLOAT, 0, part);
            run(small ? Op.SMALL_IN : Op.LARGE_IN, Math.ceilDiv(part, 64), new int[] {part, offset + done});
            bytesIn += 4L * (small ? SMALL : LARGE) + HEADER;
        }
    }

    /** Copies values from the arena to the host. */
    void download(int offset, int n, float[] to, int toOff) {
        for (int done = 0; done < n; done += LARGE) {
            int part = Math.min(LARGE, n - done);
            boolean small = part <= SMALL;
            FloatArray box = small ? smallOut : largeOut;
            run(small ? Op.SMALL_OUT : Op.LARGE_OUT, Math.ceilDiv(small ? SMALL : LARGE, 64),
                    new int[] {part, offset + done, small ? SMALL : LARGE});
            MemorySegment.copy(box.getSegment(), ValueLayout.JAVA_FLOAT, 0, to, toOff + done, part);
            bytesOut += 4L * (small ? SMALL : LARGE) + HEADER;
        }
    }

    DeviceKernels.Traffic traffic() {
        return new DeviceKernels.Traffic(bytesIn, bytesOut, launches);
    }
}
