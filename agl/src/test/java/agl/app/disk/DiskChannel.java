package agl.app.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A channel whose changes are told to {@link Disk}. */
final class DiskChannel extends FileChannel {
    private final FileChannel real;
    private final Disk.Handle handle;

    DiskChannel(FileChannel real, Disk.Handle handle) {
        this.real = real;
        this.handle = handle;
    }

    @Override public int read(ByteBuffer to) throws IOException {
        return real.read(to);
    }

    @Override public long read(ByteBuffer[] to, int from, int length) throws IOException {
        return real.read(to, from, length);
    }

    @Override public int read(ByteBuffer to, long position) throws IOException {
        return real.read(to, position);
    }

    @Override public int write(ByteBuffer bytes) throws IOException {
        long at = real.position();
        int n = write(bytes, at);
        real.position(at + n);
        return n;
    }

    /** On a disk that becomes full half of it is written. */
    @Override public int write(ByteBuffer bytes, long position) throws IOException {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        int fits = Disk.fits(handle, copy.length);
        handle.write(position, java.util.Arrays.copyOf(copy, fits));
        real.write(ByteBuffer.wrap(copy, 0, fits), position);
        if (fits < copy.length) {
            throw new IOException(Disk.FULL);
        }
        return copy.length;
    }

    @Override public long write(ByteBuffer[] from, int first, int length) {
        throw new UnsupportedOperationException();
    }

    @Override public long position() throws IOException {
        return real.position();
    }

    @Override public FileChannel position(long position) throws IOException {
        real.position(position);
        return this;
    }

    @Override public long size() throws IOException {
        return real.size();
    }

    @Override public FileChannel truncate(long size) throws IOException {
        real.truncate(size);
        handle.truncate((int) size);
        return this;
    }

    /** Not on the real disk, where it costs time and shows nothing. */
    @Override public void force(boolean metadata) {
        handle.force();
    }

    @Override public long transferTo(long position, long count, WritableByteChannel to) throws IOException {
        return real.transferTo(position, count, to);
    }

    @Override public long transferFrom(ReadableByteChannel from, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        return real.map(readOnly(mode), position, size);
    }

    @Override public MemorySegment map(MapMode mode, long offset, long size, Arena arena) throws IOException {
        return real.map(readOnly(mode), offset, size, arena);
    }

    private static MapMode readOnly(MapMode mode) {
        if (mode != MapMode.READ_ONLY) {
            throw new UnsupportedOperationException("what is written through a map is not watched");
        }
        return mode;
    }

    @Override public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real.lock(position, size, shared);
    }

    @Override public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real.tryLock(position, size, shared);
    }

    @Override protected void implCloseChannel() throws IOException {
        real.close();
    }
}
