/**
 * Where numbers lie and in which type, below everything that computes with them. Start reading at {@link agl.autograd.storage.Storage}.
 */
package agl.autograd.storage;
