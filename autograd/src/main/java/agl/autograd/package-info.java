/**
 * Reverse-mode differentiation: a {@link agl.autograd.Tensor} holds values, a {@link agl.autograd.Tape} records the operations on them and
 * walks them in reverse. Start reading at {@link agl.autograd.Tape}; {@link agl.autograd.GradCheck} verifies every derivative.
 */
package agl.autograd;
