package agl.autograd.kernels;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * A fixed set of daemon threads that share the tasks of one loop; the calling thread takes part.
 *
 * <p>Which thread runs a task, and how many threads there are, must never change a result: a task writes its own part of the output and
 * computes it the same way on any thread. Kernels therefore split the output, never a sum. A loop started inside a task, or while another
 * thread's loop is running, runs on its calling thread alone.
 */
public final class Workers {
    /**
     * How long an idle worker spins before it sleeps: longer than the single-threaded work between two loops. Waking a sleeping thread
     * costs more than a small kernel.
     */
    private static final long SPIN_NANOS = 500_000;

    private static volatile Workers current;
    private static volatile int threads = Runtime.getRuntime().availableProcessors();
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

    private final Worker[] workers;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final boolean spin;
    private volatile Loop loop;
    private volatile boolean closed;

    private Workers(int helpers) {
        spin = helpers < Runtime.getRuntime().availableProcessors();
        workers = new Worker[helpers];
        for (int i = 0; i < helpers; i++) {
            workers[i] = new Worker("agl-worker-" + (i + 1));
            workers[i].start();
        }
    }

    /** The number of threads that share a loop, the caller included. */
    public static int threads() {
        return threads;
    }

    /** Sets the number of threads, the caller included; 1 turns sharing off. */
    public static synchronized void setThreads(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + n);
        }
        threads = n;
        Workers old = current;
        current = null;
        if (old != null) {
            old.closed = true;
            for (Worker w : old.workers) {
                LockSupport.unpark(w);
            }
        }
    }

    /** Runs {@code body} for 0, 1 ... {@code tasks}-1, each once, in any order, and returns when all are done. */
    public static void parallelFor(int tasks, IntConsumer body) {
        Workers pool = tasks > 1 && threads > 1 && !INSIDE.get() ? pool() : null;
        if (pool == null || !pool.busy.compareAndSet(false, true)) {
            for (int i = 0; i < tasks; i++) {
                body.accept(i);
            }
            return;
        }
        try {
            pool.share(new Loop(tasks, body));
        } finally {
            pool.busy.set(false);
        }
    }

    private static Workers pool() {
        Workers pool = current;
        return pool != null ? pool : create();
    }

    private static synchronized Workers create() {
        if (current == null && threads > 1) {
            current = new Workers(threads - 1);
        }
        return current;
    }

    private void share(Loop mine) {
        loop = mine;
        for (int i = 0; i < Math.min(workers.length, mine.tasks - 1); i++) {
            if (workers[i].asleep) {
                LockSupport.unpark(workers[i]);
            }
        }
        mine.work();
        mine.awaitEnd();
        loop = null;
        switch (mine.error) {
            case null -> { }
            case Error e -> throw e;
            case Throwable e -> throw (RuntimeException) e;
        }
    }

    private static final class Loop {
        final int tasks;
        final IntConsumer body;
        final Thread caller = Thread.currentThread();
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        volatile Throwable error;
        volatile boolean callerAsleep;

        Loop(int tasks, IntConsumer body) {
            this.tasks = tasks;
            this.body = body;
        }

        void work() {
            INSIDE.set(true);
            try {
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                    try {
                        if (error == null) {
                            body.accept(i);
                        }
                    } catch (RuntimeException | Error e) {
                        error = e;
                    } finally {
                        if (done.incrementAndGet() == tasks && callerAsleep) {
                            LockSupport.unpark(caller);
                        }
                    }
                }
            } finally {
                INSIDE.set(false);
            }
        }

        void awaitEnd() {
            long start = System.nanoTime();
            while (done.get() < tasks) {
                if (System.nanoTime() - start < SPIN_NANOS) {
                    Thread.onSpinWait();
                } else {
                    callerAsleep = true;
                    if (done.get() < tasks) {
                        LockSupport.park(this);
                    }
                }
            }
        }
    }

    private final class Worker extends Thread {
        volatile boolean asleep;

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        @Override public void run() {
            Loop last = null;
            while (!closed) {
                Loop next = await(last);
                if (next != null) {
                    next.work();
                    last = next;
                }
            }
        }

        /** The next loop, or null if the thread was woken without one. */
        private Loop await(Loop last) {
            long start = System.nanoTime();
            while (spin && System.nanoTime() - start < SPIN_NANOS) {
                Loop l = loop;
                if (l != null && l != last) {
                    return l;
                }
                Thread.onSpinWait();
            }
            asleep = true;
            Loop l = loop;
            if ((l == null || l == last) && !closed) {
                LockSupport.park(Workers.this);
                l = loop;
            }
            asleep = false;
            return l == last ? null : l;
        }
    }
}
