/**
 * {@code agl explain}: pages that lead from each equation to the line that computes it, with numbers computed on the spot. Start reading at
 * {@link agl.app.explain.Topic}.
 */
package agl.app.explain;
