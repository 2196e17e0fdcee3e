/**
 * Reverse-mode differentiation: a {@link agl.autograd.Tensor} holds numbers, a {@link agl.autograd.Tape} remembers the operations on them
 * and walks back. Start reading at {@link agl.autograd.Tape}; {@link agl.autograd.GradCheck} verifies every derivative.
 */
package agl.autograd;
