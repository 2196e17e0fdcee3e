/**
 * Where tensor elements are stored and in which type. Everything that computes builds on this package. Start reading at
 * {@link agl.autograd.storage.Storage}.
 */
package agl.autograd.storage;
