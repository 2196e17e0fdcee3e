/**
 * One file per operation: its forward computation and its derivative. Start reading at {@link agl.autograd.op.Mul} and
 * {@link agl.autograd.op.Linear}.
 */
package agl.autograd.op;
