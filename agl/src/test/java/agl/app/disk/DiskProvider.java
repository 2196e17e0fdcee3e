package agl.app.disk;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * The default file system of a JVM that is started with {@code -Djava.nio.file.spi.DefaultFileSystemProvider}: the real one, where every
 * change in one folder is told to {@link Disk}. So whole commands are watched without a line of theirs being changed.
 */
public final class DiskProvider extends FileSystemProvider {
    private final FileSystemProvider real;
    private final System system;

    /** Called by the JVM. */
    public DiskProvider(FileSystemProvider real) {
        this.real = real;
        system = new System(this, real.getFileSystem(URI.create("file:///")));
    }

    /** The file system. */
    static final class System extends FileSystem {
        private final DiskProvider provider;
        private final FileSystem real;

        private System(DiskProvider provider, FileSystem real) {
            this.provider = provider;
            this.real = real;
        }

        @Override public FileSystemProvider provider() {
            return provider;
        }

        @Override public void close() throws IOException {
            real.close();
        }

        @Override public boolean isOpen() {
            return real.isOpen();
        }

        @Override public boolean isReadOnly() {
            return real.isReadOnly();
        }

        @Override public String getSeparator() {
            return real.getSeparator();
        }

        @Override public Iterable<Path> getRootDirectories() {
            return StreamSupport.stream(real.getRootDirectories().spliterator(), false).map(p -> (Path) new DiskPath(this, p)).toList();
        }

        @Override public Iterable<FileStore> getFileStores() {
            return real.getFileStores();
        }

        @Override public Set<String> supportedFileAttributeViews() {
            return real.supportedFileAttributeViews();
        }

        @Override public Path getPath(String first, String... more) {
            return new DiskPath(this, real.getPath(first, more));
        }

        @Override public PathMatcher getPathMatcher(String pattern) {
            PathMatcher matcher = real.getPathMatcher(pattern);
            return path -> matcher.matches(DiskPath.real(path));
        }

        @Override public UserPrincipalLookupService getUserPrincipalLookupService() {
            return real.getUserPrincipalLookupService();
        }

        @Override public WatchService newWatchService() throws IOException {
            return real.newWatchService();
        }
    }

    @Override public String getScheme() {
        return "file";
    }

    @Override public FileSystem newFileSystem(URI uri, Map<String, ?> environment) throws IOException {
        return real.newFileSystem(uri, environment);
    }

    @Override public FileSystem getFileSystem(URI uri) {
        return system;
    }

    @Override public Path getPath(URI uri) {
        return new DiskPath(system, real.getPath(uri));
    }

    @Override public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        Path file = DiskPath.real(path);
        if (!Disk.watches(file)) {
            return real.newFileChannel(file, options, attributes);
        }
        boolean writes = options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
        if (!writes) {
            FileChannel channel = real.newFileChannel(file, options, attributes);
            return Files.isDirectory(file) ? new DiskChannel(channel, Disk.folder(file)) : channel;
        }
        boolean fresh = !Files.exists(file);
        if (fresh) {
            Disk.mayGrow("create " + file.getFileName());
        }
        FileChannel channel = real.newFileChannel(file, options, attributes);
        return new DiskChannel(channel, Disk.opened(file, fresh || options.contains(StandardOpenOption.TRUNCATE_EXISTING)));
    }

    @Override public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override public DirectoryStream<Path> newDirectoryStream(Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
        DirectoryStream<Path> stream = real.newDirectoryStream(DiskPath.real(folder), p -> filter.accept(new DiskPath(system, p)));
        return new DirectoryStream<>() {
            @Override public Iterator<Path> iterator() {
                Iterator<Path> all = stream.iterator();
                return new Iterator<>() {
                    @Override public boolean hasNext() {
                        return all.hasNext();
                    }

                    @Override public Path next() {
                        return new DiskPath(system, all.next());
                    }
                };
            }

            @Override public void close() throws IOException {
                stream.close();
            }
        };
    }

    @Override public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
        Path folder = DiskPath.real(path);
        if (Disk.watches(folder)) {
            if (!Files.exists(folder)) {
                Disk.mayGrow("create " + folder.getFileName());
            }
            real.createDirectory(folder, attributes);
            Disk.made(folder);
        } else {
            real.createDirectory(folder, attributes);
        }
    }

    @Override public void delete(Path path) throws IOException {
        Path file = DiskPath.real(path);
        real.delete(file);
        Disk.deleted(file);
    }

    @Override public void copy(Path from, Path to, CopyOption... options) throws IOException {
        if (Disk.watches(DiskPath.real(to))) {
            throw new UnsupportedOperationException("copying is not watched");
        }
        real.copy(DiskPath.real(from), DiskPath.real(to), options);
    }

    @Override public void move(Path from, Path to, CopyOption... options) throws IOException {
        real.move(DiskPath.real(from), DiskPath.real(to), options);
        Disk.moved(DiskPath.real(from), DiskPath.real(to));
    }

    @Override public boolean isSameFile(Path a, Path b) throws IOException {
        return real.isSameFile(DiskPath.real(a), DiskPath.real(b));
    }

    @Override public boolean isHidden(Path path) throws IOException {
        return real.isHidden(DiskPath.real(path));
    }

    @Override public FileStore getFileStore(Path path) throws IOException {
        return real.getFileStore(DiskPath.real(path));
    }

    @Override public void checkAccess(Path path, AccessMode... modes) throws IOException {
        real.checkAccess(DiskPath.real(path), modes);
    }

    @Override public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
        return real.getFileAttributeView(DiskPath.real(path), type, options);
    }

    @Override public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options) throws IOException {
        return real.readAttributes(DiskPath.real(path), type, options);
    }

    @Override public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        return real.readAttributes(DiskPath.real(path), attributes, options);
    }

    @Override public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        real.setAttribute(DiskPath.real(path), attribute, value, options);
    }
}
