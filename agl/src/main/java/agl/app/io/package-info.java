/**
 * Atomic files, hashes of inputs, records with a checksum, the lock on an output. Start reading at {@link agl.app.io.AtomicFiles} and
 * {@link agl.app.io.Provenance}.
 */
package agl.app.io;
