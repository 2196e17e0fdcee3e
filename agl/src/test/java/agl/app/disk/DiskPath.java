package agl.app.disk;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** A path of {@link DiskProvider}: a real one, whose files are opened through it. */
record DiskPath(DiskProvider.System system, Path real) implements Path {
    static Path real(Path path) {
        return path instanceof DiskPath disk ? disk.real : path;
    }

    private Path of(Path path) {
        return path == null ? null : new DiskPath(system, path);
    }

    @Override public FileSystem getFileSystem() {
        return system;
    }

    @Override public boolean isAbsolute() {
        return real.isAbsolute();
    }

    @Override public Path getRoot() {
        return of(real.getRoot());
    }

    @Override public Path getFileName() {
        return of(real.getFileName());
    }

    @Override public Path getParent() {
        return of(real.getParent());
    }

    @Override public int getNameCount() {
        return real.getNameCount();
    }

    @Override public Path getName(int index) {
        return of(real.getName(index));
    }

    @Override public Path subpath(int from, int to) {
        return of(real.subpath(from, to));
    }

    @Override public boolean startsWith(Path other) {
        return real.startsWith(real(other));
    }

    @Override public boolean endsWith(Path other) {
        return real.endsWith(real(other));
    }

    @Override public Path normalize() {
        return of(real.normalize());
    }

    @Override public Path resolve(Path other) {
        return of(real.resolve(real(other)));
    }

    @Override public Path relativize(Path other) {
        return of(real.relativize(real(other)));
    }

    @Override public URI toUri() {
        return real.toUri();
    }

    @Override public Path toAbsolutePath() {
        return of(real.toAbsolutePath());
    }

    @Override public Path toRealPath(LinkOption... options) throws IOException {
        return of(real.toRealPath(options));
    }

    @Override public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException();
    }

    @Override public int compareTo(Path other) {
        return real.compareTo(real(other));
    }

    @Override public boolean equals(Object other) {
        return other instanceof DiskPath disk && real.equals(disk.real);
    }

    @Override public int hashCode() {
        return real.hashCode();
    }

    @Override public String toString() {
        return real.toString();
    }
}
