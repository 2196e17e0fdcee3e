/**
 * Files that appear whole or not at all, hashes of what was read, records with a checksum, the lock on an output. Start reading at
 * {@link agl.app.io.AtomicFiles} and {@link agl.app.io.Provenance}.
 */
package agl.app.io;
